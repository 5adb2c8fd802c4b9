"""Verify an hour at 500 airports, and with a plain loop over the rows: ``python -m benchmarks.verification.run``.

Both must come to the same outcome of every source, lead, part, element and threshold.
"""

import argparse
import math
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import machine, markdown, write_contenders
from flightsched_pipelines.domain.risk.limits.minimums import default_minimums, in_force
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.verification.events import Event, events
from flightsched_pipelines.domain.verification.pairing import verify_hour
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS

HOUR = datetime(2026, 11, 24, 15, tzinfo=UTC)
SOURCES = ("TAF", "NBH", "OpenWeatherMap")
PARTS: Sequence[tuple[str, str, int | None]] = (("prevailing", "FM", None), ("temporary", "TEMPO", None),
                                                ("temporary", "PROB", 30))  # fmt: skip
NEEDS = {"ceiling": {"ceiling"}, "visibility": {"visibility"}, "wind": {"wind"}, "crosswind": {"wind"},
         "thunderstorm": {"weather", "thunderstorm"}}  # fmt: skip
Key = tuple[int, str, str, str, int]


def main() -> None:
    """Measure, compare, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--airports", type=int, default=500)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    airports, runways, forecasts, observed = world(chosen.airports)
    of = events(in_force(default_minimums(), HOUR.date()))
    ours = [
        _timed(lambda: verify_hour(HOUR, forecasts, observed, airports, runways, of)) for _ in range(chosen.repeats)
    ]
    rival = _timed(lambda: plain(forecasts, observed, runways, of))
    verified = ours[0][1].explode("airports").rename(columns={"airports": "airport"})
    shares = verified["outcome"].value_counts(normalize=True)
    found = sorted(verified[["lead_hours", "airport", "source", "part", "element", "threshold", "outcome"]].itertuples(
        index=False, name=None))  # fmt: skip
    print(machine("numpy", "pandas"), "\n")
    rows = sum(map(len, forecasts.values()))
    print(f"{chosen.airports} airports, {rows:,} forecast rows, {len(observed):,} METARs, {len(verified):,} outcomes: "
          + ", ".join(f"{name} {share:.1%}" for name, share in shares.items()))  # fmt: skip
    taken = {"this": statistics.median(seconds for seconds, _ in ours), "plain loop": rival[0]}
    print(markdown(["contender", "s"], [[name, f"{seconds:.2f}"] for name, seconds in taken.items()]), "\n")
    write_contenders(chosen.json, taken)
    equal = found == sorted(rival[1])
    print("All outcomes are equal." if equal else "The outcomes differ.")
    sys.exit(not equal)


def world(count: int) -> tuple[pd.DataFrame, pd.DataFrame, dict[int, pd.DataFrame], pd.DataFrame]:
    """Return airports, runway ends, the forecast by lead, and two METARs an airport, all drawn from a seed."""
    random = np.random.default_rng(1)
    idents = [f"K{number:03d}" for number in range(count)]
    airports = pd.DataFrame({"airport": idents, "issues_metar": True, "approach_ceiling_ft": np.nan,
                             "approach_visibility_sm": np.nan})  # fmt: skip
    ends = [(ident, heading, False) for ident in idents for heading in (130.0, 310.0)]
    runways = pd.DataFrame(ends, columns=["airport", "heading_true_deg", "closed"])
    forecasts = {
        lead: _frame(random, [(ident, source, *part) for ident in idents for source in SOURCES for part in PARTS])
        for lead in LEADS_HOURS
    }
    return airports, runways, forecasts, _frame(random, [(i, "METAR", *PARTS[0]) for i in idents for _ in range(2)])


def _frame(random: np.random.Generator, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    n = len(rows)
    ceiling = random.choice([400.0, 900.0, 2_500.0, np.nan], n)
    values: dict[str, Any] = dict(zip(("airport", "source", "layer", "change", "probability"), zip(*rows, strict=True),
                                      strict=True))  # fmt: skip
    values |= {
        "hour_utc": HOUR, "issued_at_utc": HOUR - timedelta(hours=1), "ceiling_ft": ceiling,
        "visibility_sm": random.choice([0.5, 2.0, 4.0, 10.0], n), "wind_speed_kt": random.integers(0, 25, n),
        "wind_direction_deg": random.integers(1, 37, n) * 10.0, "weather": "",
        "hazards": [[["TS"], []][k] for k in random.integers(0, 2, n)],
        "missing": [[[], [], ["ceiling"], ["wind"], ["weather"]][k] for k in random.integers(0, 5, n)],
    }  # fmt: skip
    columns = {name: list(given) if isinstance(given, list | tuple | np.ndarray) else [given] * n
               for name, given in values.items()}  # fmt: skip
    flags = {"visibility_at_least", "ceiling_estimated", "governs"}
    return pd.DataFrame(
        {
            name: pd.Series(columns.get(name, [False if name in flags else None] * n), dtype=kind)
            for name, kind in FORECAST_COLUMNS.items()
        }
    )


def plain(
    forecasts: Mapping[int, pd.DataFrame], observed: pd.DataFrame, runways: pd.DataFrame, of: Sequence[Event]
) -> list[tuple[Any, ...]]:
    """Return the outcomes by a loop over rows and events."""
    headings: defaultdict[str, list[float]] = defaultdict(list)
    for ident, heading in zip(runways["airport"], runways["heading_true_deg"], strict=True):
        headings[ident].append(heading)
    seen: dict[tuple[str, Event], int] = {}
    for row in observed.to_dict("records"):
        for event in of:
            key = row["airport"], event
            seen[key] = max(seen.get(key, 0), _state(row, event, headings[row["airport"]]))
    said: dict[tuple[Key, Event], int] = {}
    for lead, frame in forecasts.items():
        for row in frame.to_dict("records"):
            percent = 0 if pd.isna(row["probability"]) else int(row["probability"])
            part = "prevailing" if row["layer"] == "prevailing" else "prob" if percent else "tempo"
            for event in of:
                key = (lead, row["airport"], row["source"], part, percent), event
                said[key] = max(said.get(key, 0), _state(row, event, headings[row["airport"]]))
    outcomes: list[tuple[Any, ...]] = []
    for (key, event), state in said.items():
        there = seen.get((key[1], event), 1)
        word = "missing" if 1 in (state, there) else {(2, 2): "hit", (2, 0): "false_alarm", (0, 2): "miss"}.get(
            (state, there), "correct_negative")  # fmt: skip
        outcomes.append((*key[:4], event.element, event.threshold, word))
    return outcomes


def _state(row: Mapping[Any, Any], event: Event, headings: Sequence[float]) -> int:
    """Return 2 if the event is in the row, 1 if that is not known, else 0."""
    value = math.inf
    if event.element == "thunderstorm":
        value = -1.0 if {"TS", "VCTS"} & set(row["hazards"]) else 0.0
    elif event.element == "wind":
        value = -row["wind_speed_kt"]
    elif event.element == "crosswind":
        angles = [math.radians(row["wind_direction_deg"] - heading) for heading in headings]
        value = -row["wind_speed_kt"] * abs(math.sin(max(angles, key=math.cos)))
    else:
        found = row[{"ceiling": "ceiling_ft", "visibility": "visibility_sm"}[event.element]]
        value = math.inf if math.isnan(found) else found
    return 2 if value < event.below else 1 if NEEDS[event.element] & set(row["missing"]) else 0


def _timed(work: Any) -> tuple[float, Any]:  # noqa: ANN401, whatever the work gives
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    main()
