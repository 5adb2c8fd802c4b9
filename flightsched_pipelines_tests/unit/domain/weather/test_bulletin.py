"""Bulletins of the National Blend of Models: read whole, or said to be missing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.guidance.bulletin import GuidanceSource
from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request, cycle_of, is_bulletin, read_bulletin
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines_tests.unit.domain.weather.bulletins import Changes, block, hours_of

CYCLE = datetime(2026, 3, 10, 12, tzinfo=UTC)

AS_PUBLISHED = """\
 KDAN    NBM V4.2 NBS GUIDANCE    5/06/2025  0800 UTC
 DT /MAY   6      /MAY   7                /MAY   8                /MAY   9
 UTC  12 15 18 21 00 03 06 09 12 15 18 21 00 03 06 09 12 15 18 21 00 03 06
 FHR  04 07 10 13 16 19 22 25 28 31 34 37 40 43 46 49 52 55 58 61 64 67 70
 TXN              75          50          79          55          80
 TMP  54 67 72 73 67 59 55 53 56 71 77 77 70 63 60 57 60 72 78 77 70 64 61
 DPT  49 48 46 47 50 49 48 47 50 51 49 50 53 53 53 53 56 57 56 56 58 58 57
 WDR  28 25 25 25 23 27 30 28 27 29 25 24 21 23 28 00 33  1 26 28 32 36 36
 WSP   1  4  8  7  2  1  1  1  1  3  5  4  2  1  1  0  1  1  2  2  1  2  2
 GST   4  9 14 12  6  4  4  4  4  7  9  9  6  4  3  3  3  4  6  6  5  5  6
 P06         0     1     0     0     0     1     3     7     6    30    38
 T03   0  0  0  1  0  0  0  0  0  0  0  0  0  1  1  1  1  1  4 13 23 17 10
 PZR   0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0
 PSN   0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0
 PPL   0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0  0
 PRA   0  0  1  1  0  0  0  0  0  0  0  0  0  2  2  8 14 33 48 51 53 57 41
 CIG -88-88-88-88-88-88-88-88-88-88-88-88-88-88-88-88-88-88-88-88 90 80 29
 LCB  50 90 70 70 60-99210 80100190150160 80 60 60 90 90 90 60 60 50 50 29
 VIS 100100100100100100100100100100100100100100100100100100100100100100100
 HID       -99     4     4     4     5     5     5     4   -99     4     4
"""
"""Rows of a bulletin of NOAA's, in the public domain."""


def groups(source: GuidanceSource, changes: Changes | None = None) -> list[ForecastGroup]:
    parsed = read_bulletin(block(source, CYCLE, changes=changes), CYCLE)
    assert not parsed.unread
    return parsed.groups


def at(found: list[ForecastGroup], hour: datetime, layer: str = "prevailing") -> list[ForecastGroup]:
    return [group for group in found if group.layer == layer and group.from_utc <= hour < group.to_utc]


def test_a_published_block_is_read_whole() -> None:
    parsed = read_bulletin(AS_PUBLISHED)

    assert is_bulletin(AS_PUBLISHED)
    assert (parsed.problems, parsed.unread) == ([], [])
    prevailing = [group for group in parsed.groups if group.layer == "prevailing"]
    last = prevailing[-1].conditions
    assert len(prevailing) == 23
    assert not any(group.conditions.missing for group in parsed.groups)
    assert (last.ceiling_ft, last.visibility_sm, last.visibility_at_least) == (2_900, 10, True)
    assert (last.wind_direction_deg, last.wind_speed_kt, last.wind_gust_kt) == (360, 2, 6)
    assert prevailing[0].conditions.ceiling_ft is None
    assert last.temperature_c == pytest.approx(16.1)
    assert max(group.probability or 0 for group in parsed.groups) == 23


def test_between_two_hours_of_nbs_both_neighbours_count() -> None:
    first, second, *_ = hours_of("NBS", CYCLE)
    found = groups("NBS", {"CIG": {0: 30, 1: 4}})

    def ceilings(hour: datetime) -> list[float | None]:
        return [group.conditions.ceiling_ft for group in at(found, hour)]

    assert ceilings(first) == [3_000]
    assert ceilings(first + HOUR) == ceilings(second - HOUR) == [3_000, 400]
    assert ceilings(second) == [400]


