"""Find the slots that lessons below the minimums can keep without flying: in a simulator, or on the ground.

The time and the instructor stay, so that student and instructor keep what is theirs already. A simulator is free like
any other resource: with the buffer about every other use, and for one lesson at a time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from flightsched_pipelines.domain.rescheduling.availability import Period, merge_periods
from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS, typed
from flightsched_pipelines.domain.rescheduling.requirements import NO_CREDENTIALS, Credentials
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.credential_calendar import CredentialCalendar
from flightsched_pipelines.domain.rescheduling.search.lessons_to_move import LessonToMove, lessons_to_move
from flightsched_pipelines.domain.rescheduling.search.resource_calendars import holding_bookings
from flightsched_pipelines.domain.rescheduling.slot_descriptions import kept_slot_description
from flightsched_pipelines.domain.risk.bookings import with_forms
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN

_FORMS = {"ground": ("ground",), "simulator": ("simulator",), "both": ("simulator", "ground")}
"""The forms that a school's choice offers, in the order of the offers."""

_Use = tuple[datetime, datetime, int | None]
"""A time in which a resource is taken, and the booking that takes it; ``None`` for an offer made here."""


def kept_slots(
    threatened: pd.DataFrame,
    bookings: pd.DataFrame,
    availability: pd.DataFrame,
    rules: SchedulingRules,
    *,
    now_utc: datetime,
    sent: pd.DataFrame | None = None,
    credentials: Credentials = NO_CREDENTIALS,
) -> pd.DataFrame:
    """Return the slots that threatened dual lessons can keep where their school offers it.

    Args:
        threatened: the bookings at risk (``BOOKING_COLUMNS``, and any of ``PREFERENCE_COLUMNS`` and ``FORM_COLUMNS``).
        bookings: every booking about their times.
        availability: periods of use (``AVAILABILITY_COLUMNS``).
        rules: the notice and the buffer.
        now_utc: aware; notice counts from it.
        sent: earlier offers (booking_id, aircraft_id): a lesson keeps its simulator.
        credentials: what schools require, and when people meet it.

    Returns:
        ``PROPOSAL_COLUMNS``, at most one in a simulator and one on the ground a lesson, numbered from 1.
    """
    lessons, kept_as = _lessons(threatened)
    if not lessons:
        return typed([], PROPOSAL_COLUMNS)
    held = holding_bookings(bookings)
    calendar = _Calendar(lessons, held, availability, rules)
    required = CredentialCalendar(credentials, held)
    before = _sent(sent)
    earliest, latest = now_utc + timedelta(hours=rules.earliest_hours), now_utc + timedelta(days=rules.horizon_days)
    able = [
        one
        for one in lessons
        if max(earliest, now_utc + timedelta(hours=one.notice_hours or 0)) <= one.starts_at_utc <= latest
        and calendar.may_keep(one)
        and _qualified(required, one)
    ]
    rows: list[dict[str, Any]] = []
    for lesson in sorted(able, key=lambda one: (not calendar.had(one, before), one.starts_at_utc, one.booking_id)):
        for form in _FORMS[kept_as[lesson.booking_id]]:
            simulator = calendar.take_simulator(lesson, before) if form == "simulator" else None
            if form == "ground" or simulator is not None:
                rows.append(_row(lesson, simulator))
    found = pd.DataFrame(rows, columns=[name for name in PROPOSAL_COLUMNS if name != "rank"])
    found = found.sort_values("booking_id", kind="stable")
    return typed(found.assign(rank=found.groupby("booking_id").cumcount() + 1), PROPOSAL_COLUMNS)


