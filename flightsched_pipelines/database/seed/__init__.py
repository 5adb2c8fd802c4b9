"""Seed two sample schools from a fixed random seed, relative to an hour: for the demo, development and tests."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

import pandas as pd
from sqlalchemy import Connection, Engine, Table, func, insert, select, text
from sqlalchemy.dialects.postgresql import Range

from flightsched_pipelines.database import schema, table_counts
from flightsched_pipelines.database.queries.imports.school_rows import ensure_default_minimums
from flightsched_pipelines.database.seed.lessons import Lesson, Student, World, make_lessons
from flightsched_pipelines.database.seed.reference import OWN_MINIMUMS, reference_airports, reference_runways
from flightsched_pipelines.domain.rescheduling.availability import (
    AvailabilityException,
    Period,
    Resource,
    WeeklyRule,
    expand,
)
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.errors import PlainError

RANDOM_SEED = 20_261_101
HORIZON = timedelta(days=14)
SOON = timedelta(hours=72)
LESSONS_SOON, LESSONS_LATER = 112, 138
LOCK = 7_206_034_519
"""Advisory lock that allows one seed at a time; any number that nothing else uses."""

FIRST_NAMES = (
    "Ada", "Ben", "Cleo", "Dario", "Elif", "Farah", "Goran", "Hana", "Ivo", "Jun", "Kofi", "Lena", "Milo", "Nadia",
    "Omar", "Pia", "Quinn", "Rosa", "Sami", "Tova", "Uma", "Vito", "Wren", "Ximena", "Yuki", "Zeno",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Brandt", "Castillo", "Dvorak", "Eklund", "Fournier", "Grieve", "Haddad", "Iversen", "Jansen", "Kimura",
    "Lindqvist", "Moreau", "Novak", "Okafor", "Pereira", "Rossi", "Silva", "Tanaka", "Weiss",
)  # fmt: skip

LEVELS = ("student_pilot",) * 17 + ("private_pilot",) * 8 + ("instrument_rated",) * 5
WITH_CARBURETTOR = frozenset({"C152", "PA-28-181"})
CROSSWIND_KT = {"C152": 12.0, "C172S": 15.0, "PA-28-181": 17.0}
MAY_TEACH = (
    ["student_pilot", "private_pilot", "instrument_rated"],
    ["student_pilot", "private_pilot"],
    ["student_pilot", "private_pilot", "instrument_rated"],
)
NOTES = (
    None,
    None,
    "I work shifts, so please not two early mornings in a row.",
    "I would like to finish my cross-country hours before the winter break.",
    "The day before an exam is bad for me.",
)
WINDOWS = ((time(7), time(19)), (time(7), time(13)), (time(11), time(19)), (time(8), time(17)))


class SeedError(PlainError, ValueError):
    """The database is not empty; nothing was changed."""


@dataclass(frozen=True, slots=True)
class _School:
    school_id: int
    name: str
    prefix: str
    fields: tuple[str, ...]
    fleet: tuple[str, ...]
    slot_kept_as: str

    @property
    def base(self) -> str:
        return self.fields[0]


SCHOOLS = (
    _School(1, "Palo Alto Flight School", "PAO", ("KPAO", "KSJC", "KLVK", "KMRY", "KSTS"),
            ("C172S",) * 4 + ("C152",) * 2 + ("PA-28-181",) * 2, "both"),
    _School(2, "Centennial Flight School", "APA", ("KAPA", "KBJC", "KCOS"),
            ("C172S",) * 4 + ("PA-28-181",) * 3, "ground"),
)  # fmt: skip


SIMULATOR = {"school_id": 1, "tail_number": "PAO-SIM1", "type": "AATD", "simulator": True}


def seed(engine: Engine, hour_utc: datetime, random_seed: int = RANDOM_SEED) -> None:
    """Insert two schools, their people, aircraft and the next two weeks' bookings.

    The same hour and seed give the same rows.

    Raises:
        SeedError: the database contains entered data; the message names it.
    """
    random = Random(random_seed)  # noqa: S311, made-up data, not secrets
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        _refuse_contents(connection)
        _insert_ground(connection)
        students = [student for school in SCHOOLS for student in _insert_school(connection, school, random)]
        _insert_minimums(connection)
        _insert_preferences(connection, students, hour_utc, Random(random_seed))  # noqa: S311, as above
        _insert_contacts(connection, students)
        world = _world(connection, students, random, hour_utc)
        soon, end = hour_utc + SOON, hour_utc + HORIZON
        lessons = make_lessons(world, random, [(hour_utc, soon, LESSONS_SOON), (soon, end, LESSONS_LATER)])
        _insert_lessons(connection, lessons)
        connection.execute(insert(schema.aircraft), SIMULATOR)


def is_seeded_for(engine: Engine, hour_utc: datetime) -> bool:
    """Return whether enough bookings are in the three days after an hour."""
    period = schema.bookings.c.period
    query = select(func.count()).where(func.lower(period) >= hour_utc, func.lower(period) < hour_utc + SOON)
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one()) >= LESSONS_SOON // 2


def _refuse_contents(connection: Connection) -> None:
    if found := table_counts.entered(connection):
        raise SeedError(
            f"the database is not empty, and was left as it is: it has {table_counts.in_words(found)}; "
            "name an empty one in DATABASE_URL, or delete all of it with `flightsched db reset`"
        )


def _insert_ground(connection: Connection) -> None:
    airports = reference_airports().rename(columns={"airport": "ident"})
    _insert_frame(connection, schema.airports, airports)
    _insert_frame(connection, schema.runways, reference_runways())


def _insert_frame(connection: Connection, table: Table, frame: pd.DataFrame) -> None:
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    connection.execute(insert(table), [{str(name): value for name, value in row.items()} for row in rows])


def _insert_minimums(connection: Connection) -> None:
    """The defaults, and some of a school's own."""
    ensure_default_minimums(connection)
    connection.execute(insert(schema.weather_minimums), OWN_MINIMUMS)


