"""The frozen cases: questions as they were asked about made-up schools, with what the planner answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flightsched_pipelines.rescheduling.ranking.question import Question, Slot

FILE = Path(__file__).parent / "cases.json"


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the planner's answer to it, and the planner's margins over the minimums by slot, in per cent."""

    name: str
    question: Question
    planner: Mapping[str, Any]
    margins: Mapping[str, int]


def frozen_cases() -> list[Case]:
    """All of them, in their order."""
    return [
        Case(
            name=case["name"],
            question=Question(
                booking_id=number,
                slots=tuple(
                    Slot(slot["id"], row, {name: fact for name, fact in slot.items() if name != "id"})
                    for row, slot in enumerate(case["question"]["slots"])
                ),
                body=case["question"],
            ),
            planner=case["planner"],
            margins=case["margins"],
        )
        for number, case in enumerate(json.loads(FILE.read_text(encoding="utf-8")), start=1)
    ]
