"""A case's page shows the hazard areas that its lesson meets."""

from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.portal.visitor import Visitor, link
from flightsched_pipelines_tests.integration.services.helpers import rows

CASES = """
    SELECT c.id, count(*) FILTER (WHERE r.rule LIKE '%\\_area') > 0
    FROM school.reschedule_cases c JOIN pipeline.at_risk_bookings r ON r.booking_id = c.booking_id
    WHERE c.closed_at IS NULL GROUP BY c.id
"""
CAPTION = "Hazard areas that the lesson meets, and its way."


def test_a_case_whose_lesson_meets_an_area_has_a_map_and_no_other_has(told_engine: Engine) -> None:
    found = {bool(meets): case_id for case_id, meets in rows(told_engine, CASES)}
    visitor = Visitor(told_engine)
    assert set(found) == {True, False}
    pages = {meets: visitor.get(link(told_engine, case_id)).text for meets, case_id in found.items()}

    assert CAPTION in pages[True]
    assert any(product in pages[True] for product in ("SIGMET", "G-AIRMET", "convective forecast"))
    assert CAPTION not in pages[False]
