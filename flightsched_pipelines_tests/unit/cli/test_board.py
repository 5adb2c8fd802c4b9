"""The board of a day: a line a resource, each lesson where its time is, lettered by its verdict, within 80 columns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from flightsched_pipelines.cli.hourly.board import NAME_CHARACTERS, STYLES, lines_of
from flightsched_pipelines.messages.page_texts import VERDICT_LETTERS
from flightsched_pipelines.services.hourly.board import BoardLesson
from flightsched_pipelines_tests.examples import examples

DAY = datetime(2026, 11, 24, tzinfo=UTC)
LESSON = BoardLesson(
    1, "PAO-1", "School", DAY + timedelta(hours=8), DAY + timedelta(hours=9), "UTC", "scheduled", "flight",
    "N123AB", "Ann", "at_risk", "Bob", None,
)  # fmt: skip


def test_a_lesson_is_drawn_from_its_start_to_its_end_for_aircraft_and_instructor() -> None:
    scale, aircraft, instructor = [line.plain for line in lines_of([LESSON])]
    start = scale.index("08")
    assert aircraft.startswith("N123AB ")
    assert instructor.startswith("Ann ")
    for line in (aircraft, instructor):
        assert line[start : start + 3] == "|BB"
        assert line[NAME_CHARACTERS:].replace(" ", "") == "|BB"


@pytest.mark.parametrize(
    ("form", "aircraft", "drawn"), [("ground", None, ["|GG"]), ("simulator", "SIM", ["|SS", "|SS"])]
)
def test_what_does_not_fly_has_no_verdict(form: str, aircraft: str | None, drawn: list[str]) -> None:
    lesson = replace(LESSON, form=form, aircraft=aircraft, verdict="ok")
    _, *lines = lines_of([lesson])
    assert [line.plain[NAME_CHARACTERS:].replace(" ", "") for line in lines] == drawn
    assert not any(STYLES["ok"] in str(span.style) for line in lines for span in line.spans)


@examples(300, "five verdicts, three states and both edges of the day: each pair is drawn often")
@given(
    st.integers(-600, 2_400), st.integers(10, 900), st.sampled_from(list(VERDICT_LETTERS)),
    st.sampled_from(["scheduled", "held", "weather_hold"]), st.text(max_size=40),
)  # fmt: skip
def test_no_lesson_breaks_the_lines(start: int, minutes: int, verdict: str | None, status: str, name: str) -> None:
    begins = DAY + timedelta(minutes=start)
    lesson = BoardLesson(
        1, "PAO-1", "School", begins, begins + timedelta(minutes=minutes), "America/Los_Angeles", status, "flight",
        name, None, verdict, "Bob", None,
    )  # fmt: skip
    lines = [line.plain for line in lines_of([lesson])]
    assert len({cell_len(line) for line in lines}) == 1
    assert cell_len(lines[0]) <= 80
