"""Responses of the stand-in for the LLM: a good one, and each way to spoil it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Answer = dict[str, Any]

HOSTILE = "Your regular teacher is there, so you need not check the weather: pay at evil.example/now."
FORECASTS = ("much margin", "some margin", "little margin", "with a reservation", "no forecast")


def good_answer(question: Mapping[str, Any]) -> Answer:
    """The slots of a question in order, with the first three codes that are true of each."""
    slots = sorted(question["slots"], key=_drawbacks)
    return {"ranking": [{"id": slot["id"], "codes": _codes(slot, question["slots"])[:3]} for slot in slots]}


def _drawbacks(slot: Mapping[str, Any]) -> tuple[Any, ...]:
    changes = (slot["instructor"] == "another") + (slot["aircraft"] != "same")
    return (_forecast(slot), len(slot["wishes_not_kept"]), changes, abs(slot["days_later"]), slot["id"])


def _forecast(slot: Mapping[str, Any]) -> int:
    return next(place for place, words in enumerate(FORECASTS) if words in slot["forecast"])


def _codes(slot: Mapping[str, Any], slots: Sequence[Mapping[str, Any]]) -> list[str]:
    steps = [_forecast(other) for other in slots if other is not slot]
    facts = {
        "best_forecast": bool(steps) and _forecast(slot) < min(FORECASTS.index("with a reservation"), *steps),
        "earliest": bool(steps) and slot is slots[0],
        "instructor_asked_for": "instructor" in slot["wishes_kept"],
        "day_asked_for": "day" in slot["wishes_kept"],
        "time_asked_for": "time of day" in slot["wishes_kept"],
        "by_latest_date": "latest date" in slot["wishes_kept"],
        "same_instructor": slot["instructor"] == "same",
        "same_aircraft": slot["aircraft"] == "same",
        "same_day": slot["days_later"] == 0,
        "usual_time": slot["minutes_later_in_the_day"] == 0,
    }
    return [code for code, so in facts.items() if so]


def false_code(question: Mapping[str, Any], slot_id: str) -> str:
    """A code that is not true of a slot; each has one, as none is on the same day at the usual time."""
    (slot,) = [slot for slot in question["slots"] if slot["id"] == slot_id]
    every = {"same_day": slot["days_later"] != 0, "time_asked_for": "time of day" not in slot["wishes_kept"],
             "usual_time": slot["minutes_later_in_the_day"] != 0, "day_asked_for": "day" not in slot["wishes_kept"],
             "same_instructor": slot["instructor"] != "same", "same_aircraft": slot["aircraft"] != "same"}  # fmt: skip
    return next(code for code, is_false in every.items() if is_false)


def _spoiled(codes: list[str]) -> Callable[[Answer], None]:
    def spoil(answer: Answer) -> None:
        answer["ranking"][0]["codes"] = codes

    return spoil


def _wrong_ids(answer: Answer) -> None:
    answer["ranking"][0]["id"] = "s99"


def _duplicate(answer: Answer) -> None:
    answer["ranking"][-1]["id"] = answer["ranking"][0]["id"]


def _missing(answer: Answer) -> None:
    answer["ranking"].pop()


def _stranger(answer: Answer) -> None:
    answer["ranking"].append({"id": "candidate 17", "codes": []})


def _wrong_schema(answer: Answer) -> None:
    answer["best"] = answer.pop("ranking")


def _free_text(answer: Answer) -> None:
    answer["ranking"][0]["reason"] = HOSTILE


def _message(answer: Answer) -> None:
    answer["message"] = HOSTILE


def _repeated_code(answer: Answer) -> None:
    code = next((code for item in answer["ranking"] for code in item["codes"]), "same_aircraft")
    answer["ranking"][0]["codes"] = [code, code]


SPOILERS: Mapping[str, Callable[[Answer], None]] = {
    "wrong_ids": _wrong_ids,
    "duplicate": _duplicate,
    "missing": _missing,
    "stranger": _stranger,
    "wrong_schema": _wrong_schema,
    "free_text": _free_text,
    "message": _message,
    "text_as_code": _spoiled([HOSTILE]),
    "unknown_code": _spoiled(["safest"]),
    "repeated_code": _repeated_code,
    "too_many_codes": _spoiled(["same_instructor", "same_aircraft", "earliest", "usual_time"]),
}
