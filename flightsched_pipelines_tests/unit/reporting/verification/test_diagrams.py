"""The diagrams put each figure in its place, in words too, and draw lines of equal scores where they are equal."""

import re
from dataclasses import replace

import pytest

from flightsched_pipelines.domain.verification.scores import Contingency, binary_scores
from flightsched_pipelines.reporting.svg import Picture
from flightsched_pipelines.reporting.verification.diagrams import (
    CSIS,
    LEFT_PX,
    SIDE_PX,
    TOP_PX,
    performance_diagram,
    reliability_diagram,
)
from flightsched_pipelines.reporting.verification.models import EventSkill, ForecastRecord
from flightsched_pipelines.reporting.verification.sections import performance, reliability
from flightsched_pipelines_tests.unit.reporting.builders import forecasts

CEILING = "ceiling below 1,000 ft"


def skill(hits: int, misses: int, false_alarms: int) -> EventSkill:
    return EventSkill("TAF", CEILING, 6, binary_scores([Contingency(hits, misses, false_alarms, 900)])[0])


def shares(x: float, y: float) -> tuple[float, float]:
    """Return what a place in the first panel stands for."""
    return (x - LEFT_PX) / SIDE_PX, 1 - (y - TOP_PX) / SIDE_PX


def marks(picture: Picture) -> list[tuple[float, float]]:
    """Return the places of the marks of the first panel."""
    boxes = [box.attrib for box in picture.svg.iter("rect")]
    return [
        shares(float(box["x"]) + float(box["width"]) / 2, float(box["y"]) + float(box["height"]) / 2) for box in boxes
    ]


def test_a_mark_is_at_its_success_ratio_and_pod() -> None:
    drawn = performance_diagram([skill(30, 20, 10)], 30)

    ((ratio, pod),) = marks(drawn)
    assert (ratio, pod) == (pytest.approx(0.75, abs=1e-3), pytest.approx(0.6, abs=1e-3))
    assert "TAF, ceiling below 1,000 ft: POD 0.60 of 50, FAR 0.25 of 40" in drawn.description


def test_lines_of_equal_csi_join_places_of_that_csi() -> None:
    drawn = performance_diagram([skill(30, 20, 10)], 30)
    curves = [path.attrib["d"] for path in drawn.svg.iter("path") if path.attrib["d"].count("L") == 40]

    assert len(curves) == len(CSIS)
    for csi, curve in zip(CSIS, curves, strict=True):
        for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", curve):
            ratio, pod = shares(float(x), float(y))
            assert 1 / (1 / ratio + 1 / pod - 1) == pytest.approx(csi, abs=5e-3)


def test_a_probability_is_at_the_share_that_came_true_with_its_cases_in_words() -> None:
    of_taf = next(one for one in forecasts().reliabilities if (one.source, one.event) == ("TAF", CEILING))
    drawn = reliability_diagram([of_taf], 30)

    places = [(point.percent / 100, point.came_true / point.cases) for point in of_taf.bins]
    assert marks(drawn) == [(pytest.approx(x, abs=1e-3), pytest.approx(y, abs=1e-3)) for x, y in places]
    for point in of_taf.bins:
        assert f"{point.percent} %: {point.came_true} of {point.cases}" in drawn.description


def test_labels_do_not_lie_on_each_other() -> None:
    drawn = performance_diagram(forecasts().skills, 30)
    words = [(float(text.attrib["x"]), float(text.attrib["y"])) for text in drawn.svg.iter("text")]

    assert len(set(words)) == len(words)


def test_the_national_marks_stand_beside_the_figures_and_too_few_cases_leave_the_reason() -> None:
    section = performance(forecasts())
    assert "POD of 56 to 63 % and an FAR of 39 to 46 % at 1,000 ft and 3 SM" in section.lead
    assert len(section.table.rows) == len(forecasts().skills)

    none = replace(forecasts(), skills=(), reliabilities=())
    assert none == ForecastRecord(30)
    for section in (performance(none), reliability(none)):
        assert section.picture is None
        assert "20" in section.nothing
