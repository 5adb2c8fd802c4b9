"""The table of benchmarks: beside the committed figures, and failing where one became twice as bad."""

import pytest

from benchmarks.table import BENCHMARKS, WORST, Figure, table, too_bad

COMMITTED = {"an hour": {"ours": 10.0, "ratio": 2.0}}


def an_hour(ours: float, theirs: float) -> Figure:
    return Figure("an hour", "empty bodies", ours, theirs)


def test_a_figure_stands_beside_the_committed_one() -> None:
    header, _, row, new = table([an_hour(12, 4), Figure("a move", "a look", 3, 2, "ms")], COMMITTED).splitlines()

    assert row == "| an hour | empty bodies | 12 s | 4 s | 3 | 10 s | 2 | +50% |"
    assert new == "| a move | a look | 3 ms | 2 ms | 1.5 |  |  |  |"
    assert header.count("|") == row.count("|") == new.count("|")


@pytest.mark.parametrize(
    ("ours", "sentences"),
    [
        (2.0 * WORST, []),
        (2.0 * WORST + 0.1, ["an hour: 4.1 times the rival's cost, committed 2: over 2 times worse"]),
    ],
)
def test_only_a_figure_that_became_twice_as_bad_fails(ours: float, sentences: list[str]) -> None:
    assert too_bad([an_hour(ours, 1), Figure("a move", "a look", 99, 1)], COMMITTED) == sentences


def test_a_slower_machine_is_no_worse_figure() -> None:
    assert too_bad([an_hour(200, 100)], COMMITTED) == []


def test_every_benchmark_has_a_module_and_some_are_quick() -> None:
    assert len({one.module for one in BENCHMARKS}) == len(BENCHMARKS)
    assert {one.module for one in BENCHMARKS if one.quick} == {"risk", "areas", "hour", "imports"}
