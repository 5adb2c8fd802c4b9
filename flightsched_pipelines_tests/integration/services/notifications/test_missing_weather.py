"""Dispatchers are notified of weather that is missing for hours once, and once more when it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given
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
LACKS = "ceiling, visibility, weather, wind"


JUDGE = """
INSERT INTO pipeline.lesson_verdicts (partition_hour, booking_id, verdict)
SELECT :hour, id, CASE WHEN EXISTS (SELECT FROM pipeline.at_risk_bookings a WHERE a.booking_id = b.id
AND a.partition_hour = :hour) THEN 'unknown' ELSE 'ok' END FROM school.bookings b
WHERE status NOT IN ('held', 'cancelled') AND lower(period) >= :hour AND lower(period) < :hour + interval '72 hours'
"""
FORECAST = """
INSERT INTO pipeline.forecasts SELECT (jsonb_populate_record(f.stored, jsonb_build_object(
'partition_hour', CAST(:hour AS timestamptz), 'airport', d.departure, 'source', 'TAF'))).*
FROM (SELECT DISTINCT departure FROM school.bookings) d, (SELECT x AS stored FROM pipeline.forecasts x LIMIT 1) f
"""


def assessed(
    engine: Engine, hour: datetime, *, lacks: str | None = LACKS, school_id: int = 0, only: Sequence[int] = (),
    served: bool = True,
) -> None:  # fmt: skip
    """Store an hour in which the forecast of lessons ahead lacks something: all, one school's or some; or of none.

    ``served``: whether any source forecasts the weather at their airports.
    """
    run(engine, "DELETE FROM pipeline.at_risk_bookings WHERE partition_hour = :hour", hour=hour)
    run(engine, "DELETE FROM pipeline.lesson_verdicts WHERE partition_hour = :hour", hour=hour)
    run(engine, "DELETE FROM pipeline.forecasts WHERE partition_hour = :hour AND :hour > :first",
        hour=hour, first=SEED_HOUR)  # fmt: skip
    if lacks:
        run(
            engine,
            "INSERT INTO pipeline.at_risk_bookings "
            "(partition_hour, booking_id, verdict, breach_rank, rule, effect, hazard, airport, hour_utc, layer, unit, "
            "explanation) "
            "SELECT :hour, id, 'unknown', 1, 'forecast', 'block', :lacks, departure, "
            "date_trunc('hour', lower(period)), 'prevailing', '', 'Unknown.' FROM school.bookings "
            "WHERE status NOT IN ('held', 'cancelled') AND lower(period) >= :hour "
            "AND lower(period) < :hour + interval '72 hours' "
            "AND (school_id = :school OR :school = 0) AND (id = ANY(:only) OR :all)",
            hour=hour, lacks=lacks, school=school_id, only=list(only), all=not only,
        )  # fmt: skip
    run(engine, JUDGE, hour=hour)
    if hour > SEED_HOUR:
        run(engine, FORECAST, hour=hour)
    if not served:
        run(engine, "UPDATE pipeline.forecasts SET source = 'METAR' WHERE partition_hour = :hour", hour=hour)
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
        stored = forecasts.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))
        frames.write_partition(ticked_engine, PIPELINE_TABLES["forecasts"], stored, [hour])

    assert tell(ticked_engine, SEED_HOUR + 3 * HOUR) == schools(ticked_engine)
    named = {lesson.starts_at_utc for _, digest in messages(ticked_engine) if digest.missing
             for lesson in digest.missing.lessons}  # fmt: skip
    assert named
    assert SEED_HOUR + 48 * HOUR < max(named) < reach, "what lies beyond every source's reach is not missing"


def test_a_school_hears_once_of_an_airport_that_no_source_serves(ticked_engine: Engine) -> None:
    told: list[int] = []
    for n in range(6):
        assessed(ticked_engine, SEED_HOUR + n * HOUR, lacks="no forecast", served=False)
        told.append(tell(ticked_engine, SEED_HOUR + n * HOUR))
    assert told == [0, 0, 0, schools(ticked_engine), 0, 0]
    assert all(digest.missing and "no source of forecasts serves K" in digest.missing.why
               for _, digest in messages(ticked_engine))  # fmt: skip

    count = len(messages(ticked_engine))
    run(ticked_engine, "UPDATE school.bookings SET status = 'cancelled'")
    assert tell(ticked_engine, SEED_HOUR + 6 * HOUR) == 0, "nobody hears that it is back, nor, next week, again of it"
    run(
        ticked_engine,
        "UPDATE school.bookings SET status = 'scheduled' WHERE status = 'cancelled' AND holds_for IS NULL",
    )
    assert tell(ticked_engine, SEED_HOUR + 6 * HOUR) == 0
    assessed(ticked_engine, SEED_HOUR + 7 * HOUR, lacks=None)
    assert tell(ticked_engine, SEED_HOUR + 7 * HOUR) == schools(ticked_engine), "a source serves it now"
    assert len(messages(ticked_engine)) == 2 * count


def test_an_airport_that_is_out_for_long_does_not_hide_that_all_weather_is(ticked_engine: Engine) -> None:
    near, far = two_lessons(ticked_engine)
    for n in range(5):
        assessed(ticked_engine, SEED_HOUR + n * HOUR, only=[far])
        tell(ticked_engine, SEED_HOUR + n * HOUR)
    for n in range(5, 9):
        assessed(ticked_engine, SEED_HOUR + n * HOUR, only=[near, far])
        tell(ticked_engine, SEED_HOUR + n * HOUR)

    named = [[lesson.reference for lesson in digest.missing.lessons]
             for key, digest in messages(ticked_engine) if digest.missing and "/email" in key]  # fmt: skip
    assert named == [[reference(ticked_engine, far)], [reference(ticked_engine, near)]]


@dataclass(frozen=True)
class Step:
    """An hour, and what happens in it: the lessons that lack weather, or no hour; a lesson's begin, end or move."""

    missing: frozenset[int] | None
    event: str
    lesson: int


