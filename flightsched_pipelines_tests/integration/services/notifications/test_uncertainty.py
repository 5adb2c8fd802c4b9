"""Messages, pages and boards say where guidance would give another verdict than the TAF; pages advise on icing."""

from datetime import timedelta

from sqlalchemy import Engine, text

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.messages.email import render_digest, render_notice
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.hourly.board import lessons_on_board
from flightsched_pipelines.services.hourly.explanation import explain_booking
from flightsched_pipelines.services.hourly.hourly_steps import lessons_ahead
from flightsched_pipelines.services.hourly.second_opinion import guidance_disagreements, with_uncertainty
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.pages.lesson_weather import lesson_weather
from flightsched_pipelines.services.pages.school_weather import newest_assessed
from flightsched_pipelines.services.slots import slots_of
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import rows

NOW = SEED_HOUR + timedelta(minutes=8)
SENTENCE = (
    "The forecasts disagree. The TAF governs and has ceiling 800 ft; guidance (National Blend of Models) has nothing "
    "that would put the lesson on hold."
)
SET = text("UPDATE pipeline.lesson_verdicts SET uncertainty = :words WHERE booking_id = :booking")
HUMID = text("UPDATE pipeline.forecasts SET outside_air_temperature_c = 12, outside_air_dewpoint_c = 11")


def test_an_uncertain_verdict_is_told_wherever_the_lesson_is_shown(ticked_engine: Engine) -> None:
    found = "SELECT booking_id FROM pipeline.at_risk_bookings WHERE verdict = 'at_risk' ORDER BY booking_id LIMIT 1"
    ((booking_id,),) = rows(ticked_engine, found)
    with ticked_engine.begin() as connection:
        connection.execute(SET, {"words": SENTENCE, "booking": booking_id})
        connection.execute(HUMID)
        connection.execute(text("UPDATE school.aircraft SET carburettor = NULL WHERE id % 2 = 0"))

    assert dispatch(ticked_engine, NOW, settings_for()).steps["opened"]
    sent = rows(ticked_engine, "SELECT payload FROM school.outbox WHERE channel = 'email' AND event <> 'digest'")
    notices = [Notice.model_validate(payload) for (payload,) in sent]
    assert any(one.uncertainty for one in notices)
    for one in notices:
        mail, its_own = render_notice(one), one.lesson.booking_id == booking_id
        assert (SENTENCE in mail.text) == (SENTENCE in mail.html) == its_own
    digests = rows(ticked_engine, "SELECT payload FROM school.outbox WHERE channel = 'email' AND event = 'digest'")
    assert any(SENTENCE in render_digest(Digest.model_validate(payload)).text for (payload,) in digests)

    board = lessons_on_board(ticked_engine, SEED_HOUR, 3, None)
    assert {one.booking_id for one in board if one.uncertainty} == {booking_id}
    assert explain_booking(ticked_engine, str(booking_id), None, settings_for()).uncertainty == SENTENCE

    snapshot = read_partition(ticked_engine, PIPELINE_TABLES["booking_snapshot"], [SEED_HOUR])
    lessons = lessons_ahead(snapshot, SEED_HOUR, 72)
    carburettors = dict(rows(ticked_engine, "SELECT id, carburettor FROM school.aircraft"))
    assert {True, False, None} == set(carburettors.values())
    with ticked_engine.connect() as connection:
        at = newest_assessed(connection)
    for lesson, slot in zip(lessons.to_dict("records"), slots_of(lessons), strict=True):
        page = lesson_weather(ticked_engine, at, lesson["school_id"], lesson["booking_id"], slot, settings_for())
        assert (SENTENCE in page.notes) == (lesson["booking_id"] == booking_id)
        advised = any("Carburettor icing is likely: 12 °C with a dew point of 11 °C" in note for note in page.notes)
        assert advised == bool(carburettors[lesson["aircraft_id"]])
    explained = [explain_booking(ticked_engine, str(one), None, settings_for()) for one in lessons["booking_id"][:4]]
    ours = [bool(carburettors[one]) for one in lessons["aircraft_id"][:4]]
    assert [one.advice is not None for one in explained] == ours


def test_an_hour_stores_the_verdicts_that_guidance_would_give_otherwise(ticked_engine: Engine) -> None:
    """Spoil what guidance has: each lesson under a TAF, and above the minimums by it, is then uncertain."""
    snapshot, forecasts, verdicts = (
        read_partition(ticked_engine, PIPELINE_TABLES[name], [SEED_HOUR])
        for name in ("booking_snapshot", "forecasts", "lesson_verdicts")
    )
    assert verdicts["uncertainty"].isna().all(), "the simulated guidance agrees"
    low = forecasts.assign(ceiling_ft=forecasts["ceiling_ft"].mask(forecasts["source"].isin(["NBH", "NBS"]), 200.0))
    lessons = lessons_ahead(snapshot, SEED_HOUR, 72)
    apart = guidance_disagreements(ticked_engine, lessons, low, SEED_HOUR, settings_for())
    noted = with_uncertainty(ticked_engine, verdicts, lessons, low, SEED_HOUR, settings_for())
    assert apart
    told = noted.dropna(subset="uncertainty")
    assert dict(zip(told["booking_id"], told["uncertainty"], strict=True)) == {
        one.booking_id: one.words for one in apart
    }
    assert told["uncertainty"].str.contains("guidance (National Blend of Models) has ceiling 200 ft", regex=False).any()
