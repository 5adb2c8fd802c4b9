"""Build the LLM's request for one lesson: the facts that rank its alternatives, and nothing that identifies anyone.

It contains no text that a person wrote, such as a note, a name or a reason: only numbers, times, and fixed words.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

import pandas as pd

from flightsched_pipelines.domain.rescheduling.preferences import kept_and_missed, with_preferences
from flightsched_pipelines.domain.rescheduling.preferred_times import part_of_day
from flightsched_pipelines.domain.rescheduling.ranking.reason_codes import FORECASTS
from flightsched_pipelines.domain.rescheduling.search.time_grid import local_clock
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN

PROMPT_VERSION = "rank_v3"


@dataclass(frozen=True, slots=True)
class RequestSlot:
    """One alternative: its opaque id, the position of its row in the plan, and the facts in the request."""

    slot_id: str
    row: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RankingRequest:
    """The request about one booking; only ``body`` leaves the platform."""

    booking_id: int
    slots: tuple[RequestSlot, ...]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Return the body as text; equal requests have equal text."""
        return json.dumps(self.body, ensure_ascii=False, sort_keys=True, indent=1)

    def digest(self, model: str) -> str:
        """Return the request's identity: the same for the same prompt, model and body."""
        return hashlib.sha256(f"{PROMPT_VERSION}\n{model}\n{self.text}".encode()).hexdigest()


def prompt() -> str:
    """Return the instructions sent with every request, of ``PROMPT_VERSION``."""
    return (files(__name__.rpartition(".")[0]) / f"{PROMPT_VERSION}.md").read_text(encoding="utf-8")


def ranking_requests(
    plan: pd.DataFrame,
    bookings: pd.DataFrame,
    broken: pd.DataFrame,
    hour_utc: pd.Timestamp,
) -> list[RankingRequest]:
    """Return a request for each booking of a plan that has alternatives in flight.

    Args:
        plan: ``PROPOSAL_COLUMNS``, numbered from 0. Slots that lessons keep without flying are not ranked.
        bookings: the bookings, with any of ``PREFERENCE_COLUMNS``.
        broken: the breaches of the lessons (``BROKEN_COLUMNS``).
        hour_utc: the hour of the plan.
    """
    lessons = with_preferences(bookings).set_index("booking_id", drop=False)
    rules = {int(str(key)): rows for key, rows in broken.groupby("booking_id")}
    return [
        _ranking_request(rows, lessons.loc[[int(str(key))] * len(rows)], rules.get(int(str(key))), hour_utc)
        for key, rows in plan[plan["verdict"] != NOT_FLOWN].groupby("booking_id")
    ]


def _ranking_request(
    plan: pd.DataFrame,
    lessons: pd.DataFrame,
    broken: pd.DataFrame | None,
    hour_utc: pd.Timestamp,
) -> RankingRequest:
    plan = plan.sort_values(["starts_at_utc", "instructor_id", "aircraft_id"])
    lessons = lessons.set_axis(plan.index)
    usual = local_clock(lessons["starts_at_utc"], lessons["time_zone"]).iloc[0]
    starts = local_clock(plan["starts_at_utc"], lessons["time_zone"])
    ends = local_clock(plan["ends_at_utc"], lessons["time_zone"])
    wishes = kept_and_missed(lessons, starts, plan["instructor_id"])
    slots = tuple(
        RequestSlot(f"s{number}", int(row["index"]), _slot_facts(row, usual, start, end, *wish))
        for number, (row, start, end, wish) in enumerate(
            zip(plan.reset_index().to_dict("records"), starts, ends, wishes, strict=True), start=1
        )
    )
    lesson: Mapping[Any, Any] = lessons.iloc[0].to_dict()
    length = (lesson["ends_at_utc"] - lesson["starts_at_utc"]) // pd.Timedelta(minutes=1)
    body = {
        "lesson": {
            "training_level": lesson["training_level"],
            "lesson_kind": lesson["lesson_kind"],
            "solo": bool(lesson["solo"]),
            "length_minutes": int(length),
            "local_start": _moment(usual),
        },
        "below_the_minimums": [] if broken is None else _broken_facts(broken),
        "student": _student_facts(lesson, hour_utc),
        "slots": [{"id": slot.slot_id, **slot.facts} for slot in slots],
    }
    return RankingRequest(int(lesson["booking_id"]), slots, body)


def _slot_facts(
    row: Mapping[Any, Any],
    usual: pd.Timestamp,
    start: pd.Timestamp,
    end: pd.Timestamp,
    kept: list[str],
    broken: list[str],
) -> dict[str, Any]:
    days = (start.normalize() - usual.normalize()).days
    return {
        "local_start": _moment(start),
        "local_end": f"{end:%H:%M}",
        "part_of_day": part_of_day(start.hour),
        "days_later": days,
        "minutes_later_in_the_day": (start.hour - usual.hour) * 60 + start.minute - usual.minute,
        "instructor": "none (solo)" if pd.isna(row["instructor_id"]) else _same(bool(row["same_instructor"])),
        "aircraft": "same" if row["same_aircraft"] else "another of the same type",
        "forecast": _forecast(str(row["verdict"]), float(row["margin"])),
        "wishes_kept": kept,
        "wishes_not_kept": broken,
    }


def _same(same: bool) -> str:
    return "same" if same else "another"


def _forecast(verdict: str, margin: float) -> str:
    """The forecast in a few steps, so that a small change of it does not change the request."""
    much, some, little, reservation, unforecast, missing, below = FORECASTS
    if verdict == "ok":
        return much if margin >= 0.5 else some if margin >= 0.2 else little
    return {"watch": reservation, "unforecast": unforecast, "missing": missing}.get(verdict, below)


def _broken_facts(broken: pd.DataFrame) -> list[dict[str, Any]]:
    worst = broken.sort_values("breach_rank").drop_duplicates("rule").sort_values("rule")
    return [{"rule": row["rule"], "layer": _text_or_none(row["layer"])} for row in worst.to_dict("records")]


def _student_facts(lesson: Mapping[Any, Any], hour_utc: pd.Timestamp) -> dict[str, Any]:
    last = lesson["last_lesson_at_utc"]
    return {
        "preferred_days": [str(day) for day in _listed(lesson["preferred_days"])],
        "preferred_parts_of_day": [str(part) for part in _listed(lesson["preferred_parts"])],
        "asked_for_an_instructor": not pd.isna(lesson["preferred_instructor_id"]),
        "latest_date": None if pd.isna(lesson["latest_date"]) else f"{lesson['latest_date']:%Y-%m-%d}",
        "weeks_since_last_lesson": None if pd.isna(last) else max(int((hour_utc - last) / pd.Timedelta(weeks=1)), 0),
        "moved_before": 0 if pd.isna(lesson["times_moved"]) else int(lesson["times_moved"]),
    }


def _moment(local: pd.Timestamp) -> str:
    return f"{local:%A %d %B %Y, %H:%M}"


def _listed(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else []


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
