"""Find the slots that school, people, aircraft, daylight and forecast allow for a threatened lesson.

Slots of other lessons are taken, even if those are threatened themselves. A time beyond every forecast is kept, marked
``unforecast``, and ranks lower.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.frames import typed
from flightsched_pipelines.domain.rescheduling.preferences import with_preferences
from flightsched_pipelines.domain.rescheduling.requirements import NO_CREDENTIALS, Credentials
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.feasible_starts import (
    FeasibleStarts,
    Obstacle,
    ScheduleCalendars,
)
from flightsched_pipelines.domain.rescheduling.search.lessons_to_move import LessonToMove, lessons_to_move
from flightsched_pipelines.domain.rescheduling.search.scoring import cost_of_means, cost_of_times
from flightsched_pipelines.domain.rescheduling.search.time_grid import TimeGrid, local_clock
from flightsched_pipelines.domain.rescheduling.solver.search_state import NOBODY
from flightsched_pipelines.domain.risk.assess import Assessment, assess
from flightsched_pipelines.durations import hour_of

CANDIDATE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "booking_id": "int64",
        "slot": "int64",
        "starts_at_utc": "datetime64[us, UTC]",
        "ends_at_utc": "datetime64[us, UTC]",
        "instructor_id": "Int64",
        "aircraft_id": "int64",
        "verdict": "str",
        "margin": "float64",
        "same_instructor": "bool",
        "same_aircraft": "bool",
        "minutes_moved": "int64",
        "score": "float64",
    }
)
"""Columns of the candidates: ``slot`` counts from 1, the lowest score; ``instructor_id`` is null for a solo flight."""

UNPLACEABLE_COLUMNS: Mapping[str, str] = MappingProxyType({"booking_id": "int64", "reason": "str"})

_CHOICES_PER_START = 2
"""Instructors, and aircraft, named for one start: the first choice, and one more if another lesson takes it."""


@dataclass(frozen=True, slots=True)
class Search:
    """The candidates, and for each booking without any the constraint that ruled out the last of its starts."""

    candidates: pd.DataFrame
    unplaceable: pd.DataFrame


def search_slots(
    threatened: pd.DataFrame,
    bookings: pd.DataFrame,
    availability: pd.DataFrame,
    forecasts: pd.DataFrame,
    minimums: pd.DataFrame,
    airports: pd.DataFrame,
    runways: pd.DataFrame,
    suns: pd.DataFrame,
    rules: SchedulingRules,
    *,
    now_utc: datetime,
    weather_buffer_minutes: int = 30,
    sent: pd.DataFrame | None = None,
    credentials: Credentials = NO_CREDENTIALS,
    areas: pd.DataFrame | None = None,
) -> Search:
    """Return other times for each threatened booking, and the reason if it has none.

    Args:
        threatened: the bookings to move (``BOOKING_COLUMNS``, and any of ``PREFERENCE_COLUMNS``), each of which is
            among ``bookings``.
        bookings: every booking from a day before ``now_utc`` (duty hours look back) to the horizon.
        availability: periods of use (``AVAILABILITY_COLUMNS``); a resource without any cannot be used.
        forecasts: the forecast (``FORECAST_COLUMNS``).
        minimums: the weather minimums in force (``MINIMUM_COLUMNS``).
        airports: the airports of the lessons.
        runways: their runway ends.
        suns: sunrise and sunset there, to the horizon.
        rules: bounds of the search.
        now_utc: aware; slots start at least ``earliest_hours`` after it.
        weather_buffer_minutes: weather this long before and after a slot counts too.
        sent: earlier proposals (booking_id, starts_at_utc, instructor_id, aircraft_id): changing them has a cost.
        credentials: what schools require, and when people and aircraft meet it, to the horizon and a day beyond.
        areas: hazard areas (``AREA_COLUMNS``); none were asked for if not given.

    Returns:
        Up to ``rules.per_booking`` candidates a booking, spread over days, the best first.
    """
    lessons = lessons_to_move(threatened)
    longest = max((lesson.ends_at_utc - lesson.starts_at_utc for lesson in lessons), default=timedelta())
    schedule = ScheduleCalendars(bookings, _of_lessons(availability, threatened), rules, now_utc, longest, credentials)
    openings: list[FeasibleStarts] = []
    reasons: dict[int, Obstacle] = {}
    for lesson in lessons:
        opening = schedule.openings(lesson)
        if isinstance(opening, FeasibleStarts):
            openings.append(opening)
        else:
            reasons[lesson.booking_id] = opening
    if not openings:
        return Search(typed([], CANDIDATE_COLUMNS), _unplaceable(reasons))

    trials = _trials(threatened, openings, schedule.timeline)
    first_hour = hour_of(now_utc)
    sky = assess(
        trials,
        forecasts,
        minimums,
        airports,
        runways,
        suns,
        first_hour_utc=first_hour,
        buffer_minutes=weather_buffer_minutes,
        areas=areas,
    )
    times = _times(threatened, trials, sky, now_utc)
    before = _sent_slots(sent)
    found: list[_Slots] = []
    first = 0
    for opening in openings:
        booking_id = opening.lesson.booking_id
        mine = slice(first, first + len(opening.starts))
        first = mine.stop
        if times.clear[mine].any():
            found.append(_best(opening, mine, times, before.get(booking_id, []), rules))
        else:
            dark = sky.broken.loc[sky.broken["rule"] == "daylight", "booking_id"]
            in_daylight = set(range(mine.start, mine.stop)) - set(dark.tolist())
            reasons[booking_id] = "no weather" if in_daylight else "no daylight"
    return Search(_candidates(found, times), _unplaceable(reasons))


def joined(found: Sequence[Search]) -> Search:
    """Return what was found for several schools as one search."""
    if len(found) == 1:
        return found[0]
    candidates, unplaceable = (
        pd.concat(frames).sort_values("booking_id", kind="stable", ignore_index=True)
        for frames in ([one.candidates for one in found], [one.unplaceable for one in found])
    )
    return Search(candidates, unplaceable)


def _of_lessons(availability: pd.DataFrame, threatened: pd.DataFrame) -> pd.DataFrame:
    """The availability that concerns some lessons: that of their schools, and of students only their own."""
    students = availability["resource_id"].isin(threatened["student_id"])
    return availability[
        availability["school_id"].isin(threatened["school_id"]) & ((availability["resource"] != "student") | students)
    ]


def _trials(threatened: pd.DataFrame, openings: list[FeasibleStarts], timeline: TimeGrid) -> pd.DataFrame:
    """Each lesson at each of its possible starts, as bookings whose weather can be assessed."""
    counts = [len(opening.starts) for opening in openings]
    lessons = threatened.set_index("booking_id", drop=False)
    trials = lessons.loc[np.repeat([opening.lesson.booking_id for opening in openings], counts)]
    starts = timeline.times_utc(np.concatenate([opening.starts for opening in openings]))
    lengths = (trials["ends_at_utc"] - trials["starts_at_utc"]).to_numpy()
    numbers = np.arange(len(trials))
    trials = trials.set_axis(pd.RangeIndex(len(trials)), axis=0)
    return trials.assign(
        booking_id=numbers, lesson_id=trials["booking_id"], starts_at_utc=starts, ends_at_utc=starts + lengths
    )


@dataclass(frozen=True, slots=True)
class _Times:
    """The trials as arrays: start, forecast verdict, and the cost of each time."""

    starts: NDArray[np.int64]
    """Microseconds from the epoch."""
    days: NDArray[np.int64]
    """Local days."""
    clear: NDArray[np.bool_]
    cost: NDArray[np.float64]
    told: pd.DataFrame
    """Columns of ``CANDIDATE_COLUMNS`` that follow from the time."""


def _times(threatened: pd.DataFrame, trials: pd.DataFrame, sky: Assessment, now_utc: datetime) -> _Times:
    lesson = threatened.set_index("booking_id").index.get_indexer(pd.Index(trials["lesson_id"]))
    present = threatened["starts_at_utc"].iloc[lesson].set_axis(trials.index)
    usual = local_clock(threatened["starts_at_utc"], threatened["time_zone"]).iloc[lesson].set_axis(trials.index)
    new = local_clock(trials["starts_at_utc"], trials["time_zone"])
    verdicts = sky.verdicts.to_numpy(dtype=object)
    unknown = verdicts == "unknown"
    told = pd.DataFrame(
        {
            "starts_at_utc": trials["starts_at_utc"],
            "ends_at_utc": trials["ends_at_utc"],
            "verdict": np.where(unknown, "unforecast", verdicts),
            "margin": np.where(unknown, np.nan, np.asarray(sky.margin, dtype=np.float64)),
            "minutes_moved": (trials["starts_at_utc"] - present).dt.total_seconds() / 60,
        }
    )
    return _Times(
        starts=trials["starts_at_utc"].to_numpy(dtype="datetime64[us]").astype(np.int64),
        days=new.to_numpy(dtype="datetime64[D]").astype(np.int64),
        clear=verdicts != "at_risk",
        cost=cost_of_times(told, usual, new, with_preferences(trials), now_utc),
        told=told,
    )


_Slot = tuple[int, int, int]
"""A start in microseconds from the epoch, an instructor or ``NOBODY``, an aircraft."""


def _sent_slots(sent: pd.DataFrame | None) -> Mapping[int, list[_Slot]]:
    """The slots that were proposed before, by booking."""
    slots: defaultdict[int, list[_Slot]] = defaultdict(list)
    if sent is not None:
        sent = sent[sent["aircraft_id"].notna()]  # a slot kept on the ground is no other time
        starts = sent["starts_at_utc"].to_numpy(dtype="datetime64[us]").astype(np.int64).tolist()
        people = sent["instructor_id"].fillna(NOBODY).tolist()
        for booking_id, *slot in zip(sent["booking_id"].tolist(), starts, people, sent["aircraft_id"], strict=True):
            slots[booking_id].append((slot[0], slot[1], slot[2]))
    return slots


@dataclass(frozen=True, slots=True)
class _Slots:
    """The best slots of one lesson, the best first: arrays with one element a slot, except ``lesson``."""

    lesson: LessonToMove
    trial: NDArray[np.int64]
    instructor: NDArray[np.int64]
    aircraft: NDArray[np.int64]
    score: NDArray[np.float64]


def _best(opening: FeasibleStarts, mine: slice, times: _Times, sent: Sequence[_Slot], rules: SchedulingRules) -> _Slots:
    """The best of every start that the forecast allows, with the first free instructors and aircraft.

    The number on one local day is bounded, to leave room for other days; equal slots are ordered by start, then by ids.
    """
    lesson = opening.lesson
    present, wished = _number(lesson.instructor_id), _number(lesson.preferred_instructor_id)
    instructors, people, by_instructor = _in_order(
        opening.instructors, opening.instructor_free, opening.instructor_warnings
    )
    aircraft, machines, by_aircraft = _in_order(opening.aircraft, opening.aircraft_free, opening.aircraft_warnings)
    free = people.T[:, :, None] & machines.T[:, None, :] & times.clear[mine, None, None]
    when, who, what = np.nonzero(free)
    trial = mine.start + when
    was_sent = np.zeros(len(trial), dtype=bool)
    for start, instructor, machine in sent:
        was_sent |= (times.starts[trial] == start) & (instructors[who] == instructor) & (aircraft[what] == machine)
    cost = np.round(
        times.cost[trial]
        + cost_of_means(
            other_instructor=(instructors != present)[who],
            other_aircraft=(aircraft != lesson.aircraft_id)[what],
            not_preferred=np.isin(instructors, [NOBODY, wished], invert=True)[who] & (wished != NOBODY),
            not_sent=~was_sent & bool(sent),
            warnings=opening.student_warnings[when] + by_instructor[who, when] + by_aircraft[what, when],
        ),
        6,
    )
    order = np.argsort(cost, kind="stable")
    per_day = -(-2 * rules.per_booking // rules.horizon_days)
    best = order[_place_in_group(times.days[trial[order]]) < per_day][: rules.per_booking]
    return _Slots(lesson, trial[best], instructors[who[best]], aircraft[what[best]], cost[best])


def _in_order(
    names: Sequence[int | None], free: NDArray[np.bool_], warnings: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """The first free ones at each start, those without warnings before others, in the order of their numbers."""
    numbers = np.array([_number(name) for name in names], dtype=np.int64)
    order = np.argsort(numbers, kind="stable")
    without = free & (warnings == 0)
    place = np.cumsum(without, axis=0)
    place[~without] = (place[-1:] + np.cumsum(free & ~without, axis=0))[~without]
    return numbers[order], (free & (place <= _CHOICES_PER_START))[order], warnings[order]


def _number(name: int | None) -> int:
    return NOBODY if name is None else name


def _place_in_group(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of elements of the same group before each."""
    order = np.argsort(groups, kind="stable")
    _, firsts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    place = np.empty(len(groups), dtype=np.int64)
    place[order] = np.arange(len(groups)) - np.repeat(firsts, sizes)
    return place


