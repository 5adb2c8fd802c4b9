"""The columns of forecast verification, declared once for the frame, the table and its comments."""

from collections.abc import Mapping
from types import MappingProxyType

LEADS_HOURS = (1, 3, 6, 12, 24, 48)
"""Leads at which forecasts are verified: how long before an hour they were known."""

VERIFICATION_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "hour_utc": "datetime64[us, UTC]",
        "source": "str",
        "lead_hours": "int64",
        "part": "str",
        "element": "str",
        "threshold": "float64",
        "probability": "Int64",
        "outcome": "str",
        "cases": "int64",
        "airports": "object",
    }
)
"""One row a source, lead, part of the forecast, element, threshold, probability and outcome, of one observed hour.

``airports`` are those with this outcome, sorted: most have the same, and a list of 500 is one row. ``cases`` is their
number, which is summed without reading the lists.
``part`` is ``prevailing``, ``tempo`` or ``prob``. ``probability`` is in percent: of a TEMPO or PROB group that of the
group; of the prevailing part that of the forecast as a whole, null where a part of it is missing. ``outcome`` is one of
`OUTCOMES`.
"""

OUTCOMES = ("correct_negative", "miss", "false_alarm", "hit", "missing")
"""Outcomes of a forecast; ``missing`` where the forecast or the observation lacks the element: no pair."""

VERDICT_PAIR_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "booking_id": "int64",
        "training_level": "str",
        "lead_hours": "int64",
        "verdict": "str",
        "observed": "str",
        "school_id": "Int64",
        "cause": "str",
        "cause_airport": "str",
    }
)
"""One row a lesson and lead: its verdict that long before it began, and the one by the weather that was observed.

``cause`` is the rule of the gravest breach of the former, and ``cause_airport`` where it is; null without a breach.
"""
