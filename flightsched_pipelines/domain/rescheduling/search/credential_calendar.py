"""Find the starts at which people and aircraft meet a school's requirements: block, or warn at a cost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.requirements import (
    REQUIREMENTS,
    CredentialPeriod,
    Credentials,
    SchoolRequirement,
)
from flightsched_pipelines.domain.rescheduling.search.lessons_to_move import LessonToMove

Micros = NDArray[np.int64]
"""Instants, in microseconds from the epoch."""
_EVER = np.iinfo(np.int64)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_MINUTE_US = timedelta(minutes=1) // _MICRO

_Key = tuple[str, int, str, str | None, str | None]
"""Kind of resource, its id, requirement, type of aircraft, equipment."""


@dataclass(frozen=True, slots=True)
class Met:
    """The starts (columns) at which each resource (a row) is allowed, and the number of requirements that warn."""

    allowed: NDArray[np.bool_]
    warnings: NDArray[np.int64]


def met_without_requirements(resources: int, starts: int) -> Met:
    """Return that nothing blocks and nothing warns."""
    shape = resources, starts
    return Met(np.ones(shape, dtype=bool), np.zeros(shape, dtype=np.int64))


class CredentialCalendar:
    """The periods in which everybody and everything meets what schools require."""

    def __init__(self, credentials: Credentials, bookings: pd.DataFrame) -> None:
        self._of_school: defaultdict[int, list[SchoolRequirement]] = defaultdict(list)
        for requirement in credentials.requirements:
            self._of_school[requirement.school_id].append(requirement)
        self._periods: defaultdict[_Key, list[CredentialPeriod]] = defaultdict(list)
        for period in credentials.periods:
            key = period.resource, period.resource_id, period.requirement, period.aircraft_type, period.equipment
            self._periods[key].append(period)
        counted = {one.resource_id for one in credentials.periods if one.minutes_left is not None}
        self._flown = {key: _Flown(rows) for key, rows in _of_aircraft(bookings, counted)}

    def requires(self, lesson: LessonToMove) -> bool:
        """Return whether a lesson's school requires anything at all."""
        return lesson.school_id in self._of_school

    def met(self, lesson: LessonToMove, starts: Micros, resource: str, ids: Sequence[int | None]) -> Met:
        """Return what resources of one kind meet at each start of a lesson."""
        found = met_without_requirements(len(ids), len(starts))
        for (name, equipment), effect in self._required(lesson, resource).items():
            type_ = lesson.aircraft_type if REQUIREMENTS[name].by_type else None
            for row, identity in enumerate(ids):
                periods: Sequence[CredentialPeriod] = ()
                if identity is not None and not (REQUIREMENTS[name].by_type and type_ is None):
                    periods = self._periods.get((resource, identity, name, type_, equipment), ())
                met = self._within(periods, lesson, starts)
                if effect == "warn":
                    found.warnings[row] += ~met
                else:
                    found.allowed[row] &= met
        return found

    def _required(self, lesson: LessonToMove, resource: str) -> Mapping[tuple[str, str | None], str]:
        """Return the requirements on a kind of resource for a lesson, each with its strictest effect."""
        if resource == "instructor" and lesson.solo:
            return {}
        found: dict[tuple[str, str | None], str] = {}
        for one in self._of_school.get(lesson.school_id or 0, ()):
            if (
                REQUIREMENTS[one.requirement].resource == resource
                and one.training_level in {None, lesson.training_level}
                and one.solo in {None, lesson.solo}
                and one.lesson_kind in {None, lesson.lesson_kind}
            ):
                key = one.requirement, one.equipment
                found[key] = one.effect if found.get(key, "warn") == "warn" else found[key]
        return found

    def _within(self, periods: Sequence[CredentialPeriod], lesson: LessonToMove, starts: Micros) -> NDArray[np.bool_]:
        length_us = (lesson.ends_at_utc - lesson.starts_at_utc) // _MICRO
        ends = starts + length_us
        met = np.zeros(len(starts), dtype=bool)
        for first, last in _joined(periods):
            met |= (first <= starts) & (ends <= last)
        for period in periods:
            if period.minutes_left is not None:
                flown = self._flown.get(period.resource_id)
                before = flown.before(ends, lesson.booking_id, period.counted_from_utc) if flown else 0
                met &= before + length_us <= period.minutes_left * _MINUTE_US
        return met


class _Flown:
    """The bookings of one aircraft: the time that it flies in them."""

    def __init__(self, bookings: pd.DataFrame) -> None:
        self._ids = bookings["booking_id"].to_numpy(dtype=np.int64)
        self._starts = bookings["starts_at_utc"].to_numpy(dtype="datetime64[us]").astype(np.int64)
        self._lengths = bookings["ends_at_utc"].to_numpy(dtype="datetime64[us]").astype(np.int64) - self._starts

    def before(self, ends: Micros, moving: int, counted_from: datetime | None) -> Micros:
        """Return the time of the bookings that start before each end; the lesson itself does not count."""
        counts = self._ids != moving
        if counted_from is not None:
            counts &= self._starts >= (counted_from - _EPOCH) // _MICRO
        order = np.argsort(self._starts[counts], kind="stable")
        starts, lengths = self._starts[counts][order], self._lengths[counts][order]
        return np.concatenate([[0], lengths.cumsum()])[np.searchsorted(starts, ends, side="left")]


def _of_aircraft(bookings: pd.DataFrame, counted: set[int]) -> Sequence[tuple[int, pd.DataFrame]]:
    if not counted:
        return []
    rows = bookings[bookings["aircraft_id"].isin(counted)]
    return [(int(key), mine) for key, mine in rows.groupby(rows["aircraft_id"].astype("int64"))]


def _joined(periods: Sequence[CredentialPeriod]) -> Sequence[tuple[int, int]]:
    """Return periods as microseconds, those that touch or overlap as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(map(_edges, periods)):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined


def _edges(period: CredentialPeriod) -> tuple[int, int]:
    starts, ends = period.starts_at_utc, period.ends_at_utc
    return (
        int(_EVER.min) if starts is None else (starts - _EPOCH) // _MICRO,
        int(_EVER.max) if ends is None else (ends - _EPOCH) // _MICRO,
    )
