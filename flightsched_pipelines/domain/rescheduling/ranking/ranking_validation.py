"""Validate the LLM's response: its schema, and the checks that all of it must pass before any of it counts.

A response is an order and, for each slot, codes from a closed list. It has no text: messages are written from facts,
and nothing that the LLM writes is repeated, not even in an error.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import RankingRequest, RequestSlot
from flightsched_pipelines.domain.rescheduling.ranking.reason_codes import ReasonCode, is_true
from flightsched_pipelines.formatting import plural

MAX_RESPONSE_CHARACTERS = 20_000
"""Maximum length of a response; a longer one is refused unread."""

MOST_CODES = 3
"""Maximum number of codes of one slot."""

Codes = tuple[ReasonCode, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """A checked response: slots in order of rank, and the codes of each."""

    slots: tuple[RequestSlot, ...]
    codes: tuple[Codes, ...]

    def stored(self) -> dict[str, Any]:
        """Return the ranking as stored, to be reused for an equal request."""
        return {
            "ranking": [
                {"id": slot.slot_id, "codes": [str(code) for code in codes]}
                for slot, codes in zip(self.slots, self.codes, strict=True)
            ]
        }


class RankingError(ValueError):
    """A response that may not count; the message lists each fault once."""


def response_schema(question: RankingRequest) -> dict[str, Any]:
    """Return the strict JSON schema of the response: every id of the request once, with codes; no free text."""
    ids = [slot.slot_id for slot in question.slots]
    codes = {"type": "array", "items": {"type": "string", "enum": [str(code) for code in ReasonCode]}}
    item = {
        "type": "object",
        "properties": {"id": {"type": "string", "enum": ids}, "codes": {**codes, "maxItems": MOST_CODES}},
        "required": ["id", "codes"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"ranking": {"type": "array", "items": item, "minItems": len(ids), "maxItems": len(ids)}},
        "required": ["ranking"],
        "additionalProperties": False,
    }


def validate_ranking(question: RankingRequest, text: str) -> Ranking:
    """Read a response, and compare it with the request.

    Raises:
        RankingError: it has any fault; then nothing of it counts.
    """
    given = _read(text)
    slots = {slot.slot_id: slot for slot in question.slots}
    faults = list(_faults_of_ids([slot_id for slot_id, _ in given], list(slots)))
    if not faults:
        faults = [
            f"codes of {slot_id}: {fault}"
            for slot_id, codes in given
            for fault in _faults_of_codes(slot_id, codes, slots)
        ]
    if faults:
        raise RankingError("; ".join(dict.fromkeys(faults)))
    return Ranking(
        tuple(slots[slot_id] for slot_id, _ in given),
        tuple(tuple(ReasonCode(code) for code in codes) for _, codes in given),
    )


def _read(text: str) -> list[tuple[str, list[str]]]:
    """The ids of a response with their codes, as received."""
    if len(text) > MAX_RESPONSE_CHARACTERS:
        raise RankingError(f"the answer has {plural(len(text), 'character')}, more than {MAX_RESPONSE_CHARACTERS:,}")
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RankingError("the answer is not JSON") from error
    ranking = _fields(data, {"ranking"}, "the answer does not have exactly the field ranking")["ranking"]
    if not isinstance(ranking, list):
        raise RankingError("ranking is not a list")
    return [_item(item) for item in cast("list[object]", ranking)]


def _item(item: object) -> tuple[str, list[str]]:
    wrong = "an item of ranking does not have exactly a text id and a list of texts codes"
    fields = _fields(item, {"id", "codes"}, wrong)
    slot_id, codes = fields["id"], fields["codes"]
    if not isinstance(slot_id, str) or not isinstance(codes, list):
        raise RankingError(wrong)
    texts = [code for code in cast("list[object]", codes) if isinstance(code, str)]
    if len(texts) < len(cast("list[object]", codes)):
        raise RankingError(wrong)
    return slot_id, texts


def _fields(data: object, names: set[str], wrong: str) -> Mapping[str, object]:
    if not isinstance(data, dict) or set(cast("dict[str, object]", data)) != names:
        raise RankingError(wrong)
    return cast("dict[str, object]", data)


def _faults_of_ids(ids: Sequence[str], offered: Sequence[str]) -> Iterator[str]:
    strangers = [slot_id for slot_id in ids if slot_id not in offered]
    if strangers:
        yield f"it names {len(strangers)} slot(s) that were not offered"
    if len(set(ids)) < len(ids):
        yield "it names a slot twice"
    missing = [slot_id for slot_id in offered if slot_id not in ids]
    if missing:
        yield f"it leaves out {', '.join(missing)}"


def _faults_of_codes(slot_id: str, codes: Sequence[str], slots: Mapping[str, RequestSlot]) -> Iterator[str]:
    if len(codes) > MOST_CODES:
        yield f"there are {len(codes)}, more than {MOST_CODES}"
        return
    if len(set(codes)) < len(codes):
        yield "one is given twice"
    if not set(ReasonCode).issuperset(codes):
        yield "one is not on the list"
    others = [slot.facts for slot in slots.values() if slot.slot_id != slot_id]
    for code in ReasonCode:
        if code in codes and not is_true(code, slots[slot_id].facts, others):
            yield f"{code} is not true of the slot"
