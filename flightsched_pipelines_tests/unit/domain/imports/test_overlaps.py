"""Double bookings: the same as looking at every pair."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.imports.overlaps import Taken, overlaps
from flightsched_pipelines_tests.examples import examples

START = datetime(2027, 1, 1, tzinfo=UTC)
SMALL = st.integers(1, 3)


@st.composite
def schedules(draw: st.DrawFn) -> list[Taken]:
    """A few lessons and holds of few people within a day."""
    found: list[Taken] = []
    for number in range(draw(st.integers(0, 7))):
        begins, lasts = draw(st.integers(0, 12)), draw(st.integers(1, 5))
        found.append(
            Taken(
                START + timedelta(hours=begins), START + timedelta(hours=begins + lasts), draw(st.integers(1, 5)),
                draw(st.sampled_from([0, number + 2])), str(number), draw(SMALL), draw(st.none() | SMALL), draw(SMALL),
            )
        )  # fmt: skip
    return found


def at_once(one: Taken, other: Taken) -> set[str]:
    """Return what two take at one time, pair by pair."""
    if one is other or one.lesson == other.lesson or one.starts >= other.ends or other.starts >= one.ends:
        return set()
    same = {"student": one.student == other.student, "aircraft": one.aircraft == other.aircraft}
    same["instructor"] = one.instructor is not None and one.instructor == other.instructor
    return {what for what, is_same in same.items() if is_same}


@examples(1_000, "few periods an example, and cheap: every order of their ends is drawn often")
@given(schedules())
def test_an_overlap_is_found_where_there_is_one_and_nowhere_else(taken: list[Taken]) -> None:
    found = list(overlaps(taken))

    assert all(overlap.what in at_once(overlap.one, overlap.other) for overlap in found)
    assert all(overlap.one.line >= overlap.other.line and overlap.one.line for overlap in found)
    if all(one.line for one in taken):
        pairs = any(at_once(one, other) for one in taken for other in taken)
        assert bool(found) == pairs
