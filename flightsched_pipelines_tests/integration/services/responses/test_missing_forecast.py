"""No booking moves to a time whose forecast is missing, by any path; a time beyond reach is allowed."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS
from flightsched_pipelines.domain.weather.guidance.reading import is_bulletin
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.services.responses.respond import respond
from flightsched_pipelines.services.responses.swap import swap
from flightsched_pipelines.services.standby import offers
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    SETTINGS,
    cases,
    held,
    offer,
    one,
    place,
    rows,
    run,
    said,
    say,
    state,
)

MINUTE = timedelta(minutes=1)
NEXT_HOUR = SEED_HOUR + HOUR
MOMENT = NEXT_HOUR + 20 * MINUTE
RULES_OF_SWAPS = (
    "SELECT c.id, d.id FROM school.reschedule_cases c JOIN school.reschedule_cases d ON c.id < d.id "
    "JOIN school.bookings b ON b.id = c.booking_id JOIN school.bookings e ON e.id = d.booking_id "
    "JOIN school.aircraft f ON f.id = b.aircraft_id JOIN school.aircraft g ON g.id = e.aircraft_id "
    "WHERE f.type = g.type AND b.school_id = e.school_id AND NOT b.solo AND NOT e.solo "
    "AND b.student_id <> e.student_id AND c.starts_at_utc > :soon AND d.starts_at_utc > :soon ORDER BY c.id, d.id"
)


def write(engine: Engine, name: str, frame: pd.DataFrame, hour: datetime) -> None:
    """Store a frame as an hour's rows of a table."""
    frame = frame.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))
    frames.write_partition(engine, PIPELINE_TABLES[name], frame, [hour])


def store(engine: Engine, responses: pd.DataFrame, hour: datetime = NEXT_HOUR) -> None:
    """Store the forecast and the hazard areas in an hour's responses."""
    write(engine, "forecasts", hourly_steps.forecast(engine, responses, hour, SETTINGS), hour)
    write(engine, "hazard_areas", hourly_steps.hazard_areas(responses, hour), hour)


def first_responses(engine: Engine) -> pd.DataFrame:
    """Return the responses of the first hour."""
    return frames.read_partition(engine, PIPELINE_TABLES["raw_weather"], [SEED_HOUR]).drop(columns="partition_hour")


def no_weather(engine: Engine) -> None:
    """Store a newest hour whose requests to every provider failed."""
    failed = first_responses(engine).assign(outcome="timeout", body=None, error="no answer in time", status_code=None)
    store(engine, failed)


def garbled_weather(engine: Engine) -> None:
    """Every TAF, METAR and row of guidance of the newest hour is cut off, and One Call gives one hour only."""
    raw = first_responses(engine)
    of_areas = raw["product"].isin(list(AREA_PRODUCTS))
    bodies = [body if area else garbled_body(body) for body, area in zip(raw["body"], of_areas, strict=True)]
    store(engine, raw.assign(body=bodies))


def areas_not_written(engine: Engine) -> None:
    """The newest hour has a fair forecast, and has not stored its hazard areas."""
    first = frames.read_partition(engine, PIPELINE_TABLES["forecasts"], [SEED_HOUR])
    nothing = pd.Series([list[str]()] * len(first))
    fair = first.assign(
        wind_speed_kt=3.0, wind_gust_kt=math.nan, visibility_sm=10.0, ceiling_ft=math.nan, weather=nothing,
        hazards=nothing, missing=nothing,
    )  # fmt: skip
    write(engine, "forecasts", fair, NEXT_HOUR)


