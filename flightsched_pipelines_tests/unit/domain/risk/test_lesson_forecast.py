"""The forecast that a person is shown: each hour at its worst, beside the strictest limit."""

import math
from datetime import timedelta
from typing import Any

from flightsched_pipelines.domain.risk.lesson_forecast import (
    HourlyValues,
    hourly_groups,
    lesson_forecast,
    strictest_limits,
)
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines_tests.unit.domain.risk.builders import at, fine, frame, hold, lesson, minimum, weather

MINIMUMS = [
    minimum("visibility", ">=", 3.0),
    minimum("visibility", ">=", 6.0, effect="warn"),
    minimum("ceiling", ">=", 1000.0),
    minimum("wind", "<=", 20.0, effect="warn"),
]


def shown(*hours: dict[str, Any]) -> dict[str, HourlyValues]:
    """Return what is shown of the next two hours at Palo Alto, by rule."""
    groups = hourly_groups(frame(hours, FORECAST_COLUMNS)).get("KPAO", {})
    limits = {"visibility": 3.0, "ceiling": 1000.0, "wind": 20.0, "gust": 25.0}
    found = lesson_forecast(groups, limits, "KPAO", (at(1.5), at(2.5)), at(0))
    assert found.hours == [at(1), at(2)]
    return {one.rule: one for one in found.quantities}


def test_an_hour_is_shown_at_its_worst_by_layer() -> None:
    found = shown(
        weather(1, visibility_sm=4.0, ceiling_ft=900.0, wind_speed_kt=8.0, wind_gust_kt=17.0),
        weather(1, visibility_sm=2.0, ceiling_ft=1_500.0, wind_speed_kt=12.0),
        weather(1, visibility_sm=0.5, layer="temporary"),
        weather(2, visibility_sm=5.0, layer="temporary"),
        weather(2, visibility_sm=0.1, governs=False),
        weather(1, "KSQL", visibility_sm=0.1),
    )
    assert (found["visibility"].prevailing, found["visibility"].temporary) == ([2.0, None], [0.5, 5.0])
    assert found["ceiling"].prevailing == [900.0, None]
    assert (found["wind"].prevailing[0], found["gust"].prevailing[0]) == (12.0, 17.0)


def test_no_ceiling_is_infinite_and_a_missing_element_is_nothing() -> None:
    found = shown(
        weather(1), weather(2, missing=["ceiling"], wind_speed_kt=None, wind_gust_kt=30.0, visibility_sm=None)
    )
    assert found["ceiling"].prevailing == [math.inf, None]
    assert (found["wind"].prevailing[1], found["gust"].prevailing[1], found["visibility"].prevailing[1]) == (None,) * 3


def test_the_lowest_visibility_is_a_bound_only_if_no_group_states_it() -> None:
    bound: dict[str, Any] = {"visibility_sm": 6.0, "visibility_at_least": True}
    stated: dict[str, Any] = bound | {"visibility_at_least": False}
    assert shown(weather(1, **bound), weather(2, **bound))["visibility"].at_least == [True, True]
    assert shown(weather(1, **bound), weather(1, **stated))["visibility"].at_least == [False, False]
    assert shown(weather(1, **stated, layer="temporary"), weather(1, **bound))["visibility"].at_least == [True, False]


def test_a_rule_without_a_limit_is_not_shown() -> None:
    found = lesson_forecast({}, {"wind": 20.0}, "KPAO", (at(1), at(2)), at(0))
    assert [(one.rule, one.prevailing, one.is_minimum) for one in found.quantities] == [("wind", [None], False)]


def test_blocking_limits_count_before_those_that_warn() -> None:
    limits = strictest_limits(hold([lesson()], fine(ceiling_ft=4_000.0), MINIMUMS).limits)
    assert limits == {(1, "KPAO"): {"visibility": 3.0, "ceiling": 1000.0, "wind": 20.0}}


def test_each_lesson_has_its_own_limits_whoever_is_assessed_with_it() -> None:
    stricter = (
        minimum("visibility", ">=", 5.0, solo=True),
        minimum("visibility", ">=", 8.0, authority="school", school_id=2),
    )
    minimums = [*MINIMUMS, *stricter]
    lessons = [
        lesson(booking_id=1),
        lesson(booking_id=2, solo=True),
        lesson(booking_id=3, school_id=2, starts_at_utc=at(3), ends_at_utc=at(3) + timedelta(minutes=90)),
        lesson(booking_id=4, departure="KLVK", lesson_kind="cross_country", route=["KSQL"]),
    ]
    hours = fine("KPAO", "KSQL", "KLVK")
    together = strictest_limits(hold(lessons, hours, minimums).limits)
    alone = [strictest_limits(hold([one], hours, minimums).limits) for one in lessons]
    assert together == {key: limits for each in alone for key, limits in each.items()}
    assert len({limits["visibility"] for limits in together.values()}) >= 3
