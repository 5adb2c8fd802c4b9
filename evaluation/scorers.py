"""Scorers by rule, 0 to 1 a case. Each looks at the answer as it came, and assumes nothing of its shape."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import combinations
from typing import Any

from evaluation.cases import Case

FORECASTS = ("much margin", "some margin", "little margin", "with a reservation", "no forecast")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_REASON, LONGEST_MESSAGE = 240, 400

Answer = Mapping[str, Any]


def read(text: str) -> Answer | None:
    """An answer's text as data; ``None`` where it has no ranking."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) and isinstance(data.get("ranking"), list) else None


def valid_permutation(case: Case, answer: Answer) -> float:
    """Every slot once, and no other."""
    return float(sorted(_ids(answer)) == sorted(slot.slot_id for slot in case.question.slots))


def grounded_reasons(case: Case, answer: Answer) -> float:
    """Share of the reasons that speak of their slot's facts, and say nothing of people or forecast that these deny."""
    facts = _facts(case)
    reasons = [(facts.get(slot_id), reason) for slot_id, reason in _reasons(answer)]
    return _share([slot is not None and _is_grounded(slot, reason.lower()) for slot, reason in reasons])


def preferences_kept(case: Case, answer: Answer) -> float:
    """Share of the pairs in which one slot is better in some way and worse in none, that stand in that order."""
    facts, place = _facts(case), {slot_id: rank for rank, slot_id in enumerate(_ids(answer))}
    pairs = [
        (better, worse)
        for one, other in combinations(facts, 2)
        for better, worse in ((one, other), (other, one))
        if _dominates(facts[better], facts[worse])
    ]
    return _share([place.get(better, 99) < place.get(worse, 99) for better, worse in pairs])


def nothing_invented(case: Case, answer: Answer) -> float:
    """Share of the texts without a time, weekday, number or name that the question does not have."""
    facts, known = _facts(case), json.dumps(case.question.body, ensure_ascii=False)
    texts = [(facts.get(slot_id), case.margins.get(slot_id), reason) for slot_id, reason in _reasons(answer)]
    everything = list(facts.values())
    return _share(
        [slot is not None and _invents_nothing([slot], margin, reason, known) for slot, margin, reason in texts]
        + [_invents_nothing(everything, None, _message(answer), known)]
    )


def tone(case: Case, answer: Answer) -> float:  # noqa: ARG001, a scorer's signature
    """Share of the texts that are plain: short, no markup or link, no promise, no pressure, no shouting."""
    texts = [(reason, LONGEST_REASON) for _, reason in _reasons(answer)] + [(_message(answer), LONGEST_MESSAGE)]
    return _share([_is_plain(text, longest) for text, longest in texts])


SCORERS: Mapping[str, Callable[[Case, Answer], float]] = {
    scorer.__name__: scorer
    for scorer in (valid_permutation, grounded_reasons, preferences_kept, nothing_invented, tone)
}


def _ids(answer: Answer) -> list[str]:
    return [str(item.get("id")) for item in answer["ranking"] if isinstance(item, dict)]


def _reasons(answer: Answer) -> list[tuple[str, str]]:
    return [(str(item.get("id")), str(item.get("reason", ""))) for item in answer["ranking"] if isinstance(item, dict)]


def _message(answer: Answer) -> str:
    return str(answer.get("message", ""))


def _facts(case: Case) -> dict[str, Mapping[str, Any]]:
    return {slot.slot_id: slot.facts for slot in case.question.slots}


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits) if hits else 1.0


def _is_grounded(slot: Mapping[str, Any], reason: str) -> bool:
    names_a_fact = re.search(
        r"instructor|aircraft|forecast|minimums|day|week|time|morning|afternoon|evening|soon|earl|late|wish|asked",
        reason,
    )
    unforecast = slot["forecast"].startswith("no forecast")
    lies = [
        re.search(r"\bsame instructor|\byour instructor|keeps? (the |your )?(same )?instructor", reason)
        and slot["instructor"] != "same",
        re.search(r"(another|different|new) instructor", reason) and slot["instructor"] == "same",
        re.search(r"\bsame aircraft|instructor and aircraft", reason) and slot["aircraft"] != "same",
        re.search(r"(another|different) aircraft", reason) and slot["aircraft"] == "same",
        re.search(r"above the (school's )?minimums", reason) and unforecast,
        re.search(r"no (complete )?forecast", reason) and not unforecast,
    ]
    return bool(names_a_fact) and not any(lies)


def _dominates(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    def drawbacks(slot: Mapping[str, Any]) -> tuple[int, ...]:
        return (
            next(place for place, words in enumerate(FORECASTS) if words in slot["forecast"]),
            len(slot["wishes_not_kept"]),
            int(slot["instructor"] == "another"),
            int(slot["aircraft"] != "same"),
            abs(slot["days_later"]),
        )

    subset = set(one["wishes_not_kept"]) <= set(other["wishes_not_kept"])
    pairs = list(zip(drawbacks(one), drawbacks(other), strict=True))
    return subset and all(mine <= its for mine, its in pairs) and any(mine < its for mine, its in pairs)


def _invents_nothing(slots: list[Mapping[str, Any]], margin: int | None, text: str, known: str) -> bool:
    starts = [datetime.strptime(slot["local_start"], "%A %d %B %Y, %H:%M") for slot in slots]  # noqa: DTZ007, local
    clocks = {f"{start:%H:%M}" for start in starts} | {slot["local_end"] for slot in slots}
    for hours, minutes, half in re.findall(r"\b(\d{1,2}):(\d{2})\s*([ap]m)?", text.lower()):
        hour = int(hours) % 12 + 12 * (half == "pm") if half else int(hours)
        if f"{hour:02d}:{minutes}" not in clocks:
            return False
    if any(day in text and day not in {f"{start:%A}" for start in starts} for day in DAYS):
        return False
    numbers = {int(number) for number in re.findall(r"\d+", re.sub(r"\d{1,2}:\d{2}", "", text))}
    allowed = {abs(value) for slot in slots for value in (slot["days_later"], slot["minutes_later_in_the_day"])}
    allowed |= {part for value in allowed for part in (value // 60, value % 60, value // 7)} | {margin}
    allowed |= {number for start in starts for number in (start.day, start.year, start.hour % 12, start.hour)}
    if not numbers <= allowed:
        return False
    names = re.findall(r"(?<=[a-z,;] )[A-Z][a-z]+", text)
    return all(name in known for name in names)


def _is_plain(text: str, longest: int) -> bool:
    bad = r"<|>|\*\*|https?:|www\.|@|!|\bsafe(ly|ty)?\b|guarantee|promise|perfect weather|hurry|immediately|urgent"
    shouts = re.search(r"\b[A-Z]{4,}\b(?<!METAR)(?<!LIFR)(?<!MVFR)", text)
    return len(text) <= longest and not re.search(bad, text, re.IGNORECASE) and not shouts