def garbled_body(text: str) -> str:
    """Return a bulletin with all rows but the headings cut off, or JSON with its reports cut off."""
    if is_bulletin(text):
        return "\n".join(line if " GUIDANCE " in line else line[: len(line) // 2] for line in text.splitlines())
    body = json.loads(text)
    if isinstance(body, list):
        return json.dumps([{"icaoId": report["icaoId"], "rawTAF": ""} for report in body])
    return json.dumps(body | {"hourly": body["hourly"][:1]})


def no_new_hour(engine: Engine) -> None:
    """The newest hour with a forecast began too long ago."""
    age = "SET partition_hour = partition_hour - interval '4 hours' WHERE name IN ('forecasts', 'hazard_areas')"
    run(engine, f"UPDATE pipeline.partitions {age}")


def no_hour(engine: Engine) -> None:
    """No hour has a forecast."""
    run(engine, "DELETE FROM pipeline.partitions WHERE name = 'forecasts'")


MISSING: Mapping[str, Callable[[Engine], None]] = {
    "no weather": no_weather, "garbled": garbled_weather, "no new hour": no_new_hour, "no hour": no_hour,
    "areas not written": areas_not_written,
}  # fmt: skip
missing = pytest.mark.parametrize("lose", MISSING.values(), ids=MISSING)


def moved(engine: Engine) -> int:
    return one(engine, "SELECT count(*) FROM school.bookings WHERE times_moved > 0")


def forecast_case(engine: Engine) -> tuple[int, int]:
    """Return a case whose first alternative is on a later day, within reach of the forecast."""
    reach = SEED_HOUR + 24 * HOUR, SEED_HOUR + 46 * HOUR
    return next(pair for pair in cases(engine) if reach[0] < offer(engine, pair[0], 1)[0] < reach[1])


def accepted(engine: Engine) -> tuple[int, int]:
    """Return a case whose first alternative the student accepted while its forecast was present."""
    case_id, booking_id = forecast_case(engine)
    assert say(engine, case_id, "accept", MOMENT - 15 * MINUTE, number=1).applied
    return case_id, booking_id


@missing
def test_nothing_is_held_and_the_answer_can_be_given_again(told_engine: Engine, lose: Callable[[Engine], None]) -> None:
    case_id, booking_id = forecast_case(told_engine)
    lose(told_engine)

    refused = say(told_engine, case_id, "accept", MOMENT, number=1)

    assert (refused.outcome, held(told_engine, booking_id)) == ("no_forecast", 0)
    assert "answer again when the forecast is back" in refused.sentence
    found_again(told_engine)
    assert say(told_engine, case_id, "accept", MOMENT + MINUTE, number=1).applied


@missing
@pytest.mark.parametrize("door", ["terminal", "queue", "page"])
def test_what_is_held_stays_held_until_it_can_be_confirmed(
    told_engine: Engine, lose: Callable[[Engine], None], door: str
) -> None:
    case_id, booking_id = accepted(told_engine)
    before = place(told_engine, booking_id)
    lose(told_engine)

    response = replace(said("confirm"), key=f"confirm-by-{door}", case_id=case_id, door=door)
    refused = respond(told_engine, response, MOMENT, SETTINGS)

    assert refused.outcome == "no_forecast", refused
    assert "stays held" in refused.sentence
    assert (place(told_engine, booking_id), held(told_engine, booking_id), moved(told_engine)) == (before, 1, 0)
    assert state(told_engine, case_id) == "student_accepted"
    found_again(told_engine)
    assert say(told_engine, case_id, "confirm", MOMENT + MINUTE).applied
    assert moved(told_engine) == 1


@missing
def test_nobody_is_confirmed_unasked_and_it_is_tried_again_with_the_next_forecast(
    told_engine: Engine, lose: Callable[[Engine], None]
) -> None:
    run(told_engine, "UPDATE school.instructors SET auto_confirm = true")
    case_id, booking_id = accepted(told_engine)
    lose(told_engine)

    for minutes in range(3):
        deadlines.process_deadlines(told_engine, MOMENT + minutes * MINUTE, SETTINGS)

    assert (moved(told_engine), held(told_engine, booking_id)) == (0, 1)
    assert deadlines.deadlines_due(told_engine, MOMENT + 3 * MINUTE, SETTINGS) == 0, (
        "nothing to do until a forecast comes"
    )
    found_again(told_engine)
    passed = deadlines.process_deadlines(told_engine, MOMENT + 4 * MINUTE, SETTINGS)
    assert (passed["confirmed unasked"], state(told_engine, case_id)) == (1, "rescheduled")


@missing
def test_a_hold_does_not_end_while_nobody_could_confirm_it(told_engine: Engine, lose: Callable[[Engine], None]) -> None:
    _, booking_id = accepted(told_engine)
    until = "SELECT held_until FROM school.bookings WHERE holds_for = :id"
    lose(told_engine)

    ended = one(told_engine, until, id=booking_id)
    passed = deadlines.process_deadlines(told_engine, ended, SETTINGS)

    assert passed["holds released"] == 0
    assert held(told_engine, booking_id) == 1
    assert one(told_engine, until, id=booking_id) > ended
    assert deadlines.deadlines_due(told_engine, ended, SETTINGS) == 0


@missing
def test_two_lessons_do_not_take_each_others_places(told_engine: Engine, lose: Callable[[Engine], None]) -> None:
    pairs = rows(told_engine, RULES_OF_SWAPS, soon=LATER + 8 * HOUR)
    lose(told_engine)
    run(told_engine, "DELETE FROM school.availability_exceptions")
    run(told_engine, "UPDATE school.availability SET starts = '00:00', ends = '23:59'")
    case_ids = {case_id for pair in pairs[:1] for case_id in pair}
    run(told_engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id NOT IN "
        "(SELECT booking_id FROM school.reschedule_cases WHERE id = ANY(:ids))", ids=list(case_ids))  # fmt: skip

    refused = swap(told_engine, "no-forecast", tuple(pairs[0]), "terminal", MOMENT, SETTINGS)

    assert (refused.outcome, moved(told_engine)) == ("no_forecast", 0), refused


@missing
def test_no_other_times_and_no_freed_slots_are_offered(told_engine: Engine, lose: Callable[[Engine], None]) -> None:
    known = [case_id for case_id, _ in cases(told_engine)]
    freed = one(told_engine, "SELECT min(id) FROM school.bookings WHERE status = 'scheduled' AND lower(period) > :soon",
                soon=MOMENT + 12 * HOUR)  # fmt: skip
    beyond = "DELETE FROM pipeline.reschedule_candidates WHERE ends_at_utc > :reached"
    run(told_engine, beyond, reached=SEED_HOUR + 46 * HOUR)
    lose(told_engine)
    run(told_engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id = :id", id=freed)

    outcomes = {case_id: say(told_engine, case_id, "none_suit", MOMENT).outcome for case_id in known}

    assert one(told_engine, "SELECT count(*) FROM school.case_offers WHERE round > 1") == 0
    assert offers.offer_freed_slots(told_engine, MOMENT, SETTINGS).offered == 0
    waiting = [case_id for case_id, outcome in outcomes.items() if outcome == "no_forecast"]
    assert waiting
    assert {state(told_engine, case_id) for case_id in waiting} == {"proposed"}
    found_again(told_engine)
    assert say(told_engine, waiting[0], "none_suit", MOMENT + MINUTE).applied
    assert one(told_engine, "SELECT count(*) FROM school.case_offers WHERE round > 1") > 0


@missing
def test_mails_say_that_the_forecast_is_missing_not_what_it_was(
    told_engine: Engine, lose: Callable[[Engine], None]
) -> None:
    case_id, _ = accepted(told_engine)
    lose(told_engine)
    one_by_one = MOMENT - 15 * MINUTE + timedelta(seconds=90)

    assert say(told_engine, case_id, "withdraw", one_by_one).applied

    query = (
        "SELECT payload -> 'offers' FROM school.outbox WHERE case_id = :id AND event = 'withdrawn' AND role = 'student'"
    )
    reasons = [each["reason"] for each in one(told_engine, query, id=case_id)]
    assert reasons
    assert not [reason for reason in reasons if "to spare" in reason or "above the school's minimums" in reason]
    assert any("missing at present" in reason for reason in reasons)


def test_a_time_that_no_forecast_reaches_yet_may_be_taken_and_people_are_told_so(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    chosen = offer(told_engine, case_id, 1)
    run(told_engine, "DELETE FROM pipeline.forecasts WHERE hour_utc > :until", until=chosen[0] - 3 * HOUR)

    accepted = say(told_engine, case_id, "accept", number=1)
    assert accepted.applied
    assert "No forecast reaches this time yet." in accepted.sentence
    assert say(told_engine, case_id, "confirm", LATER + MINUTE).applied

    assert place(told_engine, booking_id)[1] == chosen[0]
    query = (
        "SELECT payload -> 'changes' FROM school.outbox WHERE case_id = :id AND event = 'moved' AND role = 'student'"
    )
    assert "No forecast reaches this time yet." in one(told_engine, query, id=case_id)


def found_again(engine: Engine) -> None:
    """Store an hour like the first: the forecast is back."""
    for name in ("forecasts", "hazard_areas"):
        write(engine, name, frames.read_partition(engine, PIPELINE_TABLES[name], [SEED_HOUR]), SEED_HOUR + 2 * HOUR)
