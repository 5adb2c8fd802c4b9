"""One order of a lesson's breaches, whatever order they are found in."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.breach_order import gravest_first
from flightsched_pipelines.domain.risk.rules import HAZARD_RULES, RULES
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import at, fine, hold, lesson, weather

AT_RISK, UNKNOWN, WATCH = 3, 2, 1


def breach(rule: str = "visibility", margin: float = -1.0, limit: float = 5.0, **facts: Any) -> dict[str, Any]:
    measured = rule not in HAZARD_RULES and rule != "forecast"
    return {
        "position": 0,
        "severity": AT_RISK,
        "effect": "block",
        "rule": rule,
        "layer": "prevailing",
        "value": limit + margin if measured else float("nan"),
        "margin": margin if measured else float("nan"),
        "limit_value": limit if measured else float("nan"),
        "hour_utc": at(1),
        "airport": "KPAO",
    } | facts


TS = breach("thunderstorm")


@pytest.mark.parametrize(
    ("graver", "other"),
    [
        pytest.param(breach(margin=-0.1), breach("forecast", severity=UNKNOWN), id="at risk before unknown"),
        pytest.param(
            breach("forecast", severity=UNKNOWN), TS | {"severity": WATCH, "effect": "warn"}, id="unknown before watch"
        ),
        pytest.param(
            breach(margin=-0.1, severity=WATCH, layer="temporary"),
            breach("aircraft_crosswind", -9.0, severity=WATCH, effect="warn"),
            id="what blocks before what warns",
        ),
        pytest.param(TS, breach("crosswind", -20.0, 8.0), id="a hazard before any measured limit"),
        pytest.param(TS | {"layer": "temporary"}, breach(margin=-4.9), id="a hazard, though only at times"),
        pytest.param(TS, TS | {"layer": "temporary"}, id="of hazards, what lasts"),
        pytest.param(TS, breach("icing"), id="convection before icing"),
        pytest.param(breach("icing"), breach("wind_shear"), id="icing before wind shear"),
        pytest.param(breach(margin=-1.0), breach(margin=-4.0, layer="temporary"), id="what lasts before what is worse"),
        pytest.param(breach(margin=-3.0), breach("ceiling", -2_000.0, 5_000.0), id="the larger share of its limit"),
        pytest.param(breach("crosswind", -9.0, 8.0), breach(margin=-4.9), id="a limit that is missed by more than all"),
        pytest.param(breach("ceiling", -4_000.0, 5_000.0), breach("daylight", -40.0, 0.0), id="daylight, by the hour"),
        pytest.param(breach("daylight", -50.0, 30.0), breach(margin=-4.0), id="daylight of another limit, by the hour"),
        pytest.param(
            breach(margin=-1.0, airport="KSQL"), breach("gust", -4.0, 20.0), id="among equals, the first rule"
        ),
        pytest.param(breach(), breach(hour_utc=at(2), airport="KAAA"), id="then the earlier"),
        pytest.param(breach(), breach(airport="KSQL"), id="then the airport by its ident"),
    ],
)
def test_of_two_breaches_one_is_the_graver(graver: dict[str, Any], other: dict[str, Any]) -> None:
    for found in ([graver, other], [other, graver]):
        ordered = gravest_first(pd.DataFrame(found))
        assert ordered.loc[0, list(graver)].dropna().to_dict() == pd.Series(graver).dropna().to_dict()
        assert ordered["breach_rank"].tolist() == [1, 2]


BREACHES = st.builds(
    breach,
    rule=st.sampled_from([*RULES, "forecast"]),
    margin=st.sampled_from([-60.0, -1.0, -0.5, 0.0]),
    limit=st.sampled_from([0.0, 1.0, 60.0]),
    position=st.integers(0, 2),
    severity=st.sampled_from([AT_RISK, UNKNOWN, WATCH]),
    effect=st.sampled_from(["block", "warn"]),
    layer=st.sampled_from(["prevailing", "temporary"]),
    hour_utc=st.sampled_from([at(1), at(2)]),
    airport=st.sampled_from(["KPAO", "KSQL"]),
)


def key_of(found: dict[str, Any]) -> tuple[object, ...]:
    """Return the key of which a lesson has at most one breach."""
    return found["position"], found["rule"], found["airport"], found["layer"]


FOUND = st.lists(BREACHES, min_size=4, max_size=12, unique_by=key_of)


@examples(100, "an example orders many breaches, and all pairs of them are compared")
@given(FOUND.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_does_not_depend_on_the_order_of_finding(pair: tuple[list[Any], list[Any]]) -> None:
    one, other = (gravest_first(pd.DataFrame(found)) for found in pair)
    pd.testing.assert_frame_equal(one, other)
    for _, ranked in one.groupby("position"):
        assert ranked["breach_rank"].tolist() == list(range(1, len(ranked) + 1))
        assert ranked["severity"].iloc[0] == ranked["severity"].max()


def test_the_gravest_breach_is_one_that_alone_gives_the_lessons_verdict() -> None:
    sky = [
        *fine("KPAO", "KSQL"),
        weather(1, "KSQL", layer="temporary", change="TEMPO", visibility_sm=0.25),
        weather(1, ceiling_ft=4_900.0),
    ]
    broken = hold([lesson(route=["KSQL", "KPAO"])], sky).broken
    assert broken["breach_rank"].tolist() == [1, 2]
    assert broken["rule"].tolist() == ["ceiling", "visibility"]
    assert broken["explanation"].str.startswith("At risk: ceiling 4,900 ft").all()
