"""Apply checked rankings to the plan; bookings without one keep the planner's order."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS, typed
from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import PROMPT_VERSION
from flightsched_pipelines.domain.rescheduling.ranking.ranking_validation import Ranking
from flightsched_pipelines.domain.rescheduling.ranking.reason_codes import WORDS
from flightsched_pipelines.domain.rescheduling.slot_descriptions import with_main_reasons

RANKED_COLUMNS: Mapping[str, str] = MappingProxyType({**PROPOSAL_COLUMNS, "prompt_version": "str", "model": "str"})
"""Columns of ranked proposals; the last two are null where the planner ranked."""


def apply_ranking(plan: pd.DataFrame, rankings: Mapping[int, Ranking], model: str) -> pd.DataFrame:
    """Put each booking's alternatives in the order of its ranking.

    Only the rank, the main reasons and ``ranked_by`` can change: times, people and aircraft are the plan's, row by row.

    Args:
        plan: ``PROPOSAL_COLUMNS``, numbered from 0 as when the requests were made.
        rankings: checked rankings by booking.
        model: the model that made them.

    Returns:
        ``RANKED_COLUMNS``, ordered by booking and rank.
    """
    rows = plan.assign(prompt_version=None, model=None)
    for ranking in rankings.values():
        for rank, (slot, codes) in enumerate(zip(ranking.slots, ranking.codes, strict=True), start=1):
            reason = with_main_reasons([WORDS[code] for code in codes], str(plan.at[slot.row, "reason"]))
            changed = (rank, "llm", reason, PROMPT_VERSION, model)
            rows.loc[slot.row, ["rank", "ranked_by", "reason", "prompt_version", "model"]] = changed
    return typed(rows.sort_values(["booking_id", "rank"]), RANKED_COLUMNS)
