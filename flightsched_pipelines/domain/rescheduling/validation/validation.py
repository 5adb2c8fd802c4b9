"""Validate proposals: compare each again with stored rows, in code that had no part in making them.

Plain Python over one proposal at a time, a function a rule, each yielding sentences about violations. Nothing here is
shared with the search, the choice or the assessment, so that a mistake there shows here. A proposal that cannot be read
is itself a violation; ``examined`` counts every row, so that "no violation" is never "nothing examined".
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pandas as pd

from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import (
    NOTHING_REQUIRED,
    CredentialRecords,
)
from flightsched_pipelines.domain.rescheduling.validation.kept_slot_validation import (
    kept_slots_follow,
    slot_is_kept,
    what_is_kept_is_available,
    what_is_kept_is_not_taken,
)
from flightsched_pipelines.domain.rescheduling.validation.proposal_case import ProposalCase
from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    Proposal,
    Records,
    Span,
    Unreadable,
)
from flightsched_pipelines.domain.rescheduling.validation.violations import VIOLATION_COLUMNS, Validation, Violation
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import ForecastRecords
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.formatting import format_duration, plural


def validate(
    read: Sequence[Proposal | Unreadable],
    records: Records,
    sky: ForecastRecords,
    rules: SchedulingRules,
    now_utc: datetime,
    credentials: CredentialRecords = NOTHING_REQUIRED,
) -> Validation:
    """Compare every proposal with the records and the forecast; notice counts from ``now_utc``.

    Returns:
        Every violation found; never raises because of a proposal's content.
    """
    checks, found = examine(read, records, sky, rules, now_utc, credentials)
    violations = pd.DataFrame(found, columns=list(VIOLATION_COLUMNS)).astype(dict(VIOLATION_COLUMNS))
    return Validation(len(read), checks, violations)


def examine(
    read: Sequence[Proposal | Unreadable],
    records: Records,
    sky: ForecastRecords,
    rules: SchedulingRules,
    now_utc: datetime,
    credentials: CredentialRecords = NOTHING_REQUIRED,
) -> tuple[int, list[Violation]]:
    """Return the number of checks made on proposals, and every violation found."""
    found: list[Violation] = []
    checks = 0
    for proposal in read:
        booking = None if proposal.booking_id is None else records.bookings.get(proposal.booking_id)
        reference = None if booking is None else booking.reference
        if not isinstance(proposal, Proposal):
            checks += 1
            found.append((reference, proposal.rank, proposal.problem))
            continue
        if booking is None:
            checks += 1
            found.append((None, proposal.rank, f"there is no booking {proposal.booking_id}"))
            continue
        case = ProposalCase(proposal, booking, records, sky, rules, now_utc, credentials)
        for rule in RULES if proposal.flies else KEPT_SLOT_RULES:
            checks += 1
            found += [(reference, proposal.rank, sentence) for sentence in rule(case)]
    return checks, found


def booking_is_scheduled(case: ProposalCase) -> Iterator[str]:
    """Require that the booking is not cancelled."""
    if case.booking.released:
        yield "the booking is cancelled"


def length_is_kept(case: ProposalCase) -> Iterator[str]:
    """Require that the lesson keeps its length."""
    if case.span.length != case.booking.span.length:
        lesson, slot = format_duration(case.booking.span.length), format_duration(case.span.length)
        yield f"the lesson takes {lesson}, the proposal {slot}"


def time_is_new(case: ProposalCase) -> Iterator[str]:
    """Require a time other than the present one."""
    if case.span.start == case.booking.span.start:
        yield "it is the time the lesson has now"


def notice_is_given(case: ProposalCase) -> Iterator[str]:
    """Require the hours of notice: the school's, or more if the student asked for more."""
    hours = max(case.rules.earliest_hours, case.booking.notice_hours)
    if case.span.start < case.now_utc + timedelta(hours=hours):
        yield f"it starts less than {hours:g} h from now"


def horizon_is_kept(case: ProposalCase) -> Iterator[str]:
    """Require a start within the horizon."""
    if case.span.start > case.now_utc + timedelta(days=case.rules.horizon_days):
        yield f"it starts more than {plural(case.rules.horizon_days, 'day')} from now"


def school_is_open(case: ProposalCase) -> Iterator[str]:
    """Require that the whole lesson is within one opening of its school."""
    if not case.records.may_use("school", case.booking.school_id, case.booking.school_id, case.span):
        yield "the school is closed"


def all_are_available(case: ProposalCase) -> Iterator[str]:
    """Require that student, instructor and aircraft are available throughout, each at the booking's school."""
    for kind, resource_id in case.needs():
        if not case.records.may_use(kind, case.booking.school_id, resource_id, case.span):
            yield f"the {kind} is not available"


def none_is_taken(case: ProposalCase) -> Iterator[str]:
    """Require that student, instructor and aircraft have no other lesson at the time, nor within the buffer."""
    own, span, buffer = case.booking.booking_id, case.span, case.buffer
    for kind, resource_id in case.needs():
        for other in case.records.lessons_of(kind, resource_id):
            if other.booking_id != own and other.span.meets(span, buffer):
                yield f"the {kind} is taken by booking {other.reference}"


def instructor_may_teach(case: ProposalCase) -> Iterator[str]:
    """Require of a dual lesson an instructor of the school who may teach its level, of a solo flight none."""
    instructor = case.proposal.instructor_id
    if case.booking.solo:
        if instructor is not None:
            yield "a solo flight has no instructor"
    elif instructor is None:
        yield "a dual lesson needs an instructor"
    elif case.booking.training_level not in case.records.levels_taught(case.booking.school_id, instructor):
        yield f"the instructor may not teach {case.booking.training_level}"


