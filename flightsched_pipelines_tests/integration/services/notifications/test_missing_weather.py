"""Dispatchers are notified of weather that is missing for hours once, and once more when it is over."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.messages import email, slack
from flightsched_pipelines.messages.models import Digest
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.notifications import missing_weather
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.integration.services.helpers import HOUR, one, rows, run

SETTINGS = settings_for(slack_webhook_url="https://hooks.example.com/x")
TOLD = "SELECT key, channel, payload FROM school.outbox WHERE key LIKE 'weather-gap%' ORDER BY id"
LAST_HOUR = SEED_HOUR + 20 * HOUR
LACKS = "ceiling, visibility, weather, wind"


def assessed(engine: Engine, hour: datetime, *, lacks: str | None = LACKS, school_id: int = 0) -> None:
    """Store an hour in which the forecast of every lesson ahead, or of one school's, lacks something; or of none."""
    run(engine, "DELETE FROM pipeline.at_risk_bookings WHERE partition_hour = :hour", hour=hour)
    if lacks:
        run(
            engine,
            "INSERT INTO pipeline.at_risk_bookings "
            "(partition_hour, booking_id, verdict, breach_rank, rule, effect, hazard, airport, hour_utc, layer, unit, "
            "explanation) "
            "SELECT :hour, id, 'unknown', 1, 'forecast', 'block', :lacks, departure, "
            "date_trunc('hour', lower(period)), 'prevailing', '', 'Unknown.' FROM school.bookings "
            "WHERE status <> 'held' AND lower(period) >= :hour AND lower(period) < :hour + interval '72 hours' "
            "AND (school_id = :school OR :school = 0)",
            hour=hour, lacks=lacks, school=school_id,
        )  # fmt: skip
    with engine.begin() as connection:
        frames.record_partition(connection, "at_risk_bookings", hour, 1)


def tell(engine: Engine, at: datetime) -> int:
    """Notify twice: the second time nothing is left to send."""
    told = deadlines.process_deadlines(engine, at, SETTINGS)["schools notified of missing weather"]
    assert deadlines.process_deadlines(engine, at, SETTINGS)["schools notified of missing weather"] == 0
    assert missing_weather.due(engine, at, SETTINGS) == 0
    return told


def messages(engine: Engine) -> list[tuple[str, Digest]]:
    return [(row.key, Digest.model_validate(row.payload)) for row in rows(engine, TOLD)]


def schools(engine: Engine) -> int:
    return one(engine, "SELECT count(*) FROM school.schools")


def test_dispatchers_hear_after_the_set_time_once_and_again_when_it_is_over(ticked_engine: Engine) -> None:
    told: list[int] = []
    for n in range(8):
        assessed(ticked_engine, SEED_HOUR + n * HOUR)
        told.append(tell(ticked_engine, SEED_HOUR + n * HOUR + timedelta(minutes=10)))
    assert told == [0, 0, 0, schools(ticked_engine), 0, 0, 0, 0]

    assessed(ticked_engine, SEED_HOUR + 8 * HOUR, lacks=None)
    assert tell(ticked_engine, SEED_HOUR + 8 * HOUR + timedelta(minutes=10)) == schools(ticked_engine)

    sent = messages(ticked_engine)
    assert len(sent) == 2 * 2 * schools(ticked_engine), "by mail and Slack, its beginning and its end"
    begun = [digest.missing for key, digest in sent if "/missing/" in key and digest.missing]
    assert all(missing.since_utc == SEED_HOUR and missing.lessons and "is missing" in missing.why for missing in begun)
    assert [digest.missing.over for key, digest in sent if "/over/" in key and digest.missing] == [True] * 4
    for _, digest in sent:
        rendered, (_, blocks) = email.render_digest(digest), slack.blocks(digest)
        assert "missing" in rendered.text
        assert rendered.subject.startswith("Weather: ")
        for lesson in digest.missing.lessons if digest.missing else []:
            assert lesson.reference in rendered.text
            assert lesson.student not in str(blocks), "Slack is outside the house"


def test_an_hour_that_does_not_come_is_missing_too(ticked_engine: Engine) -> None:
    assessed(ticked_engine, SEED_HOUR, lacks=None)
    limit = SETTINGS.dispatch_max_age_hours
    assert tell(ticked_engine, SEED_HOUR + limit * HOUR) == 0
    assert tell(ticked_engine, SEED_HOUR + limit * HOUR + timedelta(minutes=1)) == schools(ticked_engine)
    assert all("no hour has been assessed since" in digest.missing.why for _, digest in messages(ticked_engine)
               if digest.missing)  # fmt: skip

    assert tell(ticked_engine, SEED_HOUR + 9 * HOUR) == 0
    assessed(ticked_engine, SEED_HOUR + 9 * HOUR)
    assert tell(ticked_engine, SEED_HOUR + 9 * HOUR) == 0, "hours come, but not their weather"
    assessed(ticked_engine, SEED_HOUR + 10 * HOUR, lacks=None)
    assert tell(ticked_engine, SEED_HOUR + 10 * HOUR) == schools(ticked_engine)


