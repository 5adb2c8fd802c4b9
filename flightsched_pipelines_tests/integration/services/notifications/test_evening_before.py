"""The evening before: everybody with a lesson tomorrow hears once how it stands."""

from datetime import date, time, timedelta
from pathlib import Path

from sqlalchemy import Engine, event, text

from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.queries.notifications import evenings
from flightsched_pipelines.messages.models import Digest
from flightsched_pipelines.services.delivery import channel_senders
from flightsched_pipelines.services.delivery.outbox_worker import drain
from flightsched_pipelines.services.notifications import evening_before
from flightsched_pipelines.services.responses.deadlines import deadlines_due, process_deadlines
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import rows, run

EVENING = SEED_HOUR + timedelta(hours=12)
"""18:00 in Palo Alto, and 23:00 in Sao Paulo."""

UNCERTAIN = {"beyond_reach", "forecast_missing", "not_assessed"}
TOMORROW = """
    SELECT b.id, v.verdict, b.solo
    FROM school.bookings b
    JOIN school.schools s ON s.id = b.school_id
    JOIN school.airports a ON a.ident = s.base_airport
    LEFT JOIN pipeline.lesson_verdicts v ON v.booking_id = b.id
    WHERE b.status IN ('scheduled', 'weather_hold')
    AND (lower(b.period) AT TIME ZONE a.time_zone)::date = DATE '2026-11-11'
    ORDER BY b.id
"""

TOLD = "SELECT key, payload FROM school.outbox WHERE key LIKE 'evening-%'"


def tomorrow(engine: Engine) -> dict[int, str | None]:
    """Return the verdict on both schools' lessons of tomorrow, by booking."""
    return {row[0]: row[1] for row in rows(engine, TOMORROW)}


def at_six(**values: object) -> Settings:
    return settings_for(evening_message_at=time(18), dispatch_max_age_hours=24, **values)


def told(engine: Engine) -> list[Digest]:
    kept = "key LIKE 'evening-%' AND status <> 'suppressed'"
    found = rows(engine, f"SELECT payload FROM school.outbox WHERE {kept} ORDER BY id")  # noqa: S608, our SQL
    return [Digest.model_validate(payload) for (payload,) in found]


def lines(engine: Engine) -> dict[int, set[str]]:
    """Return how each lesson is told to stand, by booking."""
    found: dict[int, set[str]] = {}
    for digest in told(engine):
        assert digest.evening is not None
        for line in digest.evening.lines:
            found.setdefault(line.lesson.booking_id, set()).add(line.standing.value)
    return found


def test_everybody_with_a_lesson_tomorrow_hears_once_in_the_evening(told_engine: Engine) -> None:
    settings = at_six()
    assert evening_before.due(told_engine, SEED_HOUR, settings) == 0
    wanted = tomorrow(told_engine)
    assert len(wanted) > 5
    due = evening_before.due(told_engine, EVENING, settings)
    assert deadlines_due(told_engine, EVENING, settings) >= due > 0
    assert process_deadlines(told_engine, EVENING, settings)["people told of tomorrow"] == due
    later = EVENING + timedelta(hours=3)
    assert evening_before.due(told_engine, later, settings) == 0
    assert evening_before.tell_people(told_engine, later, settings) == 0
    assert len(told(told_engine)) == due
    assert lines(told_engine).keys() >= wanted.keys()
    assert all(digest.lines == [] for digest in told(told_engine))


def test_how_a_lesson_stands_is_what_the_newest_hour_found(told_engine: Engine) -> None:
    stood = next(key for key, verdict in tomorrow(told_engine).items() if verdict == "ok")
    with told_engine.begin() as connection:
        doubt = "UPDATE pipeline.lesson_verdicts SET uncertainty = 'guidance sees 900 ft' WHERE booking_id = :id"
        connection.execute(text(doubt), {"id": stood})
    evening_before.tell_people(told_engine, EVENING, at_six())
    mails = [digest.evening for digest in told(told_engine) if digest.evening]
    assert {line.lesson.booking_id for mail in mails for line in mail.lines if line.uncertainty} == {stood}
    stands = {"ok": {"stands"}, "watch": {"warned"}, "at_risk": {"below"}}
    found = lines(told_engine)
    for booking_id, verdict in tomorrow(told_engine).items():
        assert len(found[booking_id]) == 1, "student and instructor hear the same"
        assert found[booking_id] <= stands.get(verdict or "", UNCERTAIN)
    assert {"stands", "below"} <= set[str]().union(*found.values())


def test_a_forecast_of_long_ago_lets_no_lesson_stand(told_engine: Engine) -> None:
    evening_before.tell_people(told_engine, EVENING, settings_for(evening_message_at=time(18)))
    assert set[str]().union(*lines(told_engine).values()) <= {"not_assessed", "below"}


def test_a_lesson_on_the_ground_stands_whatever_the_weather(told_engine: Engine) -> None:
    booking_id = next(key for key, verdict, solo in rows(told_engine, TOMORROW) if verdict == "ok" and not solo)
    with told_engine.begin() as connection:
        grounded = "UPDATE school.bookings SET aircraft_id = NULL, ground = true WHERE id = :id"
        connection.execute(text(grounded), {"id": booking_id})
    evening_before.tell_people(told_engine, EVENING, at_six())
    assert lines(told_engine)[booking_id] == {"not_flown"}


