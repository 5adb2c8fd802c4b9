"""Lessons and hazard areas: in time, in altitude, on the way, by the minimums; and the same by validation."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.rescheduling.validation.area_validation import AreaRecords
from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    BOOKING_FACTS,
    Booking,
    Records,
    Span,
)
from flightsched_pipelines.domain.risk.areas import area_hits
from flightsched_pipelines.domain.risk.arrays.encoding import micros
from flightsched_pipelines.domain.risk.assess import Assessment
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS
from flightsched_pipelines.domain.risk.rules import area_rule
from flightsched_pipelines.domain.weather.areas.area_columns import area_frame
from flightsched_pipelines.domain.weather.areas.products import HAZARDS_OF_AREAS
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import (
    AIRPORTS,
    DEFAULTS,
    at,
    fine,
    frame,
    hold,
    lesson,
    minimum,
)
from flightsched_pipelines_tests.unit.domain.weather.areas.builders import (
    SQUARE,
    cwa,
    gairmet,
    points,
    read,
    sigmet,
)

Lesson = Mapping[str, Any]
DEFAULT_ROWS: list[Any] = DEFAULTS.to_dict("records")
EVERY_FIELD = fine("KPAO", "KSQL", "KLVK")


def assessed(lessons: Iterable[Lesson], bodies: Mapping[Any, object], **facts: Any) -> Assessment:
    return hold(lessons, EVERY_FIELD, **({"areas": area_frame(read(bodies))} | facts))


def verdict_of(a_lesson: Lesson, **bodies: object) -> str:
    return assessed([a_lesson], bodies).verdicts.iloc[0]


def test_a_lesson_within_a_convective_sigmet_is_at_risk_with_its_product_area_and_times() -> None:
    found = assessed([lesson()], {"airsigmet": [sigmet()]})

    assert found.verdicts.tolist() == ["at_risk"]
    [breach] = found.broken.to_dict("records")
    assert (breach["rule"], breach["source"], breach["airport"]) == ("convection_area", "SIGMET", "KPAO")
    assert (breach["group_from_utc"], breach["group_to_utc"]) == (at(0), at(2))
    assert breach["explanation"] == (
        "At risk: area of thunderstorms (convective SIGMET 5W, surface to 45,000 ft) forecast; the school's minimums "
        "for student pilots allow none: KPAO, Mon 1 Jun 09:00–11:00 PDT."
    )


@pytest.mark.parametrize(
    ("starts", "verdict"), [(-0.5, "unknown"), (2.4, "at_risk"), (2.5, "ok"), (3.0, "ok")],
    ids=["before the hour", "within the buffer", "as the buffer ends", "after it"],
)  # fmt: skip
def test_an_area_counts_while_it_holds_and_a_buffer_longer(starts: float, verdict: str) -> None:
    area = sigmet(validTimeFrom=int(at(1).timestamp()))
    assert verdict_of(lesson(starts_at_utc=at(starts), ends_at_utc=at(starts + 0.25)), airsigmet=[area]) == verdict


@pytest.mark.parametrize(
    ("kind", "base_ft", "verdict"),
    [
        ("pattern", 1_000, "at_risk"), ("pattern", 1_100, "ok"), ("local", 3_000, "at_risk"), ("local", 3_100, "ok"),
        ("cross_country", 6_000, "at_risk"), ("cross_country", 6_100, "ok"),
    ],
)  # fmt: skip
def test_an_area_counts_in_the_altitudes_of_the_kind_of_lesson(kind: str, base_ft: int, verdict: str) -> None:
    assert verdict_of(lesson(lesson_kind=kind), cwa=[cwa(base=base_ft)]) == verdict


def test_a_schools_own_altitude_counts_in_place_of_the_usual_one() -> None:
    lessons = pd.concat(
        [frame([lesson(booking_id=n)], BOOKING_COLUMNS).assign(highest_ft=own) for n, own in enumerate((None, 5_000.0))]
    ).astype({"highest_ft": "float64"})
    areas = area_frame(read({"cwa": [cwa(base=4_000)]}))
    hits = area_hits(lessons, areas, AIRPORTS, micros(lessons["starts_at_utc"]), micros(lessons["ends_at_utc"]), 30)

    assert hits.position.tolist() == [1]


def far_square(miles_west: float) -> list[dict[str, Any]]:
    """A square whose eastern side is so many nautical miles west of Palo Alto (a degree there has 47.6)."""
    east = -122.115 - miles_west / 47.63
    return points((36.5, east - 2), (38.5, east - 2), (38.5, east), (36.5, east))


@pytest.mark.parametrize(
    ("kind", "miles", "verdict"),
    [
        ("pattern", 4.9, "at_risk"), ("pattern", 5.5, "ok"), ("local", 24.5, "at_risk"), ("local", 27, "ok"),
        ("cross_country", 9.8, "at_risk"), ("cross_country", 11, "ok"),
    ],
)  # fmt: skip
def test_an_area_counts_within_a_distance_of_the_way(kind: str, miles: float, verdict: str) -> None:
    assert verdict_of(lesson(lesson_kind=kind), airsigmet=[sigmet(coords=far_square(miles))]) == verdict


def test_a_leg_crosses_an_area_that_is_over_neither_of_its_ends() -> None:
    strip = sigmet(coords=points((37.3, -122.0), (37.8, -122.0), (37.8, -121.97), (37.3, -121.97)))
    onward = lesson(lesson_kind="cross_country", route=["KLVK"], booking_id=1)
    back = lesson(lesson_kind="cross_country", route=["KSQL"], booking_id=2)

    assert assessed([onward, back], {"airsigmet": [strip]}).verdicts.tolist() == ["at_risk", "at_risk"]
    beyond = sigmet(coords=points((37.5, -121.85), (37.9, -121.85), (37.9, -121.5), (37.5, -121.5)))
    assert assessed([onward, back], {"airsigmet": [beyond]}).verdicts.tolist() == ["at_risk", "ok"]


def test_a_lesson_in_a_hole_is_not_in_the_area() -> None:
    hole = [[-122.5, 37.2], [-121.7, 37.2], [-121.7, 37.8], [-122.5, 37.8], [-122.5, 37.2]]
    ring = [[lon, lat] for lat, lon in SQUARE]
    area = sigmet(geometry={"type": "Polygon", "coordinates": [ring, hole]})

    assert verdict_of(lesson(lesson_kind="pattern"), airsigmet=[area]) == "ok"
    assert verdict_of(lesson(lesson_kind="local"), airsigmet=[area]) == "at_risk"


def test_an_area_across_the_antimeridian_is_whole() -> None:
    islands = AIRPORTS.assign(latitude_deg=52.0, longitude_deg=[179.5, -179.5, 170.0], elevation_ft=0.0)
    outline = points((50, 179), (50, -179), (54, -179), (54, 179))
    lessons = [
        lesson(booking_id=n, departure=airport, lesson_kind="pattern")
        for n, airport in enumerate(["KPAO", "KSQL", "KLVK"], start=1)
    ]
    found = assessed(lessons, {"airsigmet": [sigmet(coords=outline)]}, airports=islands)

    assert (found.verdicts == "at_risk").tolist() == [True, True, False]


def test_icing_blocks_and_a_snapshot_counts_from_the_one_before_to_the_next() -> None:
    snapshot = {"gairmet": [gairmet(hours=6)]}
    hours = [lesson(booking_id=n, starts_at_utc=at(n), ends_at_utc=at(n + 0.5)) for n in (1, 3, 8)]

    assert assessed(hours, snapshot).verdicts.tolist() == ["ok", "at_risk", "at_risk"]
    assert assessed(hours, {"gairmet": [gairmet(6), gairmet(3)]}).broken["rule"].tolist() == ["icing_area"] * 3


def test_the_minimums_decide_what_follows_from_an_area_by_level_solo_and_kind() -> None:
    ifr = gairmet(hazard="IFR", product="SIERRA", tag="1S", top=None, base=None)
    lessons = [
        lesson(booking_id=1), lesson(booking_id=2, lesson_kind="cross_country"),
        lesson(booking_id=3, training_level="instrument_rated"),
    ]  # fmt: skip

    assert assessed(lessons, {"gairmet": [ifr]}).verdicts.tolist() == ["watch", "at_risk", "ok"]


def test_a_school_may_allow_any_area_in_place_of_the_default_and_warn_beside_it() -> None:
    own = [minimum("icing_area", "any", None, authority="school", school_id=1)]
    warned = [*own, minimum("icing_area", "none", None, authority="school", school_id=1, effect="warn")]
    found = [
        hold([lesson()], EVERY_FIELD, frame([*DEFAULT_ROWS, *rows], MINIMUM_COLUMNS),
             areas=area_frame(read({"gairmet": [gairmet()]}))).verdicts.iloc[0]
        for rows in ([], own, warned)
    ]  # fmt: skip

    assert found == ["at_risk", "ok", "watch"]


def test_a_lesson_that_an_unread_area_may_concern_is_unknown_and_one_beyond_its_reach_is_not() -> None:
    lessons = [lesson(), lesson(booking_id=2, starts_at_utc=at(8), ends_at_utc=at(9))]
    found = assessed(lessons, {"airsigmet": "<html>"})

    assert found.verdicts.tolist() == ["unknown", "ok"]
    assert found.broken["explanation"].tolist() == [
        "Unknown: not every hazard area (SIGMET, G-AIRMET) that may concern it can be read, from Mon 1 Jun 10:00 PDT."
    ]


def test_what_is_known_to_be_at_risk_stays_so_beside_an_unread_area() -> None:
    assert verdict_of(lesson(), airsigmet=[sigmet(), "rubbish"]) == "at_risk"


latitudes, longitudes = st.floats(36.5, 38.5), st.floats(-123.5, -120.5)
outlines = st.lists(st.tuples(latitudes, longitudes), min_size=3, max_size=7, unique=True)
areas_drawn = st.builds(
    lambda outline, start, length, base, height: sigmet(
        hazard="TURB", coords=points(*outline), altitudeLow1=base, altitudeHi1=base + height,
        validTimeFrom=int(at(start).timestamp()), validTimeTo=int(at(start + length).timestamp()),
    ),
    outlines, st.floats(-2, 6), st.floats(0.5, 4), st.sampled_from([0, 900, 2_900, 5_000, 9_000]),
    st.sampled_from([500, 10_000]),
)  # fmt: skip
lessons_drawn = st.builds(
    lambda kind, route, start: lesson(
        lesson_kind=kind, route=route, starts_at_utc=at(start), ends_at_utc=at(start + 1)
    ),
    st.sampled_from(["pattern", "local", "cross_country"]),
    st.lists(st.sampled_from(["KSQL", "KLVK", "KPAO"]), max_size=3),
    st.floats(0, 6),
)


@examples(100, "six lessons and an area of any shape an example; the two judgements meet on their borders")
@given(area=areas_drawn, some=st.lists(lessons_drawn, min_size=6, max_size=6))
def test_validation_and_the_search_find_the_same_areas_but_at_their_borders(
    area: dict[str, Any], some: list[Lesson]
) -> None:
    """The search's airspace is no smaller than the true one, so that no alternative is refused for its border."""
    read_area = area_frame(read({"airsigmet": [area]}))
    rows = read_area.to_dict("records")
    # With areas that begin a little sooner and reach a little higher, validation finds all that the search finds.
    true, widened = records(rows), records(rows, around=1.08)
    verdicts = hold(some, EVERY_FIELD, areas=read_area).verdicts.tolist()

    for a_lesson, verdict in zip(some, verdicts, strict=True):
        assert verdict in {"at_risk", "unknown"} or not [*true.findings(*as_booking(a_lesson), RULES)]
        assert verdict != "at_risk" or [*widened.findings(*as_booking(a_lesson), RULES)]


RULES = {area_rule(hazard): [minimum(area_rule(hazard), "none", None)] for hazard in HAZARDS_OF_AREAS}


def records(areas: list[dict[Any, Any]], around: float = 1.0) -> AreaRecords:
    fields = {row["airport"]: row for row in AIRPORTS.to_dict("records")}
    return AreaRecords(areas, fields, timedelta(minutes=30), nearly=0.98 * around)


def as_booking(a_lesson: Lesson) -> tuple[Booking, Span]:
    """Read as validation reads it from the schedule: a way may come by an airport twice, and end where it began."""
    absent: dict[str, Any] = dict.fromkeys(BOOKING_FACTS)
    booking = Records([{**absent, **a_lesson, "status": "scheduled"}], []).bookings[a_lesson["booking_id"]]
    return booking, booking.span
