"""The frozen cases: requests about sample schools, with the planner's order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import RankingRequest, RequestSlot

FILE = Path(__file__).parent / "cases.json"


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the planner's order of its slots, as ids."""

    name: str
    question: RankingRequest
    planner: Sequence[str]


def frozen_cases() -> list[Case]:
    """All of them, in their order."""
    return [
        Case(
            name=case["name"],
            question=RankingRequest(
                booking_id=number,
                slots=tuple(
                    RequestSlot(slot["id"], row, {name: fact for name, fact in slot.items() if name != "id"})
                    for row, slot in enumerate(case["question"]["slots"])
                ),
                body=case["question"],
            ),
            planner=case["planner"],
        )
        for number, case in enumerate(json.loads(FILE.read_text(encoding="utf-8")), start=1)
    ]