def _insert_preferences(
    connection: Connection, students: Sequence[Student], hour_utc: datetime, random: Random
) -> None:
    """Every other student has preferences: days, hours, people, or a coming checkride."""
    instructors: defaultdict[int, list[int]] = defaultdict(list)
    for row in connection.execute(select(schema.instructors.c.id, schema.instructors.c.school_id)):
        instructors[row.school_id].append(row.id)
    rows = [
        {
            "student_id": student.student_id,
            "days": random.choice(([], [], ["sat", "sun"], ["mon", "tue", "wed", "thu", "fri"], ["tue", "thu"])),
            "parts_of_day": random.choice(([], ["morning"], ["morning"], ["afternoon"], ["afternoon", "evening"])),
            "instructor_id": random.choice((None, None, student.instructor_id, *instructors[student.school_id][:1])),
            "latest_date": random.choice((None, None, None, (hour_utc + timedelta(days=10)).date())),
            "notice_hours": random.choice((None, 12, 24, 48)),
            "note": random.choice(NOTES),
        }
        for student in students[::2]
    ]
    connection.execute(insert(schema.student_preferences), rows)


def _insert_contacts(connection: Connection, students: Sequence[Student]) -> None:
    """Some people want text messages, some no quiet hours; every fourth instructor wants an hourly digest."""
    rows: list[dict[str, object]] = [
        {"student_id": student.student_id, "instructor_id": None, "sms": n % 2 == 0, "digest": False}
        for n, student in enumerate(students[::5])
    ]
    instructor_ids = connection.execute(select(schema.instructors.c.id).order_by(schema.instructors.c.id)).scalars()
    rows.extend(
        {"student_id": None, "instructor_id": key, "sms": False, "digest": True} for key in list(instructor_ids)[::4]
    )
    quiet = ({"quiet_from": time(21), "quiet_to": time(6, 30)}, {"quiet_from": None, "quiet_to": None})
    connection.execute(insert(schema.contact_preferences), [row | quiet[n % 2] for n, row in enumerate(rows)])