@pytest.mark.parametrize("lacks", ["no forecast", "minimums", "sunset", None])
def test_lessons_beyond_the_forecasts_reach_are_not_without_weather(ticked_engine: Engine, lacks: str | None) -> None:
    for n in range(6):
        assessed(ticked_engine, SEED_HOUR + n * HOUR, lacks=lacks)
        assert tell(ticked_engine, SEED_HOUR + n * HOUR) == 0
    assert messages(ticked_engine) == []


def test_each_school_hears_of_its_own_lessons(ticked_engine: Engine) -> None:
    for n in range(4):
        assessed(ticked_engine, SEED_HOUR + n * HOUR, school_id=2)
    assert tell(ticked_engine, SEED_HOUR + 3 * HOUR) == 1
    assert rows(ticked_engine, "SELECT school_id FROM school.weather_gaps") == [(2,)]


def test_a_real_hour_without_any_answer_leaves_every_lesson_within_reach_without_weather(ticked_engine: Engine) -> None:
    raw = frames.read_partition(ticked_engine, PIPELINE_TABLES["raw_weather"], [SEED_HOUR])
    failed = raw.assign(outcome="timeout", body=None, error="no answer in time", status_code=None)
    forecasts = hourly_steps.forecast(ticked_engine, failed.drop(columns="partition_hour"), SEED_HOUR, SETTINGS)
    snapshot = frames.read_partition(ticked_engine, PIPELINE_TABLES["booking_snapshot"], [SEED_HOUR])
    reach = SEED_HOUR + 72 * HOUR + timedelta(minutes=SETTINGS.booking_buffer_minutes)
    ahead = hourly_steps.lessons_ahead(snapshot, SEED_HOUR, 96)
    assert ahead["starts_at_utc"].max() > reach
    judged = hourly_steps.assess_lessons(ticked_engine, ahead, forecasts, SEED_HOUR, SETTINGS)
    for n in range(4):
        hour = SEED_HOUR + n * HOUR
        broken = judged.broken.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))
        frames.write_partition(ticked_engine, PIPELINE_TABLES["at_risk_bookings"], broken, [hour])

    assert tell(ticked_engine, SEED_HOUR + 3 * HOUR) == schools(ticked_engine)
    named = {lesson.starts_at_utc for _, digest in messages(ticked_engine) if digest.missing
             for lesson in digest.missing.lessons}  # fmt: skip
    assert named
    assert SEED_HOUR + 48 * HOUR < max(named) < reach, "what lies beyond every source's reach is not missing"


@examples(
    15,
    "an example is a history of hours in PostgreSQL; few hours make every order",
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(weather=st.lists(st.sampled_from(["there", "missing", "no hour"]), min_size=1, max_size=14))
def test_beginnings_and_ends_alternate_and_nothing_is_told_too_soon(ticked_engine: Engine, weather: list[str]) -> None:
    run(ticked_engine, "DELETE FROM school.weather_gaps")
    run(ticked_engine, "DELETE FROM pipeline.partitions WHERE name = 'at_risk_bookings'")
    run(
        ticked_engine,
        "UPDATE school.bookings SET status = 'cancelled' WHERE id <> "
        "(SELECT min(id) FROM school.bookings WHERE school_id = 1 AND lower(period) > :until)",
        until=LAST_HOUR,
    )
    lacking_since: datetime | None = None
    knows = False
    for n, kind in enumerate(["there", *weather]):
        now = SEED_HOUR + n * HOUR
        if kind != "no hour":
            assessed(ticked_engine, now, lacks=LACKS if kind == "missing" else None)
            lacking_since = (lacking_since or now) if kind == "missing" else None
        missing_weather.notify_dispatchers(ticked_engine, now, SETTINGS)
        assert missing_weather.notify_dispatchers(ticked_engine, now, SETTINGS) == 0, "each once"
        knew, knows = knows, one(ticked_engine, "SELECT count(*) FROM school.weather_gaps WHERE ended_at IS NULL") == 1
        if knew and not knows:
            assert kind == "there", "only an hour with its weather ends it"
        if knows and not knew:
            assert set(weather[max(0, n - 3) : n]) <= {"missing", "no hour"}, "not before the set time"
        if lacking_since is not None and now - lacking_since >= SETTINGS.missing_weather_hours * HOUR:
            assert knows
