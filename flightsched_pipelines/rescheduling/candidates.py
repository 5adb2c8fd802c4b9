"""Where a threatened lesson could go: every time that school, people, aircraft, daylight and forecast allow.

What other lessons hold is taken, also where those are threatened themselves. A time no forecast reaches is kept,
marked ``unforecast``, and ranks lower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.rescheduling.frames import typed
from flightsched_pipelines.rescheduling.openings import Obstacle, Opening, Schedule, lessons_in
from flightsched_pipelines.rescheduling.rules import SchedulingRules
from flightsched_pipelines.rescheduling.scoring import score
from flightsched_pipelines.rescheduling.timeline import Timeline, local_clock
from flightsched_pipelines.rescheduling.wishes import with_wishes
from flightsched_pipelines.risk.assess import assess

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
"""Instructors, and aircraft, named for one start: the first choice, and one more where that is taken jointly."""


@dataclass(frozen=True, slots=True)
class Search:
    """The candidates, and for each booking without any the constraint that took the last of its starts."""

    candidates: pd.DataFrame
    unplaceable: pd.DataFrame


def candidate_slots(
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
) -> pd.DataFrame:
    """The candidates alone, of `search_slots`."""
    return search_slots(
        threatened,
        bookings,
        availability,
        forecasts,
        minimums,
        airports,
        runways,
        suns,
        rules,
        now_utc=now_utc,
        weather_buffer_minutes=weather_buffer_minutes,
        sent=sent,
    ).candidates


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
) -> Search:
    """Other times for each threatened booking, and why some have none.

    Args:
        threatened: the bookings to move (``BOOKING_COLUMNS``, and what there is of ``WISH_COLUMNS``), each of which is
            among ``bookings``.
        bookings: every booking from a day before ``now_utc`` (duty hours look back) to the horizon.
        availability: periods of use (``AVAILABILITY_COLUMNS``); what has none cannot be used.
        forecasts: the weather, an airport and hour a row (``FORECAST_COLUMNS``).
        minimums: the rules of the weather in force (``MINIMUM_COLUMNS``).
        airports: the airports of the lessons.
        runways: their runway ends.
        suns: sunrise and sunset there, to the horizon.
        rules: bounds of the search.
        now_utc: aware; slots start ``earliest_hours`` or more after it.
        weather_buffer_minutes: weather this long before and after a slot counts too.
        sent: what was proposed before (booking_id, starts_at_utc, instructor_id, aircraft_id): changing it has a price.

    Returns:
        Up to ``rules.per_booking`` candidates a booking, spread over days, the best first.
    """
    lessons = lessons_in(threatened)
    longest = max((lesson.ends_at_utc - lesson.starts_at_utc for lesson in lessons), default=timedelta())
    schedule = Schedule(bookings, availability, rules, now_utc, longest)
    openings: list[Opening] = []
    reasons: dict[int, Obstacle] = {}
    for lesson in lessons:
        found = schedule.openings(lesson)
        if isinstance(found, Opening):
            openings.append(found)
        else:
            reasons[lesson.booking_id] = found
    if not openings:
        return Search(typed([], CANDIDATE_COLUMNS), _unplaceable(reasons))

    trials = _trials(threatened, openings, schedule.timeline)
    first_hour = now_utc.replace(minute=0, second=0, microsecond=0)
    sky = assess(
        trials,
        forecasts,
        minimums,
        airports,
        runways,
        suns,
        first_hour_utc=first_hour,
        buffer_minutes=weather_buffer_minutes,
    )
    verdicts = sky.verdicts.to_numpy(dtype=object)
    margins = np.asarray(sky.margin, dtype=np.float64)
    slots: list[pd.DataFrame] = []
    first = 0
    for opening in openings:
        mine = slice(first, first + len(opening.starts))
        first = mine.stop
        if (verdicts[mine] == "at_risk").all():
            dark = sky.broken.loc[sky.broken["rule"] == "daylight", "booking_id"]
            in_daylight = set(range(mine.start, mine.stop)) - set(dark.tolist())
            reasons[opening.lesson.booking_id] = "no weather" if in_daylight else "no daylight"
        else:
            slots.append(_pairings(opening, verdicts[mine], margins[mine]))
    if not slots:
        return Search(typed([], CANDIDATE_COLUMNS), _unplaceable(reasons))
    found = pd.concat(slots, ignore_index=True)
    found["starts_at_utc"] = schedule.timeline.times_utc(found["cell"].to_numpy(dtype=np.int64))
    found["sent"] = _was_sent(found, sent)
    return Search(_best(found, with_wishes(threatened), rules, now_utc), _unplaceable(reasons))


def _trials(threatened: pd.DataFrame, openings: list[Opening], timeline: Timeline) -> pd.DataFrame:
    """Each lesson at each of its possible starts, as bookings that the weather can be held against."""
    counts = [len(opening.starts) for opening in openings]
    lessons = threatened.set_index("booking_id", drop=False)
    trials = lessons.loc[np.repeat([opening.lesson.booking_id for opening in openings], counts)]
    starts = timeline.times_utc(np.concatenate([opening.starts for opening in openings]))
    lengths = (trials["ends_at_utc"] - trials["starts_at_utc"]).to_numpy()
    numbers = np.arange(len(trials))
    trials = trials.set_axis(pd.RangeIndex(len(trials)), axis=0)
    return trials.assign(booking_id=numbers, starts_at_utc=starts, ends_at_utc=starts + lengths)


def _pairings(opening: Opening, verdicts: NDArray[np.object_], margins: NDArray[np.float64]) -> pd.DataFrame:
    """Every start that the sky allows, with the first free instructors and aircraft."""
    lesson = opening.lesson
    people = _first_free(opening.instructor_free)
    aircraft = _first_free(opening.aircraft_free)
    clear = verdicts != "at_risk"
    who, what, when = np.nonzero(people[:, None, :] & aircraft[None, :, :] & clear)
    names = pd.array(opening.instructors, dtype="Int64")
    return pd.DataFrame(
        {
            "booking_id": lesson.booking_id,
            "cell": opening.starts[when],
            "instructor_id": names[who],
            "aircraft_id": np.array(opening.aircraft, dtype=np.int64)[what],
            "verdict": np.where(verdicts[when] == "unknown", "unforecast", verdicts[when]),
            "margin": np.where(verdicts[when] == "unknown", np.nan, margins[when]),
            "same_instructor": np.array([name == lesson.instructor_id for name in opening.instructors])[who],
            "same_aircraft": np.array([name == lesson.aircraft_id for name in opening.aircraft])[what],
        }
    )


def _first_free(free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return free & (free.cumsum(axis=0) <= _CHOICES_PER_START)


def _was_sent(found: pd.DataFrame, sent: pd.DataFrame | None) -> "pd.Series[bool]":
    """Whether each slot was proposed before; null where nothing was, for the lesson."""
    if sent is None or sent.empty:
        return pd.Series(pd.NA, index=found.index, dtype="boolean")
    key = ["booking_id", "starts_at_utc", "instructor_id", "aircraft_id"]
    before = sent[key].drop_duplicates().astype(found[key].dtypes.to_dict())
    is_same = found[key].merge(before, how="left", on=key, indicator=True)["_merge"] == "both"
    had_some = found["booking_id"].isin(before["booking_id"])
    return is_same.set_axis(found.index).astype("boolean").where(had_some)


def _best(found: pd.DataFrame, threatened: pd.DataFrame, rules: SchedulingRules, now_utc: datetime) -> pd.DataFrame:
    """The best slots of each booking by score, no more of one local day than leaves room for others."""
    lessons = threatened.set_index("booking_id").loc[found["booking_id"]].set_axis(found.index)
    found["ends_at_utc"] = found["starts_at_utc"] + (lessons["ends_at_utc"] - lessons["starts_at_utc"])
    moved = found["starts_at_utc"] - lessons["starts_at_utc"]
    found["minutes_moved"] = moved.dt.total_seconds() / 60
    local = local_clock(found["starts_at_utc"], lessons["time_zone"])
    usual = local_clock(lessons["starts_at_utc"], lessons["time_zone"])
    found["score"] = score(found, usual, local, lessons, now_utc)
    found["day"] = local.dt.normalize()
    found = found.sort_values(["booking_id", "score", "starts_at_utc", "instructor_id", "aircraft_id"])
    per_day = -(-2 * rules.per_booking // rules.horizon_days)
    found = found[found.groupby(["booking_id", "day"]).cumcount() < per_day]
    found["slot"] = found.groupby("booking_id").cumcount() + 1
    return typed(found[found["slot"] <= rules.per_booking], CANDIDATE_COLUMNS)


def _unplaceable(reasons: Mapping[int, Obstacle]) -> pd.DataFrame:
    return typed([{"booking_id": number, "reason": reasons[number]} for number in sorted(reasons)], UNPLACEABLE_COLUMNS)
