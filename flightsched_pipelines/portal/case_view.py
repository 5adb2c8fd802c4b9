"""A case's page in words: which heading, which cards, which buttons. The template only lays it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flightsched_pipelines import formatting
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.rescheduling.slot_descriptions import forecast_facts
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.messages import headlines, page_texts
from flightsched_pipelines.messages.models import Lesson
from flightsched_pipelines.reporting.area_map import area_map
from flightsched_pipelines.reporting.forecast_chart import ForecastTable, forecast_chart, forecast_table
from flightsched_pipelines.reporting.svg import Picture
from flightsched_pipelines.services.pages.case_page import Alternative, CasePage

GONE = frozenset({"taken", "late", "superseded"})
"""Codes of refusals that are about one alternative alone, while the case is open to a choice."""

NEEDS_NO_FORECAST = "it does not depend on the weather"
NOT_CONFIRMED = "not confirmed by the newest forecast; it is checked again when you take it"


@dataclass(frozen=True, slots=True)
class Card:
    """One alternative in words: ``take`` on its button, ``own_time`` in the reader's own zone if that differs."""

    number: int
    form: str
    take: str
    period: str
    own_time: str | None
    aircraft: str
    instructor: str | None
    reason: str
    forecast: str
    warning: str | None
    gone: str | None
    lacks: Sequence[str]
    can_accept: bool
    is_chosen: bool
    is_held: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a response: whether it was applied, the sentence for its sender, and the reference."""

    applied: bool
    sentence: str
    reference: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A page ready to be laid out."""

    heading: str
    opening: str
    role: str
    reader: str
    case_id: int
    round: int
    lesson: Lesson
    period: str
    own_time: str | None
    breaches: Sequence[Breach]
    chart: Picture | None
    map: Picture | None
    track_record: str | None
    notes: Sequence[str]
    table: ForecastTable | None
    known_at: str | None
    cards: Sequence[Card]
    deadline: str | None
    held_until: str | None
    withdraw_until: str | None
    unavailable: str | None
    outcome: Outcome | None
    next_step: str | None
    can: frozenset[Action]
    standby: bool
    solo: bool


def view_of(found: CasePage, *, all_alternatives: bool = False) -> CaseView:
    """Return a page in words; with all alternatives of an open case for whoever decides for others."""
    lesson, zone = found.lesson, found.lesson.time_zone
    heading, opening = _opening(found)
    forecast, held = found.weather.forecast, found.held
    can = frozenset(action for action in found.possible.actions if found.possible.allows(action))
    return CaseView(
        heading=heading,
        opening=opening,
        role=found.reader.role,
        reader=found.reader.name,
        case_id=found.case_id,
        round=found.round,
        lesson=lesson,
        period=headlines.when_of(lesson),
        own_time=_own_time(lesson.starts_at_utc, lesson.ends_at_utc, zone, found.reader.time_zone),
        breaches=found.weather.breaches,
        chart=forecast and forecast_chart(forecast, zone),
        map=found.weather.map and area_map(found.weather.map),
        track_record=found.weather.track_record and found.weather.track_record.sentence,
        notes=found.weather.notes,
        table=forecast and forecast_table(forecast, zone),
        known_at=forecast and formatting.format_time(forecast.known_at_utc, zone),
        cards=[_card(one, found) for one in found.alternatives]
        if all_alternatives or _shows_alternatives(found)
        else [],
        deadline=formatting.format_time(found.deadline_utc, zone) if found.is_open and held is None else None,
        held_until=held and formatting.format_time(held.until_utc, zone),
        withdraw_until=formatting.format_time(held.withdraw_until_utc, zone)
        if held and Action.WITHDRAW in can
        else None,
        unavailable=_unavailable(found),
        outcome=_outcome(found),
        next_step=_next_step(found),
        can=can,
        standby=found.standby,
        solo=found.solo,
    )