STEPS = st.builds(
    Step,
    st.sampled_from([frozenset[int](), frozenset({0}), frozenset({1}), frozenset({0, 1}), frozenset({0, 1}), None]),
    st.sampled_from(["", "", "", "begins", "is cancelled", "moves", "is as planned"]),
    st.integers(0, 1),
)
STARTS = SEED_HOUR + 30 * HOUR
EVENTS = {
    "begins": ("scheduled", -40 * HOUR), "is cancelled": ("cancelled", 0 * HOUR), "moves": ("scheduled", 6 * HOUR),
    "is as planned": ("scheduled", 0 * HOUR),
}  # fmt: skip
"""Each event's status of the lesson, and by how much it is moved."""


def two_lessons(engine: Engine) -> tuple[int, int]:
    """Return two lessons of one school from two airports, at a set time; all others are cancelled."""
    query = (
        "SELECT b.id, c.id, o.ident FROM school.bookings b JOIN school.bookings c ON b.id < c.id "
        "JOIN school.aircraft f ON f.id = b.aircraft_id "
        "JOIN school.aircraft g ON g.id = c.aircraft_id AND g.id <> f.id "
        "JOIN school.airports o ON o.ident <> b.departure "
        "WHERE b.school_id = 1 AND c.school_id = 1 AND NOT f.simulator AND NOT g.simulator "
        "AND b.student_id <> c.student_id AND b.instructor_id <> c.instructor_id AND b.holds_for IS NULL "
        "AND c.holds_for IS NULL ORDER BY b.id, c.id, o.ident LIMIT 1"
    )
    [(near, far, elsewhere)] = rows(engine, query)
    run(engine, "UPDATE school.bookings SET departure = :there, route = '{}' WHERE id = :id", there=elsewhere, id=far)
    run(engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id <> ALL(:ids)", ids=[near, far])
    for booking_id in (near, far):
        happens(engine, booking_id, "is as planned")
    return near, far


def happens(engine: Engine, booking_id: int, event: str) -> None:
    status, by = EVENTS[event]
    run(
        engine,
        "UPDATE school.bookings SET status = :status, period = tstzrange(:starts, :ends) WHERE id = :id",
        status=status, starts=STARTS + by, ends=STARTS + by + 2 * HOUR, id=booking_id,
    )  # fmt: skip


def reference(engine: Engine, booking_id: int) -> str:
    return one(engine, "SELECT reference FROM school.bookings WHERE id = :id", id=booking_id)


@examples(
    20,
    "an example is a history of hours in PostgreSQL; few hours make every order",
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(steps=[Step(frozenset({0}), "", 0)] * 4 + [Step(frozenset({0}), "moves", 0)] * 2)
@example(steps=[Step(frozenset({0}), "", 0)] * 4 + [Step(frozenset({0}), "is cancelled", 0)] * 2)
@example(steps=[Step(frozenset({0}), "", 0)] * 4 + [Step(frozenset({0}), "begins", 0)] * 2)
@example(steps=[Step(frozenset({0}), "", 0)] * 4 + [Step(frozenset({0, 1}), "", 0)] * 4 + [Step(frozenset(), "", 0)])
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
def test_beginnings_and_ends_alternate_and_nothing_is_told_too_soon(ticked_engine: Engine, steps: list[Step]) -> None:
    """Weather at two airports, with a lesson at each that may begin, be cancelled, or move to weather that is there."""
    run(ticked_engine, "TRUNCATE school.weather_gaps, school.outbox, pipeline.at_risk_bookings")
    run(ticked_engine, "DELETE FROM pipeline.partitions WHERE name = 'at_risk_bookings'")
    lessons = two_lessons(ticked_engine)
    airports = [one(ticked_engine, "SELECT departure FROM school.bookings WHERE id = :id", id=key) for key in lessons]
    planned, missing_now, newest = {0, 1}, frozenset[int](), SEED_HOUR
    lacking_since: dict[int, datetime] = {}
    seen = 0
    for n, step in enumerate([Step(frozenset(), "", 0), *steps]):
        now = SEED_HOUR + n * HOUR
        if step.missing is not None:
            missing_now, newest = step.missing, now
            lacks = [lessons[k] for k in step.missing & planned]
            assessed(ticked_engine, now, lacks=LACKS if lacks else None, only=lacks)
            lacking_since = {k: lacking_since.get(k, now) for k in step.missing & planned}
        if step.event:
            happens(ticked_engine, lessons[step.lesson], step.event)
            (planned.add if step.event == "is as planned" else planned.discard)(step.lesson)
        before = open_gaps(ticked_engine)
        missing_weather.notify_dispatchers(ticked_engine, now, SETTINGS)
        assert missing_weather.notify_dispatchers(ticked_engine, now, SETTINGS) == 0, "each once"
        after = open_gaps(ticked_engine)
        sent = [digest.missing for key, digest in messages(ticked_engine)[seen:] if digest.missing and "email" in key]
        seen = len(messages(ticked_engine))

        is_recent = now - newest <= SETTINGS.dispatch_max_age_hours * HOUR
        back = [ident for told in sent if told.over for ident in told.airports]
        for k, ident in enumerate(airports):
            if ident in back:
                assert step.missing is not None
                assert k not in missing_now, "only an hour with its weather is told of as its end"
            if ident in before - after:
                assert ident in back or k not in planned, "else it ends in silence, as no lesson needs it"
                assert k not in missing_now or k not in planned
            if ident in after - before:
                assert now - lacking_since[k] >= SETTINGS.missing_weather_hours * HOUR, "not before the set time"
            due = k in planned and now - lacking_since.get(k, now) >= SETTINGS.missing_weather_hours * HOUR
            if due and is_recent:
                assert {ident, None} & after, "whatever is known of other airports"
        if not is_recent and planned:
            assert after, "no hour has run for too long"


def open_gaps(engine: Engine) -> set[str | None]:
    return {row[0] for row in rows(engine, "SELECT airport FROM school.weather_gaps WHERE ended_at IS NULL")}
