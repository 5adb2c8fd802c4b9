"""Responses that a server of the Responses API might return, right and wrong: bodies and headers from a seeded dice.

Drawn by hand and not by Hypothesis, so that ten thousand cost two seconds.
"""

import json
from random import Random
from typing import Any

from flightsched_pipelines_tests.injections import INJECTIONS
from flightsched_pipelines_tests.servers.llm_answers import good_answer

ODD_TEXTS = (
    "", "\x00", "\ud800", "a\udfffb", "\x1b[31m", "\u202e", "ſix dayſ", "ſix days later", "sıx days", "three mınutes",
    "9" * 5_000, "It is " + "9" * 230 + " days later.", "at 99:99", "at 1.2.3.4 h", "٣ days", "²", "१२:३०",
    "\u212aelvin weeKs", "\U0001f600" * 500, "x" * 30_000, "null", "NaN", "[" * 9_000, '{"ranking": null}',
    *INJECTIONS,
)  # fmt: skip
ODD_VALUES = (
    2**31, 2**31 - 1, 2**63, 10**400, -1, -(2**31) - 1, 0, 1, True, 1.5, float("nan"), float("inf"), -0.0, None, "7",
    [], {}, [None], {"cached_tokens": 2**40}, {"reason": "\ud800\x00" * 90}, {"input_tokens": "many"},
)  # fmt: skip
BROKEN = (
    b"", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b"NaN", b'"\\ud800"', b"null", b"{}", b"[]",
    b"\x00", b"<!DOCTYPE html>", b'{"status": "completed", "status": 5}',
)  # fmt: skip
MOMENTS = (
    "", "0", "-1", "1", "nan", "inf", "-inf", "1e999", "9" * 400, "1.2.3s", "6m0s", "20ms", "1..s", "٣s", "²", "soon",
    "\x00", "1h1h1h", "9" * 400 + "s", "Wed, 21 Oct 2026 07:28:00 GMT",
)  # fmt: skip
WAITS = (
    "retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens",
)  # fmt: skip


class OddServer:
    """Draws bodies of HTTP 200 about a question; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)

    def body(self, question: dict[str, Any]) -> bytes:
        """One body: one in three is right but for one thing, the others are worse."""
        if self._one_in(20):
            return self._dice.choice(BROKEN)
        part: dict[str, Any] = {"type": "output_text", "text": self._text(question)}
        whole: dict[str, Any] = {"status": "completed", "output": [{"content": [part]}], "usage": self._usage()}
        place = self._dice.choice([whole, whole["output"][0], part, whole["usage"]])
        if self._one_in(2) and isinstance(place, dict):
            place[self._dice.choice(list(place) or ["status"])] = self._odd()
        if self._one_in(10):
            part |= {"type": "refusal", "refusal": self._odd()}
        if self._one_in(10):
            whole |= {"status": self._dice.choice(["incomplete", None, self._odd()]), "incomplete_details": self._odd()}
        return json.dumps(whole, default=str).encode()

    def headers(self) -> dict[str, str]:
        """Headers that ask to wait, or seem to."""
        return {name: self._dice.choice(MOMENTS) for name in WAITS if self._one_in(2)}

    def _text(self, question: dict[str, Any]) -> str:
        answer = good_answer(question)
        self._dice.shuffle(answer["ranking"])
        if self._one_in(2):
            self._dice.choice(answer["ranking"])[self._dice.choice(["id", "codes", "reason"])] = self._odd()
        if self._one_in(4):
            answer["message"] = self._odd()
        if self._one_in(4):
            self._dice.choice(answer["ranking"])["codes"] = [self._odd(), "same_instructor"]
        if self._one_in(10):
            return self._dice.choice(ODD_TEXTS)
        return json.dumps(answer)

    def _usage(self) -> object:
        usage: dict[str, object] = {"input_tokens": 700, "output_tokens": 90, "input_tokens_details": {}}
        if self._one_in(2):
            usage[self._dice.choice(list(usage))] = self._dice.choice(ODD_VALUES)
        return self._dice.choice(ODD_VALUES) if self._one_in(10) else usage

    def _odd(self) -> Any:
        return self._dice.choice(ODD_VALUES if self._one_in(4) else ODD_TEXTS)

    def _one_in(self, number: int) -> bool:
        return self._dice.randrange(number) == 0