def test_a_row_of_nbh_holds_for_its_hour() -> None:
    first = CYCLE + HOUR
    found = groups("NBH", {"VIS": {0: 5}})
    assert [group.conditions.visibility_sm for group in at(found, first)] == [0.5]
    assert [group.conditions.visibility_sm for group in at(found, first + HOUR)] == [10]


def test_a_probability_of_thunder_counts_in_the_period_that_it_ends() -> None:
    hours = hours_of("NBS", CYCLE)
    found = groups("NBS", {"T03": {4: 60}})

    stormy = [group for group in found if (group.probability or 0) >= 30]
    assert [(group.from_utc, group.to_utc, group.change) for group in stormy] == [(hours[3], hours[4], "PROB")]
    assert stormy[0].conditions.hazards == {"TS"}


@pytest.mark.parametrize(
    ("fahrenheit", "percent_if_wet", "chance", "codes"),
    [(30, 80, 90, {"FZRA"}), (30, 80, "", {"FZRA"}), (30, 0, 90, set()), (30, 80, 0, set()), (60, 80, 90, set())],
)
def test_freezing_rain_counts_where_it_is_cold_and_may_be_wet(
    fahrenheit: int, percent_if_wet: int, chance: int | str, codes: set[str]
) -> None:
    wet = {column: chance for column, hour in enumerate(hours_of("NBS", CYCLE)) if hour.hour % 6 == 0}
    found = groups("NBS", {"TMP": {4: fahrenheit}, "PZR": {4: percent_if_wet}, "P06": wet})
    freezing = {code for group in found if (group.probability or 0) >= 30 for code in group.conditions.hazards}
    assert freezing == codes


@pytest.mark.parametrize(
    ("label", "element"),
    [
        ("WSP", "wind"), ("GST", "wind"), ("VIS", "visibility"), ("CIG", "ceiling"), ("T03", "thunderstorm"),
        ("PZR", "weather"), ("PRA", "weather"),
    ],
)  # fmt: skip
def test_a_missing_value_is_missing_not_fair(label: str, element: str) -> None:
    cold = {"TMP": {4: 30}}
    found = groups("NBS", cold | {label: {4: -99}})
    assert [group.conditions.missing for group in at(found, hours_of("NBS", CYCLE)[4])] == [{element}]


def test_a_missing_direction_leaves_the_whole_wind_across() -> None:
    found = groups("NBH", {"WDR": {0: -99}, "WSP": {0: 20}})
    (first,) = at(found, CYCLE + HOUR)
    assert (first.conditions.wind_direction_deg, first.conditions.wind_speed_kt) == (None, 20)
    assert not first.conditions.missing


ROTTEN: dict[str, tuple[Callable[[str], str], str]] = {
    "cut short": (lambda text: "\n".join(x if "GUIDANCE" in x else x[:41] for x in text.splitlines()), "cut short"),
    "the hours are another cycle's": (lambda text: text.replace("UTC  18", "UTC  17"), "hours do not follow"),
    "the dates are another cycle's": (lambda text: text.replace("/MAR  11", "/MAR  14"), "dates (DT) do not follow"),
    "without hours": (lambda text: "\n".join(x for x in text.splitlines() if not x.startswith(" UTC")), "hours (UTC)"),
    "without leads": (lambda text: "\n".join(x for x in text.splitlines() if not x.startswith(" FHR")), "hours (FHR)"),
    "another cycle": (lambda text: text.replace("3/10/2026", "3/09/2026"), "2026-03-09 12Z"),
    "another century": (lambda text: text.replace("3/10/2026", "3/10/1926"), "1926-03-10 12Z"),
    "two blocks run together": (
        lambda text: text + text.replace("KXYZ", "KNOT").replace("GUIDANCE", "GUIDXNCE"),
        "comes twice",
    ),
}


@pytest.mark.parametrize("name", ROTTEN)
def test_a_block_whose_hours_contradict_each_other_is_not_read(name: str) -> None:
    spoil, words = ROTTEN[name]
    parsed = read_bulletin(spoil(block("NBS", CYCLE)), CYCLE)

    assert not parsed.groups
    assert [group.station for group in parsed.unread] == ["KXYZ"]
    assert words in parsed.problems[0]


