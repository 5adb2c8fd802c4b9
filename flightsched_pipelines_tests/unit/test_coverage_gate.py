"""The coverage gates count the rooms that they are about."""

from flightsched_pipelines_tests.coverage_gate import covered_percent


def of(lines: int, branches: int) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "covered_lines": lines, "missing_lines": 10 - lines,
            "covered_branches": branches, "missing_branches": 4 - branches,
        }
    }  # fmt: skip


def test_unit_tests_are_held_to_the_pure_rooms_alone() -> None:
    files = {
        "flightsched_pipelines/domain/a.py": of(9, 3),
        "flightsched_pipelines/messages/b.py": of(7, 1),
        "flightsched_pipelines/portal/c.py": of(2, 0),
    }
    assert covered_percent(files, ["domain", "messages"]) == {"lines": 80, "branches": 50}
    assert covered_percent(files) == {"lines": 60, "branches": 100 / 3}
