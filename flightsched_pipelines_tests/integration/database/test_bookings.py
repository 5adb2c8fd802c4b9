"""No aircraft, instructor or student is ever booked twice, whatever the code does."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError, OperationalError

from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.queries.schedule.booking_moves import lock_resources
from flightsched_pipelines.database.schema import bookings
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for

START = SEED_HOUR + timedelta(days=40)
CLIENTS = 32


def first_lesson(reference: str, hours: float = 0) -> dict[str, object]:
    """A lesson of the first student with the first instructor and aircraft of the first school."""
    start = START + timedelta(hours=hours)
    return {
        "reference": reference, "school_id": 1, "student_id": 1, "instructor_id": 1, "aircraft_id": 1,
        "lesson_kind": "local", "solo": False, "departure": "KPAO", "route": [],
        "period": Range(start, start + timedelta(hours=1)),
    }  # fmt: skip


def book(engine: Engine, reference: str, *, hours: float = 0, **fields: object) -> None:
    """Book such a lesson, with the test's changes."""
    with engine.begin() as connection:
        connection.execute(bookings.insert(), first_lesson(reference, hours) | fields)


@pytest.fixture
def many_connections(seeded_url: str) -> Iterator[Engine]:
    """A connection for each of the clients: all of them are in the database at once."""
    engine = connect(settings_for(database_url=seeded_url, database_pool_size=CLIENTS))
    try:
        yield engine
    finally:
        engine.dispose()


OTHERS = {"student_id": 2, "instructor_id": 2, "aircraft_id": 2}


@pytest.mark.parametrize("shared", ["student_id", "instructor_id", "aircraft_id"])
def test_nothing_is_booked_twice_at_one_time(seeded_engine: Engine, shared: str) -> None:
    book(seeded_engine, "first")
    others = {name: key for name, key in OTHERS.items() if name != shared}

    with pytest.raises(IntegrityError, match=f"bookings_no_double_{shared.removesuffix('_id')}"):
        book(seeded_engine, "second", hours=0.5, **others)


def test_lessons_may_follow_each_other_without_a_gap(seeded_engine: Engine) -> None:
    book(seeded_engine, "first")

    book(seeded_engine, "second", hours=1)


def test_two_solo_flights_share_no_instructor_they_do_not_have(seeded_engine: Engine) -> None:
    book(seeded_engine, "first", solo=True, instructor_id=None)

    book(seeded_engine, "second", solo=True, instructor_id=None, student_id=2, aircraft_id=2)


def test_a_cancelled_booking_holds_nothing(seeded_engine: Engine) -> None:
    book(seeded_engine, "first", status="cancelled")

    book(seeded_engine, "second")


def test_a_booking_on_weather_hold_keeps_its_place(seeded_engine: Engine) -> None:
    book(seeded_engine, "first", status="weather_hold")

    with pytest.raises(IntegrityError):
        book(seeded_engine, "second")


def test_two_lessons_can_swap_their_times_in_one_transaction(seeded_engine: Engine) -> None:
    book(seeded_engine, "first")
    book(seeded_engine, "second", hours=1)
    with seeded_engine.begin() as connection:
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        for reference, hours in (("first", 1), ("second", 0)):
            start = START + timedelta(hours=hours)
            period = Range(start, start + timedelta(hours=1))
            connection.execute(bookings.update().where(bookings.c.reference == reference).values(period=period))

    with seeded_engine.connect() as connection:
        starts = dict(connection.execute(select(bookings.c.reference, func.lower(bookings.c.period))).all())
    assert starts["first"] - starts["second"] == timedelta(hours=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"lesson_kind": "aerobatics"},
        {"status": "maybe"},
        {"instructor_id": None},
        {"period": Range(START, START)},
        {"period": Range(START, START + timedelta(hours=25))},
        {"period": Range(START, None)},
    ],
)
def test_a_booking_that_makes_no_sense_is_refused(seeded_engine: Engine, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        book(seeded_engine, "nonsense", **fields)


RESOURCES = [("student", 1), ("instructor", 1), ("aircraft", 1)]


def want_one_slot(engine: Engine, *, locked: bool) -> Counter[str]:
    """Let many clients book one slot at once, and count the results."""

    def attempt(client: int) -> str:
        try:
            with engine.begin() as connection:
                if locked:
                    lock_resources(connection, RESOURCES)
                connection.execute(bookings.insert(), first_lesson(f"client {client}"))
        except IntegrityError:
            return "refused"
        except OperationalError as error:
            return type(error.orig).__name__
        return "booked"

    with ThreadPoolExecutor(CLIENTS) as clients:
        became = Counter(clients.map(attempt, range(CLIENTS)))
    with engine.connect() as connection:
        first = bookings.c.reference.like("client %")
        assert connection.execute(select(func.count()).select_from(bookings).where(first)).scalar_one() == 1
    return became


def test_of_many_who_want_one_slot_at_once_one_gets_it(many_connections: Engine) -> None:
    became = want_one_slot(many_connections, locked=False)
    assert became["booked"] == 1
    assert became["refused"] + became["DeadlockDetected"] == CLIENTS - 1, became


def test_with_the_resources_locked_in_their_order_none_of_them_is_in_a_deadlock(many_connections: Engine) -> None:
    assert want_one_slot(many_connections, locked=True) == {"booked": 1, "refused": CLIENTS - 1}
