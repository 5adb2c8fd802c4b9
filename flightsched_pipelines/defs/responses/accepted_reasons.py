"""Reasons that jobs accept, from closed lists: Dagster keeps a run's configuration, and shows it to all its users.

Words of one's own may be personal. They are given at the terminal, and are kept in schema ``school`` alone.
"""

from enum import Enum


class KeepReason(Enum):
    """Reasons for which an instructor keeps a lesson that is below the school's minimums."""

    FORECAST_IMPROVES = "the forecast improves before the lesson"
    FIELD_IS_BETTER = "the weather at the field is better than its forecast"
    PART_OF_TRAINING = "flying in this weather is part of the training"
    ON_THE_GROUND = "the time is used for a lesson on the ground"


class DispatchReason(Enum):
    """Reasons for which a dispatcher ends a case, or puts a booking on weather hold or takes it off."""

    WEATHER = "weather that the forecast does not have"
    FIELD = "the field or its airspace is closed, or open again"
    AIRCRAFT = "the aircraft"
    PEOPLE = "the student or the instructor asked for it"
    OTHER = "another reason; ask the dispatcher"


class SilenceReason(Enum):
    """Reasons for which an alert is muted."""

    KNOWN = "known, and being worked on"
    MAINTENANCE = "planned maintenance"
    PROVIDER = "a provider has it in hand"
    FALSE_ALARM = "nothing is wrong; the alarm's limit is to be changed"
