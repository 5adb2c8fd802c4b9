"""Times on the clock of a place: those that a change of clocks skips or repeats are no guess."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.imports.kinds.fields import parse_hours
from flightsched_pipelines.domain.imports.times import Times, instant_of, parse_clock, parse_moment
from flightsched_pipelines_tests.examples import examples

DENVER = ZoneInfo("America/Denver")
ZONES = st.sampled_from([DENVER, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
INSTANTS = st.integers(978_307_200, 5_680_281_600).map(lambda second: datetime.fromtimestamp(second, UTC))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("2026-11-01T01:30", "exists twice"),
        ("2026-11-01 01:00", "exists twice"),
        ("2026-03-08T02:30", "does not exist"),
        ("2026-03-08T02:00", "does not exist"),
    ],
)
def test_a_time_of_a_change_of_clocks_is_named(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"clocks change then in America/Denver, and this time {why}"):
        instant_of(parse_moment(said), Times.LOCAL, DENVER)


@pytest.mark.parametrize("said", ["2026-11-01T00:59", "2026-11-01T02:00", "2026-03-08T01:59", "2026-03-08T03:00"])
def test_the_minutes_beside_it_are_no_question(said: str) -> None:
    instant = instant_of(parse_moment(said), Times.LOCAL, DENVER)

    assert instant.astimezone(DENVER).replace(tzinfo=None) == parse_moment(said)


@examples(1_000, "an example is one time in one zone, and takes microseconds")
@given(INSTANTS, ZONES)
def test_an_instant_said_with_its_offset_or_on_the_clock_is_the_same(instant: datetime, zone: ZoneInfo) -> None:
    local = instant.astimezone(zone)
    assert instant_of(parse_moment(local.isoformat()), Times.OFFSET, None) == instant
    assert instant_of(parse_moment(f"{instant:%Y-%m-%d %H:%M:%S}"), Times.UTC, None) == instant
    try:
        read = instant_of(local.replace(tzinfo=None, fold=0), Times.LOCAL, zone)
    except ValueError:
        beside = {local.utcoffset()} | {
            (instant + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in (-2, 2)
        }
        assert len(beside) > 1, "only a change of clocks is a question"
    else:
        assert read == instant


@pytest.mark.parametrize(("said", "hour"), [("07:30", 7), ("7:30", 7), ("7:30 PM", 19), ("7:30pm", 19)])
def test_a_time_of_day(said: str, hour: int) -> None:
    assert parse_clock(said).hour == hour


@pytest.mark.parametrize("said", ["mon 20:00-07:00", "fri-mon 07:00-20:00", "mon 07:00-20:00; mon 08:00-09:00", "no"])
def test_opening_hours_that_make_no_sense(said: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011, the column's own words say what is expected
        parse_hours(said)


def test_opening_hours() -> None:
    hours = parse_hours("Mon-Sat 07:00-20:00; sun 08:00-18:00")

    assert sorted(hours) == list(range(7))
    assert (hours[6][0].hour, hours[6][1].hour) == (8, 18)