def after_alternatives(plan: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Return a plan with the kept slots of each lesson after its alternatives (``PROPOSAL_COLUMNS``)."""
    whole = pd.concat([plan, kept], ignore_index=True) if len(plan) and len(kept) else (plan if len(plan) else kept)
    whole = whole.sort_values("booking_id", kind="stable")
    return typed(whole.assign(rank=whole.groupby("booking_id").cumcount() + 1), PROPOSAL_COLUMNS)


def _lessons(threatened: pd.DataFrame) -> tuple[list[LessonToMove], dict[int, str]]:
    """The dual flights whose school offers something, and what it offers each."""
    told = with_forms(threatened)
    offers = told["slot_kept_as"].isin(_FORMS) & (told["form"] == "flight") & ~told["solo"].astype(bool)
    told = told[offers.to_numpy(dtype=bool)]
    return lessons_to_move(told), dict(zip(told["booking_id"].tolist(), told["slot_kept_as"], strict=True))


def _sent(sent: pd.DataFrame | None) -> frozenset[tuple[int, int]]:
    """The simulators, and other aircraft, that lessons were offered before."""
    if sent is None:
        return frozenset()
    known = sent[sent["aircraft_id"].notna()]
    return frozenset(zip(known["booking_id"].tolist(), known["aircraft_id"].tolist(), strict=True))


def _qualified(required: CredentialCalendar, lesson: LessonToMove) -> bool:
    """Return whether student and instructor meet what blocks; nothing that flies has to meet anything."""
    start = np.array([pd.Timestamp(lesson.starts_at_utc).as_unit("us").value], dtype=np.int64)
    people = (("student", lesson.student_id), ("instructor", lesson.instructor_id))
    return all(required.met(lesson, start, kind, [identity]).allowed.all() for kind, identity in people)


def _row(lesson: LessonToMove, simulator: int | None) -> dict[str, Any]:
    return {
        "booking_id": lesson.booking_id, "starts_at_utc": lesson.starts_at_utc, "ends_at_utc": lesson.ends_at_utc,
        "instructor_id": lesson.instructor_id, "aircraft_id": pd.NA if simulator is None else simulator,
        "verdict": NOT_FLOWN, "margin": float("nan"), "same_instructor": True, "same_aircraft": False,
        "minutes_moved": 0, "score": 0.0, "ranked_by": "planner",
        "reason": kept_slot_description(in_simulator=simulator is not None),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Key:
    kind: str
    school_id: int | None
    resource_id: int | None


class _Calendar:
    """The periods of use of schools, instructors and simulators, and the times in which resources are taken."""

    def __init__(
        self, lessons: Sequence[LessonToMove], held: pd.DataFrame, availability: pd.DataFrame, rules: SchedulingRules
    ) -> None:
        schools = {one.school_id for one in lessons}
        mine = availability[availability["school_id"].isin(schools)]
        teachers = {one.instructor_id for one in lessons}
        of_kind = mine["resource"]
        mine = mine[
            of_kind.isin(["school", "simulator"]) | ((of_kind == "instructor") & mine["resource_id"].isin(teachers))
        ]
        periods: defaultdict[_Key, list[Period]] = defaultdict(list)
        self._levels: dict[_Key, Collection[str]] = {}
        for row in mine.to_dict("records"):
            key = _Key(row["resource"], row["school_id"], row["resource_id"])
            periods[key].append((row["starts_at_utc"], row["ends_at_utc"]))
            self._levels[key] = row["may_teach"]
        self._periods = {key: merge_periods(found) for key, found in periods.items()}
        self._simulators = sorted(
            {(key.school_id or 0, key.resource_id or 0) for key in periods if key.kind == "simulator"}
        )
        self._buffer = timedelta(minutes=rules.buffer_minutes)
        wanted = {
            "student": {one.student_id for one in lessons},
            "instructor": teachers,
            "aircraft": {simulator for _, simulator in self._simulators},
        }
        self._taken: defaultdict[tuple[str, int | None], list[_Use]] = defaultdict(list)
        for kind, ids in wanted.items():
            used = held[held[f"{kind}_id"].isin(ids - {None})]
            columns = [used[name] for name in (f"{kind}_id", "starts_at_utc", "ends_at_utc", "booking_id")]
            for identity, starts, ends, booking_id in zip(*columns, strict=True):
                self._taken[kind, int(identity)].append((starts, ends, int(booking_id)))

    def may_keep(self, lesson: LessonToMove) -> bool:
        """Return whether school and instructor are there, and student and instructor have nothing else then."""
        teacher = _Key("instructor", lesson.school_id, lesson.instructor_id)
        return (
            self._is_open(_Key("school", lesson.school_id, lesson.school_id), lesson)
            and self._is_open(teacher, lesson)
            and lesson.training_level in self._levels[teacher]
            and self._is_free("student", lesson.student_id, lesson, timedelta())
            and self._is_free("instructor", lesson.instructor_id, lesson, timedelta())
        )

    def take_simulator(self, lesson: LessonToMove, before: Collection[tuple[int, int]]) -> int | None:
        """Return a simulator that the lesson can have, the one it was offered before if possible; ``None`` for none."""
        able = [
            simulator
            for simulator in self._of(lesson)
            if self._is_open(_Key("simulator", lesson.school_id, simulator), lesson)
            and self._is_free("aircraft", simulator, lesson, self._buffer)
        ]
        if not able:
            return None
        chosen = min(able, key=lambda one: ((lesson.booking_id, one) not in before, one))
        self._taken["aircraft", chosen].append((lesson.starts_at_utc, lesson.ends_at_utc, None))
        return chosen

    def had(self, lesson: LessonToMove, before: Collection[tuple[int, int]]) -> bool:
        """Return whether the lesson was offered a simulator before."""
        return any((lesson.booking_id, simulator) in before for simulator in self._of(lesson))

    def _of(self, lesson: LessonToMove) -> Iterator[int]:
        return (simulator for school_id, simulator in self._simulators if school_id == lesson.school_id)

    def _is_open(self, key: _Key, lesson: LessonToMove) -> bool:
        periods = self._periods.get(key, ())
        return any(start <= lesson.starts_at_utc and lesson.ends_at_utc <= end for start, end in periods)

    def _is_free(self, kind: str, identity: int | None, lesson: LessonToMove, gap: timedelta) -> bool:
        return not any(
            start < lesson.ends_at_utc + gap and lesson.starts_at_utc < end + gap and booking_id != lesson.booking_id
            for start, end, booking_id in self._taken.get((kind, identity), ())
        )