def test_nobody_is_woken_for_it_nor_told_after_the_night(told_engine: Engine) -> None:
    with told_engine.begin() as connection:
        connection.execute(text("DELETE FROM school.contact_preferences"))  # quiet from 22:00 to 07:00
    at_ten = EVENING + timedelta(hours=4)
    assert evening_before.due(told_engine, at_ten - timedelta(minutes=1), at_six()) > 0
    assert evening_before.due(told_engine, at_ten, at_six()) == 0


def test_the_mail_says_what_stands_and_never_more(told_engine: Engine, tmp_path: Path) -> None:
    with told_engine.begin() as connection:
        connection.execute(text("UPDATE school.outbox SET status = 'suppressed'"))
    settings = at_six(flightsched_home=tmp_path)
    evening_before.tell_people(told_engine, EVENING, settings)
    with channel_senders.open_channels(told_engine, settings) as channels:
        sent = drain(told_engine, channels, settings, now=lambda: EVENING).sent
    assert sent["email"] == len(told(told_engine))
    below = [mail for mail in read_maildir(tmp_path / "mail") if "below the school" in str(mail["Subject"])]
    assert below
    for mail in below:
        body = mail.get_body(("plain",))
        assert body is not None
        words = body.get_content()
        assert words.startswith("Hello ")
        assert "It is below the school's minimums. " in words
        assert "safe" not in words.lower()
        assert words.index("Hello") < words.index("tomorrow, Wed 11 Nov") < words.index("You will be told of changes.")


def test_the_schedule_is_read_only_where_it_is_evening_and_somebody_has_not_heard(told_engine: Engine) -> None:
    read: list[object] = []

    def note(*arguments: object) -> None:
        if "FROM school.bookings" in str(arguments[2]):
            read.append(arguments)

    event.listen(told_engine, "before_cursor_execute", note)
    try:
        assert evening_before.due(told_engine, SEED_HOUR, at_six()) == 0
        assert read == []
        assert evening_before.tell_people(told_engine, EVENING, at_six()) > 0
        read.clear()
        assert evening_before.due(told_engine, EVENING + timedelta(minutes=1), at_six()) == 0
        assert len(read) == 1
    finally:
        event.remove(told_engine, "before_cursor_execute", note)
    with told_engine.connect() as connection:
        left = evenings.lessons_untold(connection, EVENING, EVENING + timedelta(hours=40), [date(2026, 11, 11)])
    assert {one.booking_id for one in left}.isdisjoint(tomorrow(told_engine))


def test_who_has_not_heard_hears_of_all_lessons_of_the_day(told_engine: Engine) -> None:
    evening_before.tell_people(told_engine, EVENING, at_six())
    before = {row[0]: row[1] for row in rows(told_engine, TOLD)}
    key = max(before, key=lambda one: len(before[one]["evening"]["lines"]))
    assert len(before[key]["evening"]["lines"]) > 1
    run(told_engine, "DELETE FROM school.outbox WHERE key = :key", key=key)

    assert evening_before.tell_people(told_engine, EVENING + timedelta(minutes=1), at_six()) == 1

    after = {row[0]: row[1] for row in rows(told_engine, TOLD)}
    assert after[key]["evening"]["lines"] == before[key]["evening"]["lines"]


def test_what_has_waited_says_how_the_lessons_stand_when_it_goes_out(told_engine: Engine) -> None:
    settings = at_six()
    process_deadlines(told_engine, EVENING, settings)
    before = lines(told_engine)
    stood = [key for key, standings in before.items() if standings == {"stands"}]
    assert len(stood) >= 2
    with told_engine.begin() as connection:
        worse = text("UPDATE pipeline.lesson_verdicts SET verdict = 'unknown' WHERE booking_id = :id")
        connection.execute(worse, {"id": stood[0]})
        gone = text("UPDATE school.bookings SET status = 'cancelled' WHERE id = :id")
        connection.execute(gone, {"id": stood[1]})

    process_deadlines(told_engine, EVENING + timedelta(minutes=30), settings)
    assert lines(told_engine) == before, "in its own hour a message stays as it is"
    process_deadlines(told_engine, EVENING + timedelta(hours=1), settings)

    after = lines(told_engine)
    assert after[stood[0]] <= {"forecast_missing", "beyond_reach"}
    assert stood[1] not in after
    assert before.keys() - after.keys() == {stood[1]}


def test_a_message_of_which_no_lesson_is_left_is_not_sent(told_engine: Engine) -> None:
    settings = at_six()
    process_deadlines(told_engine, EVENING, settings)
    with told_engine.begin() as connection:
        connection.execute(text("UPDATE school.bookings SET status = 'cancelled'"))

    process_deadlines(told_engine, EVENING + timedelta(hours=1), settings)

    left = "SELECT DISTINCT status, last_error FROM school.outbox WHERE key LIKE 'evening-%'"
    assert [tuple(row) for row in rows(told_engine, left)] == [("suppressed", "no lesson is left on that day")]
