"""Find the hazard areas that lessons meet, with this code and with a plain loop: ``python -m benchmarks.areas.run``.

The loop compares every lesson with every area that holds at its time, and widens its way each time. Both must find the
same pairs.
"""

import argparse
import math
import random
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from benchmarks.measure import machine, markdown, write_contenders
from flightsched_pipelines.domain.risk.areas import area_hits
from flightsched_pipelines.domain.risk.arrays.encoding import micros
from flightsched_pipelines.domain.risk.flight_paths import AROUND_NM, airspace
from flightsched_pipelines.domain.risk.rules import ALTITUDES_FT
from flightsched_pipelines.domain.weather.areas.area_columns import HazardArea, area_frame
from flightsched_pipelines.domain.weather.areas.products import HAZARDS_OF_AREAS

HOUR_UTC = datetime(2026, 7, 1, 12, tzinfo=UTC)
BUFFER = timedelta(minutes=30)
WEST, EAST, SOUTH, NORTH = -122.0, -72.0, 28.0, 47.0
KINDS = ("pattern", "local", "cross_country")

Pairs = set[tuple[int, int]]


def main() -> None:
    """Measure, compare, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bookings", type=int, default=10_000)
    options.add_argument("--areas", type=int, default=200)
    options.add_argument("--airports", type=int, default=500)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    draw = random.Random(7)  # noqa: S311, a benchmark
    airports = _airports(draw, chosen.airports)
    bookings, areas = _bookings(draw, airports, chosen.bookings), _areas(draw, chosen.areas)
    taken: dict[str, float] = {}
    found: list[Pairs] = []
    for name, contender, repeats in (("this", this_code, chosen.repeats), ("plain loop", plain_loop, 1)):
        seconds: list[float] = []
        for _ in range(repeats):
            began = time.perf_counter()
            pairs = contender(bookings, areas, airports)
            seconds.append(time.perf_counter() - began)
        found.append(pairs)
        taken[name] = statistics.median(seconds)
    print(machine("shapely", "numpy", "pandas"), "\n")
    print(f"{len(bookings):,} bookings, {len(areas)} areas, {chosen.airports} airports; {len(found[0]):,} pairs met\n")
    print(markdown(["contender", "seconds"], [[name, f"{median:.2f}"] for name, median in taken.items()]), "\n")
    write_contenders(chosen.json, taken)
    print("Both found the same pairs." if found[0] == found[1] else f"They differ in {len(found[0] ^ found[1])} pairs.")
    sys.exit(found[0] != found[1])


def this_code(bookings: pd.DataFrame, areas: pd.DataFrame, airports: pd.DataFrame) -> Pairs:
    """Return the pairs of booking and area, as the assessment finds them."""
    starts, ends = micros(bookings["starts_at_utc"]), micros(bookings["ends_at_utc"])
    hits = area_hits(bookings, areas, airports, starts, ends, int(BUFFER.total_seconds() // 60))
    return set(zip(hits.position.tolist(), hits.area.tolist(), strict=True))


def plain_loop(bookings: pd.DataFrame, areas: pd.DataFrame, airports: pd.DataFrame) -> Pairs:
    """Return the pairs, one by one."""
    fields = {row["airport"]: row for row in airports.to_dict("records")}
    outlines = [shapely.from_geojson(outline) for outline in areas["outline"]]
    rows = areas.to_dict("records")
    pairs: Pairs = set()
    for position, booking in enumerate(bookings.to_dict("records")):
        places = [fields[ident] for ident in [booking["departure"], *booking["route"]]]
        heights = [place["elevation_ft"] for place in places]
        way = airspace(
            [(place["longitude_deg"], place["latitude_deg"]) for place in places], AROUND_NM[booking["lesson_kind"]]
        )
        highest_ft = max(heights) + ALTITUDES_FT[booking["lesson_kind"]]
        for number, (row, outline) in enumerate(zip(rows, outlines, strict=True)):
            if row["from_utc"] >= booking["ends_at_utc"] + BUFFER or row["to_utc"] <= booking["starts_at_utc"] - BUFFER:
                continue
            top_ft = math.inf if pd.isna(row["top_ft"]) else row["top_ft"]
            if row["base_ft"] <= highest_ft and top_ft >= min(heights) and outline.intersects(way):
                pairs.add((position, number))
    return pairs


def _airports(draw: random.Random, count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "airport": [f"K{number:03X}" for number in range(count)],
            "longitude_deg": [draw.uniform(WEST, EAST) for _ in range(count)],
            "latitude_deg": [draw.uniform(SOUTH, NORTH) for _ in range(count)],
            "elevation_ft": [float(draw.randrange(0, 6_000)) for _ in range(count)],
        }
    )


def _bookings(draw: random.Random, airports: pd.DataFrame, count: int) -> pd.DataFrame:
    places = airports.to_dict("records")
    near = {
        one["airport"]: [
            other["airport"]
            for other in places
            if abs(other["longitude_deg"] - one["longitude_deg"]) < 2
            and abs(other["latitude_deg"] - one["latitude_deg"]) < 2
        ]
        for one in places
    }
    rows: list[dict[str, Any]] = []
    for number in range(count):
        departure, kind = draw.choice(places)["airport"], draw.choice(KINDS)
        starts = HOUR_UTC + timedelta(minutes=15 * draw.randrange(12 * 4))
        route = [draw.choice(near[departure]) for _ in range(draw.randint(1, 3))] if kind == "cross_country" else []
        rows.append(
            {
                "booking_id": number, "departure": departure, "route": route, "lesson_kind": kind,
                "starts_at_utc": starts, "ends_at_utc": starts + timedelta(minutes=90),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _areas(draw: random.Random, count: int) -> pd.DataFrame:
    drawn: list[HazardArea] = []
    for number in range(count):
        longitude, latitude = draw.uniform(WEST, EAST), draw.uniform(SOUTH, NORTH)
        angles = np.sort([draw.uniform(0, 2 * math.pi) for _ in range(draw.randint(6, 14))])
        ring = [
            (
                longitude + 4 * math.cos(angle) * draw.uniform(0.5, 1),
                latitude + 3 * math.sin(angle) * draw.uniform(0.5, 1),
            )
            for angle in angles
        ]
        outline = shapely.to_geojson(shapely.convex_hull(shapely.MultiPoint(ring)))
        starts = HOUR_UTC + timedelta(hours=draw.randrange(-2, 9))
        base_ft = float(draw.choice((0, 0, 2_000, 8_000)))
        drawn.append(
            HazardArea(
                "gairmet", f"G-AIRMET {number}", draw.choice(HAZARDS_OF_AREAS), starts, starts + timedelta(hours=6),
                base_ft, base_ft + 10_000, outline, None,
            )
        )  # fmt: skip
    return area_frame(drawn)


if __name__ == "__main__":
    main()