def _opening(found: CasePage) -> tuple[str, str]:
    if not found.is_open:
        return page_texts.ended_text(
            found.state, found.lesson.form, standby=found.standby, stays_on_hold=found.stays_on_hold
        )
    role = found.possible.role
    primary = Action.NONE_SUIT if role == "student" else Action.CONFIRM
    refusal = found.possible.actions[primary]
    status = refusal.code if refusal else "choose"
    if status == "choose" and role == "student" and not found.alternatives:
        status = "nothing"
    if status == "choose" and role == "student" and all(one.offer.form != "flight" for one in found.alternatives):
        status = "stay"
    held = next((one.offer.form for one in found.alternatives if one.is_held), "flight")
    if status == "choose" and role == "instructor" and held != "flight":
        status = "stay"
    if status == "choose" and role == "instructor" and found.solo and not found.standby:
        status = "release"
    return page_texts.open_text(status, role, standby=found.standby)


def _shows_alternatives(found: CasePage) -> bool:
    """Return whether the alternatives concern the reader: not a student who can choose none of them any more."""
    return found.possible.role != "student" or found.held is not None or found.possible.allows(Action.NONE_SUIT)


def _card(one: Alternative, found: CasePage) -> Card:
    offer, zone = one.offer, found.lesson.time_zone
    span = offer.starts_at_utc, offer.ends_at_utc
    judged, refusal = one.forecast, one.refusal
    margin = judged.margin if judged is not None and judged.margin is not None else float("nan")
    flies = offer.form == "flight"
    reserved = flies and (judged is None or judged.verdict != "ok")
    facts = NOT_CONFIRMED if judged is None else forecast_facts(judged.verdict, margin)
    facts = facts if flies else NEEDS_NO_FORECAST
    shown = f"{facts[:1].upper()}{facts[1:]}."
    return Card(
        number=offer.number,
        form=offer.form,
        take="Take this slot" if found.standby else headlines.take(offer, standby=False),
        period=formatting.format_period(*span, zone),
        own_time=_own_time(*span, zone, found.reader.time_zone),
        aircraft=offer.aircraft,
        instructor=offer.instructor,
        reason=offer.reason.removesuffix(facts).rstrip("; "),
        forecast=f"Newest forecast: {facts.removeprefix('forecast ')}." if flies else shown,
        warning=shown if reserved else None,
        gone=f"No longer available: {refusal.sentence}." if refusal and refusal.code in GONE else None,
        lacks=offer.warnings,
        can_accept=found.possible.role == "student" and refusal is None,
        is_chosen=one.is_chosen,
        is_held=one.is_held,
    )


def _unavailable(found: CasePage) -> str | None:
    """Return why the alternative that the link chose cannot be had, if it is that alone that cannot be done."""
    refusal = found.unavailable
    if refusal is None or not found.possible.allows(Action.NONE_SUIT) or found.answered is not None:
        return None
    left = "Here is what is left." if found.alternatives else "There is no other alternative at present."
    return f"{refusal.sentence[:1].upper()}{refusal.sentence[1:]}. {left}"


def _outcome(found: CasePage) -> Outcome | None:
    answered = found.answered
    if answered is None:
        return None
    reference = f"{found.case_id}-{answered.key.rpartition('-')[2][:8].upper()}"
    sentence = f"{answered.sentence[:1].upper()}{answered.sentence[1:]}"
    return Outcome(answered.outcome == "applied", sentence, reference)


def _next_step(found: CasePage) -> str | None:
    """Return what happens next to an open case whose reader has nothing to decide."""
    if found.held is None:
        return None
    zone = found.lesson.time_zone
    until = formatting.format_time(found.held.until_utc, zone)
    if found.reader.role == "student":
        return (
            f"You get a message as soon as it is confirmed. If nobody confirms by {until}, the slot is released, and "
            "you can choose again."
        )
    return f"The slot is held until {until}. If nobody confirms by then, it is released."


def _own_time(from_utc: datetime, to_utc: datetime, zone: str, own: str) -> str | None:
    """Return a period in the reader's own zone, if its clock differs from the airport's then."""
    shown, there = (formatting.format_period(from_utc, to_utc, one) for one in (own, zone))
    clocks = (formatting.format_clock(from_utc, one) for one in (own, zone))
    return shown if shown != there and len(set(clocks)) > 1 else None
