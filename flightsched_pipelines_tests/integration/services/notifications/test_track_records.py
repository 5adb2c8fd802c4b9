"""Messages and pages state how often forecasts like theirs came true, from 20 cases on, as of the message's time."""

from datetime import timedelta

import pandas as pd
from sqlalchemy import Engine, text

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.verification.track_record import UNOBSERVED_RULES, lead_like
from flightsched_pipelines.messages.email import render_digest, render_notice
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.pages.lesson_weather import lesson_weather
from flightsched_pipelines.services.pages.school_weather import newest_assessed
from flightsched_pipelines.services.slots import slots_of
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import rows

NOW = SEED_HOUR + timedelta(minutes=8)
SENTENCE = "Forecasts like this came true 14 of 20 times."
INSERT = text(
    "INSERT INTO pipeline.verdict_verification (partition_hour, booking_id, training_level, lead_hours, verdict, "
    "observed, school_id, cause, cause_airport) "
    "SELECT CAST(:hour AS timestamptz), n, 'student_pilot', :lead, 'at_risk', "
    "CASE WHEN n <= 14 THEN 'at_risk' WHEN n > 30 THEN 'unknown' ELSE 'ok' END, :school, :rule, :airport "
    "FROM generate_series(1, CAST(:count AS integer)) AS n UNION ALL "
    "SELECT CAST(:hour AS timestamptz), 100, 'student_pilot', :lead, 'at_risk', 'unknown', :school, :rule, :airport"
)


def alike(engine: Engine) -> pd.DataFrame:
    """Return the lessons below the minimums within 48 hours, with the school, cause and lead of each."""
    snapshot, broken = (
        read_partition(engine, PIPELINE_TABLES[name], [SEED_HOUR]) for name in ("booking_snapshot", "at_risk_bookings")
    )
    gravest = broken[(broken["breach_rank"] == 1) & (broken["verdict"] == "at_risk")]
    found = gravest[["booking_id", "rule", "airport"]].merge(snapshot, on="booking_id")
    found["lead"] = [lead_like(start.to_pydatetime(), SEED_HOUR) for start in found["starts_at_utc"]]
    return found[found["lead"].notna()]


def test_twenty_cases_are_stated_in_messages_and_pages_and_nineteen_are_not(ticked_engine: Engine) -> None:
    lessons = alike(ticked_engine)
    keys = ["school_id", "rule", "airport", "lead"]
    is_observed = ~lessons["rule"].isin(list(UNOBSERVED_RULES))
    (first, of_first), (second, of_second) = list(lessons[is_observed].groupby(keys, observed=True))[:2]
    (of_area, _), *_ = list(lessons[~is_observed].groupby(keys, observed=True))
    with ticked_engine.begin() as connection:
        for key, count in ((first, 20), (second, 19), (of_area, 20)):
            values = dict(zip(("school", "rule", "airport", "lead"), key, strict=True))
            connection.execute(INSERT, values | {"hour": SEED_HOUR - timedelta(days=9), "count": count})
            # A verdict of more than a year ago is no longer counted.
            connection.execute(INSERT, values | {"hour": SEED_HOUR - timedelta(days=366), "count": 30})

    assert dispatch(ticked_engine, NOW, settings_for()).steps["opened"]

    sent = rows(ticked_engine, "SELECT payload FROM school.outbox WHERE channel = 'email' AND event <> 'digest'")
    notices = [Notice.model_validate(payload) for (payload,) in sent]
    stated = {one.lesson.booking_id for one in notices if one.track_record is not None}
    told = {one.lesson.booking_id for one in notices}
    assert stated
    assert stated == told & set(of_first["booking_id"])
    assert told & set(of_second["booking_id"])
    for one in notices:
        mail = render_notice(one)
        assert (SENTENCE in mail.text) == (SENTENCE in mail.html) == (one.lesson.booking_id in stated)
        assert "like this" not in mail.text.replace(SENTENCE, "")
    digests = rows(ticked_engine, "SELECT payload FROM school.outbox WHERE channel = 'email' AND event = 'digest'")
    texts = [render_digest(Digest.model_validate(payload)).text for (payload,) in digests]
    assert sum(text.count(SENTENCE) for text in texts) >= len(stated)

    with ticked_engine.connect() as connection:
        at = newest_assessed(connection)
    schools, ids = lessons["school_id"].tolist(), lessons["booking_id"].tolist()
    for school_id, booking_id, slot in zip(schools, ids, slots_of(lessons), strict=True):
        page = lesson_weather(ticked_engine, at, school_id, booking_id, slot, settings_for())
        found = page.track_record and page.track_record.sentence
        assert found == (SENTENCE if booking_id in set(of_first["booking_id"]) else None)