def _candidates(found: Sequence[_Slots], times: _Times) -> pd.DataFrame:
    if not found:
        return typed([], CANDIDATE_COLUMNS)
    found = sorted(found, key=lambda slots: slots.lesson.booking_id)
    counts = [len(slots.trial) for slots in found]
    instructor = np.concatenate([slots.instructor for slots in found])
    rows = times.told.iloc[np.concatenate([slots.trial for slots in found])].assign(
        booking_id=np.repeat([slots.lesson.booking_id for slots in found], counts),
        slot=np.concatenate([np.arange(1, count + 1) for count in counts]),
        instructor_id=pd.arrays.IntegerArray(instructor, instructor == NOBODY),
        aircraft_id=np.concatenate([slots.aircraft for slots in found]),
        same_instructor=np.concatenate([slots.instructor == _number(slots.lesson.instructor_id) for slots in found]),
        same_aircraft=np.concatenate([slots.aircraft == slots.lesson.aircraft_id for slots in found]),
        score=np.concatenate([slots.score for slots in found]),
    )
    return typed(rows, CANDIDATE_COLUMNS)


def _unplaceable(reasons: Mapping[int, Obstacle]) -> pd.DataFrame:
    return typed([{"booking_id": number, "reason": reasons[number]} for number in sorted(reasons)], UNPLACEABLE_COLUMNS)
