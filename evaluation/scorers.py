"""Score responses by rule, 0 to 1 a case. A scorer assumes nothing about the shape of a response."""

import json
import re
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any, cast

from evaluation.cases import Case

FORECASTS = ("much margin", "some margin", "little margin", "with a reservation", "no forecast")
MOST_CODES = 3

Answer = Mapping[str, Any]
Scorer = Callable[[Case, Answer], float]


def read(text: str) -> Answer | None:
    """Return a response's text as data; ``None`` if it has no ranking."""
    try:
        data: object = json.loads(text)
    except ValueError:
        return None
    answer = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    return answer if isinstance(answer.get("ranking"), list) else None


def valid_permutation(case: Case, answer: Answer) -> float:
    """Every slot once, and no other."""
    return float(sorted(_ids(answer)) == sorted(slot.slot_id for slot in case.question.slots))


def preferences_kept(case: Case, answer: Answer) -> float:
    """Return the share of pairs in the right order, of those with a slot better in some way and worse in none."""
    facts, place = _facts(case), {slot_id: rank for rank, slot_id in enumerate(_ids(answer))}
    pairs = [
        (better, worse)
        for one, other in combinations(facts, 2)
        for better, worse in ((one, other), (other, one))
        if _dominates(facts[better], facts[worse])
    ]
    return _share([place.get(better, 99) < place.get(worse, 99) for better, worse in pairs])


def true_codes(case: Case, answer: Answer) -> float:
    """Return the share of the codes that are true of their slot."""
    true = _true_codes(case)
    return _share([code in true.get(slot_id, set()) for slot_id, codes in _codes(answer) for code in codes])


def reasons_given(case: Case, answer: Answer) -> float:
    """Return the share of the slots with one to three codes, each once, of those of which some code is true."""
    given = dict(_codes(answer))
    codes = [given.get(slot_id, []) for slot_id, true in _true_codes(case).items() if true]
    return _share([0 < len(some) <= MOST_CODES and len({*map(str, some)}) == len(some) for some in codes])


def no_text(case: Case, answer: Answer) -> float:  # noqa: ARG001, a scorer's signature
    """Return whether there is nothing but ids and codes, each a single word."""
    items = _items(answer)
    words = [code for _, codes in _codes(answer) for code in codes]
    shaped = set(answer) == {"ranking"} and all(set(item) == {"id", "codes"} for item in items)
    return float(shaped and all(re.fullmatch("[a-z_]{1,30}", str(word)) for word in words))


ORDER_SCORERS: Mapping[str, Scorer] = {scorer.__name__: scorer for scorer in (valid_permutation, preferences_kept)}
"""Scores of an order alone, such as the planner's."""

SCORERS: Mapping[str, Scorer] = {
    **ORDER_SCORERS,
    **{scorer.__name__: scorer for scorer in (true_codes, reasons_given, no_text)},
}


def _items(answer: Answer) -> list[dict[str, Any]]:
    return [cast("dict[str, Any]", item) for item in cast("list[object]", answer["ranking"]) if isinstance(item, dict)]


def _ids(answer: Answer) -> list[str]:
    return [str(item.get("id")) for item in _items(answer)]


def _codes(answer: Answer) -> list[tuple[str, list[Any]]]:
    def listed(codes: object) -> list[Any]:
        return cast("list[Any]", codes) if isinstance(codes, list) else []

    return [(str(item.get("id")), listed(item.get("codes"))) for item in _items(answer)]


def _facts(case: Case) -> dict[str, Mapping[str, Any]]:
    return {slot.slot_id: slot.facts for slot in case.question.slots}


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits) if hits else 1.0


def _true_codes(case: Case) -> dict[str, set[str]]:
    facts = _facts(case)
    return {
        slot_id: _true_of(slot, [other for other in facts.values() if other is not slot])
        for slot_id, slot in facts.items()
    }


def _true_of(slot: Mapping[str, Any], others: list[Mapping[str, Any]]) -> set[str]:
    moment = (slot["days_later"], slot["minutes_later_in_the_day"])
    wishes = {
        "day": "day_asked_for", "time of day": "time_asked_for", "instructor": "instructor_asked_for",
        "latest date": "by_latest_date",
    }  # fmt: skip
    true = {wishes[wish] for wish in slot["wishes_kept"]}
    true |= {f"same_{thing}" for thing in ("instructor", "aircraft") if slot[thing] == "same"}
    true |= {code for code, moved in zip(("same_day", "usual_time"), moment, strict=True) if not moved}
    starts = [(other["days_later"], other["minutes_later_in_the_day"]) for other in others]
    if others and moment <= min(starts):
        true.add("earliest")
    if others and "margin" in slot["forecast"] and all(_step(slot) < _step(other) for other in others):
        true.add("best_forecast")
    return true


def _step(slot: Mapping[str, Any]) -> int:
    return next(place for place, words in enumerate(FORECASTS) if words in slot["forecast"])


def _dominates(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    def drawbacks(slot: Mapping[str, Any]) -> tuple[int, ...]:
        return (
            _step(slot),
            len(slot["wishes_not_kept"]),
            int(slot["instructor"] == "another"),
            int(slot["aircraft"] != "same"),
            abs(slot["days_later"]),
        )

    subset = set(one["wishes_not_kept"]) <= set(other["wishes_not_kept"])
    pairs = list(zip(drawbacks(one), drawbacks(other), strict=True))
    return subset and all(mine <= its for mine, its in pairs) and any(mine < its for mine, its in pairs)
