"""Make up bookings for the seed as a dispatcher would: all resources are free, and it is day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from flightsched_pipelines.domain.rescheduling.availability import Period, Resource
from flightsched_pipelines.domain.rescheduling.rules import BUFFER

SOLO_DOWN_BEFORE_SUNSET = timedelta(minutes=60)
MAX_DUTY = timedelta(hours=6)
ATTEMPTS = 60_000


@dataclass(frozen=True, slots=True)
class Student:
    """A student's level, usual instructor, and type of aircraft."""

    student_id: int
    school_id: int
    training_level: str
    instructor_id: int
    aircraft_type: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A booking to be inserted."""

    student: Student
    instructor_id: int | None
    aircraft_id: int
    lesson_kind: str
    departure: str
    route: tuple[str, ...]
    starts_at_utc: datetime
    ends_at_utc: datetime

    @property
    def solo(self) -> bool:
        """Return whether the student flies alone."""
        return self.instructor_id is None


@dataclass(frozen=True, slots=True)
class World:
    """The material of lessons: people, aircraft by school and type, fields, periods of use, daylight by school."""

    students: Sequence[Student]
    aircraft: Mapping[tuple[int, str], Sequence[int]]
    base: Mapping[int, str]
    fields: Mapping[int, Sequence[str]]
    open_periods: Mapping[Resource, Sequence[Period]]
    daylight: Mapping[int, Sequence[Period]]


def make_lessons(world: World, random: Random, spans: Sequence[tuple[datetime, datetime, int]]) -> list[Lesson]:
    """Fill each span of time with that many lessons; random draws are repeated until one fits."""
    held: defaultdict[Resource, list[Period]] = defaultdict(list)
    lessons: list[Lesson] = []
    for begins, ends, wanted in spans:
        made = 0
        for _ in range(ATTEMPTS):
            if made == wanted:
                break
            lesson = _draw(world, random, begins, ends)
            if lesson is not None and _fits(lesson, world, held):
                for resource in _resources(lesson):
                    held[resource].append((lesson.starts_at_utc, lesson.ends_at_utc))
                lessons.append(lesson)
                made += 1
    return sorted(lessons, key=lambda lesson: (lesson.starts_at_utc, lesson.student.student_id))


def _draw(world: World, random: Random, begins: datetime, ends: datetime) -> Lesson | None:
    student = random.choice(world.students)
    kind = random.choices(("pattern", "local", "cross_country"), (3, 4, 3))[0]
    minutes = {"pattern": (60, 90), "local": (90, 120), "cross_country": (150, 180, 210)}[kind]
    length = timedelta(minutes=random.choice(minutes))
    half_hours = int((ends - begins) / timedelta(minutes=30))
    starts = begins + timedelta(minutes=30 * random.randrange(half_hours))
    if starts + length > ends:
        return None
    solo = (
        random.random() < {"student_pilot": 0.1, "private_pilot": 0.2, "instrument_rated": 0.2}[student.training_level]
    )
    base = world.base[student.school_id]
    others = [ident for ident in world.fields[student.school_id] if ident != base]
    legs = random.sample(others, k=random.choice((1, 2))) if kind == "cross_country" else []
    return Lesson(
        student=student,
        instructor_id=None if solo else student.instructor_id,
        aircraft_id=random.choice(world.aircraft[student.school_id, student.aircraft_type]),
        lesson_kind=kind,
        departure=base,
        route=(*legs, base) if legs else (),
        starts_at_utc=starts,
        ends_at_utc=starts + length,
    )


def _resources(lesson: Lesson) -> Iterator[Resource]:
    yield "student", lesson.student.student_id
    yield "aircraft", lesson.aircraft_id
    if lesson.instructor_id is not None:
        yield "instructor", lesson.instructor_id


def _fits(lesson: Lesson, world: World, held: Mapping[Resource, Sequence[Period]]) -> bool:
    span = lesson.starts_at_utc, lesson.ends_at_utc
    until = span[1] + (SOLO_DOWN_BEFORE_SUNSET if lesson.solo else timedelta(0))
    if not _within((span[0], until), world.daylight[lesson.student.school_id]):
        return False
    if not _within(span, world.open_periods[("school", lesson.student.school_id)]):
        return False
    for resource in _resources(lesson):
        if not _within(span, world.open_periods.get(resource, ())):
            return False
        if any(span[0] < end + BUFFER and start < span[1] + BUFFER for start, end in held.get(resource, ())):
            return False
    near = timedelta(hours=12)
    if any(abs(start - span[0]) < near for start, _ in held.get(("student", lesson.student.student_id), ())):
        return False
    return lesson.instructor_id is None or _duty(span, held.get(("instructor", lesson.instructor_id), ())) <= MAX_DUTY


def _within(span: Period, periods: Sequence[Period]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in periods)


def _duty(span: Period, taught: Sequence[Period]) -> timedelta:
    day = timedelta(hours=24)
    near = [end - start for start, end in taught if abs(start - span[0]) < day]
    return sum(near, span[1] - span[0])