def _insert_school(connection: Connection, school: _School, random: Random) -> list[Student]:
    connection.execute(
        insert(schema.schools),
        {
            "id": school.school_id,
            "name": school.name,
            "base_airport": school.base,
            "dispatch_email": f"dispatch.{school.prefix.lower()}@example.com",
            "phone": f"+1-555-555-02{school.school_id:02d}",
            "reply_to": f"frontdesk.{school.prefix.lower()}@example.com",
            "slot_kept_as": school.slot_kept_as,
        },
    )
    hours = [
        {"school_id": school.school_id, "weekday": day, "opens": time(7), "closes": time(18 if day == 6 else 20)}
        for day in range(7)
    ]
    connection.execute(insert(schema.opening_hours), hours)
    first = 6 * (school.school_id - 1)
    instructors = [
        _person(random, school, f"cfi{first + n + 1}", 100 + first + n) | {"may_teach": MAY_TEACH[n % len(MAY_TEACH)]}
        for n in range(6)
    ]
    instructor_ids = _insert_all(connection, schema.instructors, instructors)
    fleet: list[dict[str, object]] = [
        {
            "school_id": school.school_id,
            "tail_number": f"N{school.school_id}{n + 1:02d}FS",
            "type": type_,
            "demonstrated_crosswind_kt": CROSSWIND_KT[type_],
            "carburettor": type_ in WITH_CARBURETTOR,
        }
        for n, type_ in enumerate(school.fleet)
    ]
    _insert_all(connection, schema.aircraft, fleet)
    rows: list[dict[str, object]] = []
    chosen: list[tuple[str, int, str]] = []
    for n, level in enumerate(LEVELS):
        able = [key for n_cfi, key in enumerate(instructor_ids) if level in MAY_TEACH[n_cfi % len(MAY_TEACH)]]
        chosen.append((level, random.choice(able), random.choice(sorted(set(school.fleet)))))
        number = 30 * (school.school_id - 1) + n
        person = _person(random, school, f"student{number + 1}", 1 + number)
        rows.append(person | {"training_level": level, "primary_instructor_id": chosen[-1][1]})
    student_ids = _insert_all(connection, schema.students, rows)
    _insert_availability(connection, student_ids, instructor_ids, random)
    return [Student(key, school.school_id, *facts) for key, facts in zip(student_ids, chosen, strict=True)]


def _person(random: Random, school: _School, mailbox: str, number: int) -> dict[str, object]:
    name = f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
    phone = f"+1-{650 if school.school_id == 1 else 303}-555-{100 + number % 100:04d}"
    return {"school_id": school.school_id, "name": name, "email": f"{mailbox}@example.com", "phone": phone}


