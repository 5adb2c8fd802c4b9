"""The raw text of TAFs, as a report without decoded fields."""

import json
from datetime import UTC, datetime

import pytest

from flightsched_pipelines.domain.weather.provider_responses import read_response
from flightsched_pipelines.domain.weather.reports.raw_tafs import raw_tafs
from flightsched_pipelines.domain.weather.reports.report_lines import line_of_group, raw_reports

NEAR = datetime(2026, 11, 26, 12, tzinfo=UTC)
TEXT = """TAF AMD KPAO 252320Z 2600/2624 27010KT P6SM SCT020
  FM260600 VRB03KT 1/2SM FG OVC003
  TEMPO 2612/2615 2SM BR
  PROB30 2615/2617 1SM BR=
KSQL 252330Z 2600/2624 30008KT P6SM SKC
"""


def test_each_taf_is_read_with_its_groups() -> None:
    reports = raw_tafs(TEXT, NEAR)
    assert [report["icaoId"] for report in reports] == ["KPAO", "KSQL"]
    assert reports[0]["issueTime"] == "2026-11-25T23:20:00Z"
    reading = read_response(json.dumps(reports))
    assert reading.problems == []
    groups = [(group.station, group.change, group.from_utc.hour) for group in reading.groups]
    assert {("KPAO", "BASE", 0), ("KPAO", "FM", 6), ("KPAO", "TEMPO", 12), ("KSQL", "BASE", 0)} <= set(groups)


@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"lat": 1}', "KPAO is a nice field\n", "TAF KPAO NIL"])
def test_what_is_no_taf_is_none(text: str) -> None:
    assert raw_tafs(text, NEAR) == []


@pytest.mark.parametrize(
    ("change", "begins", "ends", "line"),
    [
        ("BASE", (26, 0), (26, 6), "TAF AMD KPAO 252320Z 2600/2624 27010KT P6SM SCT020"),
        ("FM", (26, 6), (26, 12), "FM260600 VRB03KT 1/2SM FG OVC003"),
        ("TEMPO", (26, 12), (26, 15), "TEMPO 2612/2615 2SM BR"),
        ("PROB", (26, 15), (26, 17), "PROB30 2615/2617 1SM BR"),
    ],
)
def test_the_line_of_a_group_is_found(change: str, begins: tuple[int, int], ends: tuple[int, int], line: str) -> None:
    found = raw_reports([json.dumps(raw_tafs(TEXT, NEAR)), "not JSON", "{}"], {"KPAO"})
    assert set(found) == {("TAF", "KPAO")}
    since, until = (datetime(2026, 11, *at, tzinfo=UTC) for at in (begins, ends))
    assert line_of_group(found["TAF", "KPAO"], change, since, until) == line
