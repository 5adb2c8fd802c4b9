"""A message of the evening before that has waited is made anew, or is not sent."""

from datetime import datetime, time

from sqlalchemy import Engine

from flightsched_pipelines.services.notifications import evening_before
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.delivery.test_revision import MINUTE, NIGHT, sent
from flightsched_pipelines_tests.integration.services.helpers import HOUR, SETTINGS, one, rows, run


def test_a_message_of_the_evening_before_goes_out_in_its_hour_or_is_made_anew(told_engine: Engine) -> None:
    settings = settings_for(evening_message_at=time(18), dispatch_max_age_hours=24)
    evening = SEED_HOUR + 12 * HOUR
    told = "SELECT count(*) FROM school.outbox WHERE key LIKE 'evening-%' AND status = 'waiting'"
    sent(told_engine, NIGHT - 25 * MINUTE)
    assert evening_before.tell_people(told_engine, evening, settings) == one(told_engine, told) > 3

    assert sent(told_engine, evening + HOUR) == []
    assert one(told_engine, told) > 3
    evening_before.bring_up_to_date(told_engine, evening + HOUR + 15 * MINUTE, settings)
    assert len(sent(told_engine, evening + HOUR + 20 * MINUTE)) > 3
    assert one(told_engine, told) == 0


def test_a_message_of_the_evening_before_that_cannot_be_read_becomes_a_dead_letter(told_engine: Engine) -> None:
    settings = settings_for(evening_message_at=time(18), dispatch_max_age_hours=24)
    evening = SEED_HOUR + 12 * HOUR
    sent(told_engine, NIGHT - 25 * MINUTE)
    evening_before.tell_people(told_engine, evening, settings)
    broken = "UPDATE school.outbox SET payload = payload - 'school' WHERE id = (SELECT min(id) FROM school.outbox "
    run(told_engine, f"{broken} WHERE key LIKE 'evening-%')")
    at: datetime | None = evening + HOUR
    next_at = "SELECT min(next_attempt_at) FROM school.outbox WHERE key LIKE 'evening-%' AND status = 'waiting'"

    for _ in range(SETTINGS.outbox_max_attempts):
        assert at is not None
        evening_before.bring_up_to_date(told_engine, at, settings)
        sent(told_engine, at)
        at = one(told_engine, next_at)

    states = "SELECT status, count(*) AS n FROM school.outbox WHERE key LIKE 'evening-%' GROUP BY status"
    found = {row.status: row.n for row in rows(told_engine, states)}
    assert found.keys() == {"sent", "dead"}
    assert found["dead"] == 1