def _insert_all(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> list[int]:
    result = connection.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
    return [row.id for row in result]


def _insert_availability(
    connection: Connection, student_ids: Sequence[int], instructor_ids: Sequence[int], random: Random
) -> None:
    rows: list[dict[str, object]] = [
        {"instructor_id": key, "student_id": None, "weekday": day, "starts": time(7), "ends": time(19)}
        for key in instructor_ids
        for day in sorted(random.sample(range(7), k=random.choice((5, 6))))
    ]
    for key in student_ids:
        for day in sorted(random.sample(range(7), k=random.choice((4, 5, 6)))):
            starts, ends = random.choice(WINDOWS)
            rows.append({"student_id": key, "instructor_id": None, "weekday": day, "starts": starts, "ends": ends})
    connection.execute(insert(schema.availability), rows)


def _world(connection: Connection, students: Sequence[Student], random: Random, hour_utc: datetime) -> World:
    """Draw exceptions and downtime, which are relative to the hour; then the rest of what lessons need."""
    end = hour_utc + HORIZON + DAY
    overrides = _insert_exceptions(connection, students, random, hour_utc)
    aircraft: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for row in connection.execute(select(schema.aircraft).order_by(schema.aircraft.c.id)):
        aircraft[row.school_id, row.type].append(row.id)
        overrides.append(AvailabilityException(("aircraft", row.id), (hour_utc, end), available=True))
    airports = reference_airports()
    zones = dict(zip(airports["airport"], airports["time_zone"], strict=True))
    suns = sun_table(airports, hour_utc.date() - DAY, HORIZON.days + 3)
    daylight: dict[int, list[Period]] = {}
    for school in SCHOOLS:
        days = suns[suns["airport"] == school.base]
        pairs = zip(days["sunrise_utc"], days["sunset_utc"], strict=True)
        daylight[school.school_id] = [(up.to_pydatetime(), down.to_pydatetime()) for up, down in pairs]
    return World(
        students=students,
        aircraft=aircraft,
        base={school.school_id: school.base for school in SCHOOLS},
        fields={school.school_id: school.fields for school in SCHOOLS},
        open_periods=expand(_rules(connection, zones), overrides, hour_utc, end),
        daylight=daylight,
    )


def _rules(connection: Connection, zones: dict[str, str]) -> list[WeeklyRule]:
    zone_of = {school.school_id: zones[school.base] for school in SCHOOLS}
    rules = [
        WeeklyRule(("school", row.school_id), zone_of[row.school_id], row.weekday, row.opens, row.closes)
        for row in connection.execute(select(schema.opening_hours))
    ]
    for kind, people in (("student", schema.students), ("instructor", schema.instructors)):
        school_of = {row.id: row.school_id for row in connection.execute(select(people.c.id, people.c.school_id))}
        for row in connection.execute(select(schema.availability)):
            key = getattr(row, f"{kind}_id")
            if key is not None:
                rules.append(WeeklyRule((kind, key), zone_of[school_of[key]], row.weekday, row.starts, row.ends))
    return rules


def _insert_exceptions(
    connection: Connection, students: Sequence[Student], random: Random, hour_utc: datetime
) -> list[AvailabilityException]:
    """Some people away for a day or two, one extra evening, and two aircraft in maintenance."""
    overrides: list[AvailabilityException] = []
    away: list[tuple[Resource, str]] = [(("student", s.student_id), "exam") for s in random.sample(list(students), k=6)]
    away += [(("instructor", key), "vacation") for key in (2, 9)]
    for (kind, key), reason in away:
        start = hour_utc + timedelta(days=random.randrange(1, 12))
        period = start, start + timedelta(days=random.choice((1, 2)))
        overrides.append(AvailabilityException((kind, key), period, available=False))
        row = {"student_id": None, "instructor_id": None, f"{kind}_id": key}
        connection.execute(
            insert(schema.availability_exceptions),
            row | {"period": Range(*period), "available": False, "reason": reason},
        )
    for key, days, reason in ((3, 4, "100-hour inspection"), (11, 6, "annual inspection")):
        period = hour_utc + timedelta(days=days), hour_utc + timedelta(days=days + 2)
        overrides.append(AvailabilityException(("aircraft", key), period, available=False))
        connection.execute(insert(schema.downtime), {"aircraft_id": key, "period": Range(*period), "reason": reason})
    return overrides


def _insert_lessons(connection: Connection, lessons: Sequence[Lesson]) -> None:
    prefix = {school.school_id: school.prefix for school in SCHOOLS}
    rows = [
        {
            "reference": f"{prefix[lesson.student.school_id]}-{1001 + n}",
            "school_id": lesson.student.school_id,
            "student_id": lesson.student.student_id,
            "instructor_id": lesson.instructor_id,
            "aircraft_id": lesson.aircraft_id,
            "lesson_kind": lesson.lesson_kind,
            "solo": lesson.solo,
            "departure": lesson.departure,
            "route": list(lesson.route),
            "period": Range(lesson.starts_at_utc, lesson.ends_at_utc),
            "created_at": lesson.starts_at_utc - timedelta(days=10),
            "updated_at": lesson.starts_at_utc - timedelta(days=10),
        }
        for n, lesson in enumerate(lessons)
    ]
    connection.execute(insert(schema.bookings), rows)