def aircraft_is_alike(case: ProposalCase) -> Iterator[str]:
    """Require the booked aircraft, or one of its type."""
    aircraft = case.proposal.aircraft_id
    kind = None if aircraft is None else case.records.aircraft_type(case.booking.school_id, aircraft)
    if aircraft != case.booking.aircraft_id and (kind is None or kind != case.booking.aircraft_type):
        yield "the aircraft is of another type"


def duty_hours_are_kept(case: ProposalCase) -> Iterator[str]:
    """Require that an instructor gives no more flight training in any 24 hours than allowed (14 CFR 61.195(a)).

    Every other lesson counts at the place, booked or proposed, that weighs most.
    """
    if case.booking.solo or case.proposal.instructor_id is None:
        return
    places = case.records.places_taught(case.proposal.instructor_id)
    near = {
        number: [span for span in spans if span.meets(case.span, DAY)]
        for number, spans in places.items()
        if number != case.booking.booking_id
    }
    limit = timedelta(hours=case.rules.duty_hours_per_24h)
    longest = (max((span.length for span in spans), default=timedelta()) for spans in near.values())
    if sum(longest, start=case.span.length) <= limit:
        return  # no 24 hours have more than all of it
    edges = [moment for spans in [[case.span], *near.values()] for span in spans for moment in (span.start, span.end)]
    worst = timedelta()
    for first in {*edges, *(edge - DAY for edge in edges)}:
        window = Span(first, first + DAY)
        if window.shares(case.span):
            given = (max((window.shares(span) for span in spans), default=timedelta()) for spans in near.values())
            worst = max(worst, sum(given, start=window.shares(case.span)))
    if worst > limit:
        yield f"the instructor would give {format_duration(worst)} of training in 24 h"


def requirements_are_met(case: ProposalCase) -> Iterator[str]:
    """Require that student, instructor and what flies meet what blocks at the school; says of nobody which it is."""
    aircraft = case.proposal.aircraft_id
    short = case.credentials.shortcomings(
        case.booking, case.span, case.proposal.instructor_id, aircraft, case.records.lessons_of("aircraft", aircraft)
    )
    flies = case.proposal.flies
    for kind in sorted({one.resource for one in short if one.blocks and (flies or one.resource != "aircraft")}):
        yield f"the {kind} does not meet the school's requirements throughout"


def forecast_allows(case: ProposalCase) -> Iterator[str]:
    """Require that daylight and forecast allow it, and that its verdict is no better than the forecast."""
    yield from case.sky.objections(case.booking, case.span, case.proposal.verdict)


def facts_are_true(case: ProposalCase) -> Iterator[str]:
    """Require that the proposal's facts about itself are true."""
    proposal, booking = case.proposal, case.booking
    if proposal.same_instructor != (proposal.instructor_id == booking.instructor_id):
        yield "same_instructor is not true"
    if proposal.same_aircraft != (proposal.aircraft_id == booking.aircraft_id):
        yield "same_aircraft is not true"
    if timedelta(minutes=proposal.minutes_moved) != case.span.start - booking.span.start:
        yield "minutes_moved is not how far it moves"


def proposals_are_compatible(case: ProposalCase) -> Iterator[str]:
    """Require that no other lesson is offered the same resource at the time, nor within the buffer."""
    for kind, resource_id in case.needs():
        for other in case.records.proposed_to(kind, resource_id):
            if other.booking_id != case.booking.booking_id and other.span.meets(case.span, case.buffer):
                yield f"the {kind} is also offered to booking {case.records.bookings[other.booking_id].reference}"


def alternatives_differ(case: ProposalCase) -> Iterator[str]:
    """Require of a lesson's alternatives ranks 1 to 3, each once, and different starts."""
    proposal = case.proposal
    siblings = [one for one in case.records.proposals_for(proposal.booking_id) if one.flies]
    if not 1 <= proposal.rank <= 3:
        yield f"the rank is {proposal.rank}, not 1 to 3"
    if sum(sibling.rank == proposal.rank for sibling in siblings) > 1:
        yield f"two alternatives have rank {proposal.rank}"
    if sum(sibling.span.start == proposal.span.start for sibling in siblings) > 1:
        yield "two alternatives start at the same time"


RULES: tuple[Callable[[ProposalCase], Iterator[str]], ...] = (
    booking_is_scheduled,
    length_is_kept,
    time_is_new,
    notice_is_given,
    horizon_is_kept,
    school_is_open,
    all_are_available,
    none_is_taken,
    instructor_may_teach,
    aircraft_is_alike,
    duty_hours_are_kept,
    requirements_are_met,
    forecast_allows,
    facts_are_true,
    proposals_are_compatible,
    alternatives_differ,
)
"""Every rule that an alternative must meet."""

KEPT_SLOT_RULES: tuple[Callable[[ProposalCase], Iterator[str]], ...] = (
    booking_is_scheduled,
    length_is_kept,
    slot_is_kept,
    notice_is_given,
    horizon_is_kept,
    school_is_open,
    what_is_kept_is_available,
    what_is_kept_is_not_taken,
    instructor_may_teach,
    requirements_are_met,
    facts_are_true,
    kept_slots_follow,
)
"""Every rule that a slot kept without flying must meet; forecast, aircraft and duty in flight are no matter."""
