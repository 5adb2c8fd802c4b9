"""Offers that replace alternatives that do not suit, or were lost."""

from itertools import combinations

from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.services.helpers import cases, rows, say


def test_no_two_of_the_new_alternatives_are_at_one_time(told_engine: Engine) -> None:
    """The best candidates are often the same slot, half an hour later."""
    renewed = 0
    for case_id, _ in cases(told_engine)[:6]:
        if not say(told_engine, case_id, "none_suit").applied:
            continue
        offered = rows(
            told_engine,
            "SELECT starts_at_utc, ends_at_utc FROM school.case_offers "
            "WHERE case_id = :id AND withdrawn_hour IS NULL ORDER BY number",
            id=case_id,
        )
        renewed += len(offered) > 1
        assert all(one.ends_at_utc <= other.starts_at_utc for one, other in combinations(sorted(offered), 2))
    assert renewed
