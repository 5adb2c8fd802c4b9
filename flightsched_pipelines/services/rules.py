"""Convert settings into the rules of the pure layers."""

from datetime import timedelta

from flightsched_pipelines.domain.cases.rules import CaseRules, ResponseRules
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.settings import Settings


def scheduling_rules(settings: Settings) -> SchedulingRules:
    """Return the rules for new slots."""
    return SchedulingRules(
        earliest_hours=settings.reschedule_earliest_hours, horizon_days=settings.reschedule_horizon_days
    )


def case_rules(settings: Settings) -> CaseRules:
    """Return the rules for cases' deadlines."""
    return CaseRules(timedelta(hours=settings.case_answer_hours), timedelta(minutes=settings.case_closes_minutes))


def response_rules(settings: Settings) -> ResponseRules:
    """Return the rules for responses and their deadlines."""
    return ResponseRules(
        hold=timedelta(hours=settings.hold_hours),
        withdraw_within=timedelta(minutes=settings.withdraw_minutes),
        closes_before=timedelta(minutes=settings.case_closes_minutes),
        remind_before=timedelta(minutes=settings.reminder_minutes),
        new_rounds=settings.reschedule_new_rounds,
    )
