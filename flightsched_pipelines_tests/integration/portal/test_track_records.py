"""A case's page states how often forecasts like its lesson's came true, if there are 20 cases."""

from sqlalchemy import Engine, text

from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, link

LEADS = "1, 3, 6, 12, 24, 48"
RECORD = text(
    "INSERT INTO pipeline.verdict_verification (partition_hour, booking_id, training_level, lead_hours, verdict, "  # noqa: S608, ours
    "observed, school_id, cause, cause_airport) "
    "SELECT CAST(:hour AS timestamptz) - interval '9 days', n, 'student_pilot', lead, 'at_risk', "
    "CASE WHEN n <= 14 THEN 'at_risk' ELSE 'ok' END, b.school_id, r.rule, r.airport "
    "FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id "
    "JOIN pipeline.at_risk_bookings r ON r.booking_id = c.booking_id AND r.breach_rank = 1, "
    f"generate_series(1, CAST(:count AS integer)) AS n, unnest(ARRAY[{LEADS}]) AS lead WHERE c.id = :case"
)
CASES = text(
    "SELECT c.id FROM school.reschedule_cases c JOIN pipeline.at_risk_bookings r ON r.booking_id = c.booking_id "
    "WHERE r.breach_rank = 1 AND r.rule IN ('ceiling', 'visibility') AND c.closed_at IS NULL "
    "AND c.starts_at_utc < :hour + interval '46 hours' ORDER BY c.id LIMIT 1"
)


def test_the_page_has_the_sentence_from_twenty_cases_on(told_engine: Engine) -> None:
    visitor = Visitor(told_engine)
    with told_engine.begin() as connection:
        case_id = connection.execute(CASES, {"hour": SEED_HOUR}).scalar_one()
        connection.execute(RECORD, {"hour": SEED_HOUR, "case": case_id, "count": 19})
    before = visitor.get(link(told_engine, case_id)).text
    with told_engine.begin() as connection:
        connection.execute(text("DELETE FROM pipeline.verdict_verification"))
        connection.execute(RECORD, {"hour": SEED_HOUR, "case": case_id, "count": 20})
    after = visitor.get(link(told_engine, case_id)).text

    assert "came true" not in before
    assert "<p>Forecasts like this came true 14 of 20 times.</p>" in after