@pytest.mark.parametrize("source", ["NBH", "NBS"])
@pytest.mark.parametrize("columns", [1, 2, 9])
def test_a_block_without_its_last_columns_is_not_read(source: GuidanceSource, columns: int) -> None:
    heading, *rows = block(source, CYCLE).splitlines()
    parsed = read_bulletin("\n".join([heading, *(row[: -3 * columns] for row in rows)]), CYCLE)

    assert not parsed.groups
    assert [group.station for group in parsed.unread] == ["KXYZ"]


@pytest.mark.parametrize("source", ["NBH", "NBS"])
def test_wherever_a_block_is_cut_off_it_reaches_as_far_or_is_not_read(source: GuidanceSource) -> None:
    text = block(source, CYCLE)
    reached = max(group.to_utc for group in read_bulletin(text, CYCLE).groups)

    for place in range(text.index("UTC") + 3, text.index(" TMP") + 1):
        parsed = read_bulletin(text[:place], CYCLE)
        assert parsed.unread or max(group.to_utc for group in parsed.groups) == reached, f"cut off at {place}"


def test_a_block_without_a_heading_is_said_to_be_one() -> None:
    text = block("NBS", CYCLE).replace("GUIDANCE", "GUIDXNCE")
    parsed = read_bulletin(text, CYCLE)
    assert (parsed.groups, parsed.unread) == ([], [])
    assert parsed.problems[0].startswith("guidance without a legible heading, where one was expected: 'KXYZ")


@pytest.mark.parametrize(
    "shift", [lambda row: row[:5] + row[6:], lambda row: row[:5] + " " + row[5:], lambda row: row[:-3]]
)
def test_a_row_with_shifted_columns_is_missing_and_named(shift: Callable[[str], str]) -> None:
    lines = block("NBS", CYCLE).splitlines()
    row = next(number for number, line in enumerate(lines) if line.startswith(" VIS"))
    lines[row] = shift(lines[row])
    parsed = read_bulletin("\n".join(lines), CYCLE)

    assert parsed.problems == ["NBS of KXYZ: row VIS has shifted columns, so it is not read"]
    prevailing = [group for group in parsed.groups if group.layer == "prevailing"]
    assert {frozenset(group.conditions.missing) for group in prevailing} == {frozenset({"visibility"})}
    assert str(prevailing[0].conditions.unread[0]) == "VIS: visibility missing"


@pytest.mark.parametrize("garbled", ["-0", " 00", "-00", " 07", "-07", "000", "007", "070"])
@pytest.mark.parametrize("label", ["T03", "PZR", "P06", "VIS", "WSP"])
def test_a_row_with_a_number_as_no_bulletin_has_it_is_missing_and_named(label: str, garbled: str) -> None:
    """A probability of 70 whose 7 becomes a minus sign is not 0, nor is one of 100 whose 1 is lost."""
    column = next(column for column, hour in enumerate(hours_of("NBS", CYCLE)) if hour.hour % 6 == 0)
    parsed = read_bulletin(block("NBS", CYCLE, changes={label: {column: garbled}}), CYCLE)

    assert parsed.problems == [f"NBS of KXYZ: row {label} has shifted columns, so it is not read"]


@pytest.mark.parametrize(("written", "direction_deg"), [("00", 0), ("01", 10), ("1", 10)])
def test_a_direction_may_have_a_leading_zero(written: str, direction_deg: float) -> None:
    parsed = read_bulletin(block("NBH", CYCLE, changes={"WDR": {0: written}}), CYCLE)

    assert not parsed.problems
    assert at(parsed.groups, CYCLE + HOUR)[0].conditions.wind_direction_deg == direction_deg


def test_unknown_elements_are_named_once_and_change_nothing() -> None:
    text = block("NBS", CYCLE) + block("NBS", CYCLE, "KNOT")
    strange = text.replace(" LCB ", " QQQ ")
    parsed = read_bulletin(strange, CYCLE)
    assert parsed.problems == ["guidance has elements that are not known and not read: QQQ"]
    assert parsed.groups == read_bulletin(text, CYCLE).groups


@pytest.mark.parametrize("source", ["NBH", "NBS"])
@given(hours=st.integers(0, 24 * 400))
def test_every_cycle_is_read_in_whatever_month_it_falls(source: GuidanceSource, hours: int) -> None:
    cycle = CYCLE + timedelta(hours=hours)
    parsed = read_bulletin(block(source, cycle), cycle)
    assert not parsed.problems
    assert cycle_of(bulletin_request(source, cycle)) == cycle
