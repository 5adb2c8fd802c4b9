"""Other minimums tried: whose rows they replace, and how lessons are counted."""

import pandas as pd

from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS, typed_minimums
from flightsched_pipelines.domain.risk.limits.trial import compare, instead, tried
from flightsched_pipelines_tests.unit.domain.risk.builders import DEFAULTS, frame, minimum

OURS = [
    minimum("wind", "<", 9, authority="school", school_id=1),
    minimum("wind", "<", 8, authority="school", school_id=2),
    minimum("wind", "<", 5, authority="student", student_id=7),
    minimum("wind", "<", 4, authority="student", student_id=8),
]
MINIMUMS = pd.concat([DEFAULTS, typed_minimums(frame(OURS, MINIMUM_COLUMNS))], ignore_index=True)


def limits(minimums: pd.DataFrame) -> list[float]:
    """Return the limits of wind that are a school's or a student's own."""
    own = minimums[minimums["authority"].isin(["school", "student"])]
    return own["limit_value"].tolist()


def test_a_set_takes_the_place_of_its_own_schools_or_students_rows_alone() -> None:
    of_school = tried([minimum("wind", "<", 12, school_id=1)], "school")
    assert limits(instead(MINIMUMS, of_school)) == [8, 5, 4, 12]
    of_student = tried([minimum("wind", "<", 6, student_id=8)], "student")
    assert limits(instead(MINIMUMS, of_student)) == [9, 8, 5, 6]
    assert set(DEFAULTS["reference"]) <= set(instead(MINIMUMS, of_school)["reference"])


def test_a_lesson_is_kept_or_lost_only_where_it_is_known_before_and_after() -> None:
    verdicts = [
        ("at_risk", "ok"), ("at_risk", "watch"), ("at_risk", "at_risk"), ("at_risk", "unknown"), ("ok", "at_risk"),
        ("watch", "at_risk"), ("unknown", "at_risk"), ("ok", "ok"), *[("ok", "at_risk")] * 12,
    ]  # fmt: skip
    lessons = pd.DataFrame(
        [
            {
                "reference": f"BK-{number:02}", "training_level": "student_pilot", "solo": False,
                "lesson_kind": "local", "before": before, "after": after,
            }
            for number, (before, after) in enumerate(verdicts)
        ]
    )  # fmt: skip
    (group,) = compare(lessons)
    assert (group.lessons, group.at_risk_before, group.at_risk_after) == (20, 4, 16)
    assert (group.unknown_before, group.unknown_after) == (1, 1)
    assert (group.kept, group.kept_references) == (2, ["BK-00", "BK-01"])
    assert (group.lost, len(group.lost_references)) == (14, 10)
    assert compare(lessons.head(0)) == []
