"""Describe a proposal in one sentence: who and what stays, how far it moves, and its forecast.

It contains no names, and no judgement: the pilot in command decides.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from flightsched_pipelines.domain.rescheduling.preferences import kept_and_missed, with_preferences
from flightsched_pipelines.domain.rescheduling.search.time_grid import local_clock
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.formatting import format_duration, plural


def slot_descriptions(slots: pd.DataFrame, lessons: pd.DataFrame) -> list[str]:
    """Return one sentence a slot.

    Args:
        slots: starts_at_utc, instructor_id, aircraft_id, same_instructor, same_aircraft, verdict and margin.
        lessons: the lesson as booked, with any of ``PREFERENCE_COLUMNS``, aligned with ``slots``.
    """
    lessons = with_preferences(lessons)
    new = local_clock(slots["starts_at_utc"], lessons["time_zone"])
    facts = zip(
        local_clock(lessons["starts_at_utc"], lessons["time_zone"]).tolist(),
        new.tolist(),
        lessons["solo"].tolist(),
        slots["aircraft_id"].isna().tolist(),
        *(slots[name].tolist() for name in ("same_instructor", "same_aircraft", "verdict", "margin")),
        kept_and_missed(lessons, new, slots["instructor_id"]),
        strict=True,
    )
    return [
        slot_description(
            usual, start, solo=solo, without_aircraft=without, same_instructor=same_instructor,
            same_aircraft=same_aircraft, verdict=verdict, margin=margin, wishes=wishes,
        )
        for usual, start, solo, without, same_instructor, same_aircraft, verdict, margin, wishes in facts
    ]  # fmt: skip


def slot_description(
    usual: datetime,
    new: datetime,
    *,
    solo: bool,
    without_aircraft: bool,
    same_instructor: bool,
    same_aircraft: bool,
    verdict: str,
    margin: float,
    wishes: tuple[Sequence[str], Sequence[str]],
) -> str:
    """Return one sentence about one slot.

    Args:
        usual: the lesson's start as booked, on the local clock.
        new: the slot's start, on the local clock.
        solo: whether the student flies alone.
        without_aircraft: whether the slot has neither aircraft nor simulator.
        same_instructor: whether the instructor stays.
        same_aircraft: whether the aircraft stays.
        verdict: the slot's verdict.
        margin: its margin, as a share of the limit; NaN for none.
        wishes: the preferences that the slot meets, and those it does not.
    """
    if verdict == NOT_FLOWN:
        return kept_slot_description(in_simulator=not without_aircraft)
    crew = _crew(solo, same_instructor, same_aircraft)
    return f"{crew}, {_move(usual, new)}{_preference_facts(*wishes)}; {forecast_facts(verdict, margin)}"


def kept_slot_description(*, in_simulator: bool) -> str:
    """Return the sentence of a slot that a lesson keeps without flying."""
    where = "in a simulator" if in_simulator else "on the ground without an aircraft"
    return f"Same instructor and time, {where}; it does not depend on the weather"


def with_main_reasons(main: Sequence[str], sentence: str) -> str:
    """Return a proposal's sentence with the main reasons in its favor before it, if any.

    Args:
        main: the reasons, such as "the same instructor", the most important first.
        sentence: all facts about the proposal, one of `slot_descriptions`.
    """
    if not main:
        return sentence
    *first, last = main
    named = f"{', '.join(first)} and {last}" if first else last
    return f"Main reasons: {named}. {sentence}"


def _crew(solo: bool, same_instructor: bool, same_aircraft: bool) -> str:
    aircraft = "aircraft" if same_aircraft else "aircraft of the same type"
    if solo:
        return f"{'Same' if same_aircraft else 'Another'} {aircraft}"
    if same_instructor == same_aircraft:
        return f"{'Same instructor and' if same_instructor else 'Another instructor and another'} {aircraft}"
    return f"{'Same' if same_instructor else 'Another'} instructor, {'same' if same_aircraft else 'another'} {aircraft}"


def _move(usual: datetime, new: datetime) -> str:
    """The move on the local clock and calendar."""
    days = (new.date() - usual.date()) // DAY
    minutes = (new.hour - usual.hour) * 60 + new.minute - usual.minute
    day = "the same day" if not days else f"{plural(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"
    if not minutes:
        return f"{day} at the same time"
    length = format_duration(timedelta(minutes=abs(minutes)))
    if not days:
        return f"{day}, {length} {'later' if minutes > 0 else 'earlier'}"
    return f"{day}, {length} {'later' if minutes > 0 else 'earlier'} in the day"


def _preference_facts(kept: Sequence[str], broken: Sequence[str]) -> str:
    if broken:
        return f", not the {' and '.join(broken)} asked for"
    return f", the {' and '.join(kept)} asked for" if kept else ""


def forecast_facts(verdict: str, margin: float) -> str:
    """Return the forecast of a slot in words: its verdict, and its margin as a share of the limit (NaN for none)."""
    if verdict == "unforecast":
        return "no complete forecast for this time yet"
    if verdict == "missing":
        return "the forecast for this time is missing at present"
    if verdict == "at_risk":
        return "the newest forecast is below the school's minimums"
    if verdict == "watch":
        return "the prevailing forecast meets the school's minimums, with a reservation"
    if 0 < margin < float("inf"):
        return f"forecast above the school's minimums with {margin:.0%} to spare"
    return "forecast above the school's minimums"
