"""Rules of slots that lessons keep without flying, where they differ from those of alternatives."""

from collections.abc import Iterator
from datetime import timedelta

from flightsched_pipelines.domain.rescheduling.validation.proposal_case import ProposalCase


def slot_is_kept(case: ProposalCase) -> Iterator[str]:
    """Require of what does not fly the time and the instructor of a dual flight, whose school offers its form."""
    proposal, booking = case.proposal, case.booking
    form = "ground" if proposal.aircraft_id is None else "simulator"
    if booking.slot_kept_as not in {form, "both"}:
        yield f"the school does not offer a {form} lesson instead"
    if booking.form != "flight" or booking.solo or booking.instructor_id is None:
        yield "only a dual flight can keep its slot without flying"
    if case.span.start != booking.span.start or proposal.instructor_id != booking.instructor_id:
        yield f"a {form} lesson keeps the time and the instructor"


def what_is_kept_is_available(case: ProposalCase) -> Iterator[str]:
    """Require that the instructor, and the simulator, are available throughout; the student's time is theirs."""
    for kind, resource_id in case.needs():
        if kind != "student" and not case.records.may_use(kind, case.booking.school_id, resource_id, case.span):
            yield f"the {kind} is not available"


def what_is_kept_is_not_taken(case: ProposalCase) -> Iterator[str]:
    """Require that student and instructor have no other lesson at the time, and the simulator none within the buffer.

    Nor may another lesson be offered the simulator.
    """
    for kind, resource_id in case.needs():
        gap = case.buffer if kind == "simulator" else timedelta()
        for other in case.records.lessons_of(kind, resource_id):
            if other.booking_id != case.booking.booking_id and other.span.meets(case.span, gap):
                yield f"the {kind} is taken by booking {other.booking_id}"
        for offered in case.records.proposed_to(kind, resource_id):
            if offered.booking_id != case.booking.booking_id and offered.span.meets(case.span, gap):
                yield f"the {kind} is also offered to booking {offered.booking_id}"


def kept_slots_follow(case: ProposalCase) -> Iterator[str]:
    """Require that a kept slot stands after every alternative, and once in its form."""
    proposal = case.proposal
    siblings = case.records.proposals_for(proposal.booking_id)
    if any(one.rank >= proposal.rank for one in siblings if one.flies):
        yield "it does not stand after the alternatives"
    kept = [one for one in siblings if not one.flies]
    if sum(one.rank == proposal.rank for one in kept) > 1:
        yield f"two offers have rank {proposal.rank}"
    if sum((one.aircraft_id is None) == (proposal.aircraft_id is None) for one in kept) > 1:
        yield "it is offered twice"
