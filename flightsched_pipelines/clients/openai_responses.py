"""Parse what a server of OpenAI's Responses API returned: bodies, errors and headers, without raising.

Whatever was received, a `RankingReply` can be stored: its text has no NUL and no lone surrogate, its counts fit their
columns.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from flightsched_pipelines.text import storable

if TYPE_CHECKING:
    from openai import APIStatusError

MAX_RESPONSE_BYTES = 500_000
MAX_OUTPUT_TOKENS = 4_000
"""A response takes a tenth of it; the rest is for a model that reasons, whose reasoning counts as output."""

CHARACTERS_PER_TOKEN = 3
"""Cautious: English has about four."""

MAX_TOKENS = 10_000_000
"""A larger or missing count of a server is not believed: the maximum counts against the budget."""


@dataclass(frozen=True, slots=True)
class RankingPrompt:
    """One request: instructions, the booking's facts, and the JSON schema of the response."""

    key: str
    instructions: str
    text: str
    schema: Mapping[str, Any]

    @property
    def most_input_tokens(self) -> int:
        """Return an upper estimate of the request's tokens."""
        return (len(self.text) + len(self.instructions)) // CHARACTERS_PER_TOKEN


@dataclass(frozen=True, slots=True)
class RankingReply:
    """The result of one request.

    ``status`` is ``answered`` (``text`` is the unchecked response), ``refused``, ``truncated``, ``empty``,
    ``too_large``, ``rate_limited``, ``quota``, ``rejected`` (a 4xx), ``server_error``, ``timeout``, ``unreachable``,
    ``not_json``; or one of ``NOT_SENT``: ``deadline``, ``breaker``, ``budget``.
    """

    key: str
    status: str
    text: str = ""
    problem: str = ""
    attempts: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    latency_seconds: float = 0.0


NOT_SENT = frozenset({"deadline", "breaker", "budget"})


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """US dollars for a million tokens."""

    input_usd: float
    cached_usd: float
    output_usd: float

    def of(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> float:
        """Return the cost of a call."""
        fresh = max(input_tokens - cached_tokens, 0)
        return (fresh * self.input_usd + cached_tokens * self.cached_usd + output_tokens * self.output_usd) / 1e6


def read_reply(asking: RankingPrompt, body: bytes, prices: TokenPrices) -> RankingReply:
    """Return the reply in a body of HTTP 200: a response, or its fault. Never raises because of its content."""
    key = asking.key
    try:
        data: object = json.loads(body)
    except (ValueError, RecursionError):
        return RankingReply(key, "not_json", problem="the answer is not JSON")
    if not isinstance(data, dict):
        return RankingReply(key, "not_json", problem="the answer is not a JSON object")
    fields = cast("dict[str, Any]", data)
    tokens = _usage(fields.get("usage"), asking.most_input_tokens)
    facts: dict[str, Any] = {**tokens, "cost_usd": prices.of(**tokens)}
    text, refusal = _output(fields.get("output"))
    if refusal:
        return RankingReply(key, "refused", refusal, "the model refused to answer", **facts)
    if fields.get("status") != "completed":
        details = fields.get("incomplete_details")
        why = cast("dict[str, Any]", details).get("reason") if isinstance(details, dict) else fields.get("status")
        return RankingReply(key, "truncated", text, f"the answer is incomplete ({_word(why)})", **facts)
    if not text:
        return RankingReply(key, "empty", "", "the answer has no text", **facts)
    return RankingReply(key, "answered", text, **facts)


def failed_reply(key: str, error: "APIStatusError") -> RankingReply:
    """Return the reply for an HTTP status of 400 or more."""
    status, code = error.status_code, _word(error.code or "")
    if code in {"insufficient_quota", "billing_hard_limit_reached"}:
        return RankingReply(key, "quota", problem="the account's quota is used up")
    if status == 429:
        return RankingReply(key, "rate_limited", problem="HTTP 429: too many requests")
    if status >= 500:
        return RankingReply(key, "server_error", problem=f"HTTP {status}")
    hint = {401: ": check OPENAI_API_KEY", 404: ": check OPENAI_MODEL"}.get(status, "")
    if status == 400 and error.param:
        parameter = _word(error.param)
        setting = "OPENAI_REASONING_EFFORT" if parameter.startswith("reasoning") else "OPENAI_MODEL"
        hint = f": the model does not accept the parameter {parameter}; change {setting}"
    return RankingReply(key, "rejected", problem=f"HTTP {status} {code}".rstrip() + hint)


def wait_seconds(headers: Mapping[str, str]) -> float:
    """Return the wait that the server asks for: after a 429, or if nothing remains of a limit; 0 for none."""
    waits = [_seconds(headers.get("retry-after-ms"), 0.001), _seconds(headers.get("retry-after"), 1.0)]
    waits += [
        _duration(headers.get(f"x-ratelimit-reset-{limit}", ""))
        for limit in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{limit}") == "0"
    ]
    return max(waits)


def _usage(value: object, most_input: int) -> dict[str, int]:
    """The tokens of a call; the maximum possible if the server does not report them."""
    usage = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    details = usage.get("input_tokens_details")
    cached = cast("dict[str, Any]", details).get("cached_tokens") if isinstance(details, dict) else 0
    return {
        "input_tokens": _count(usage.get("input_tokens"), most_input),
        "cached_tokens": _count(cached, 0),
        "output_tokens": _count(usage.get("output_tokens"), MAX_OUTPUT_TOKENS),
    }


def _count(value: object, otherwise: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return otherwise
    return value if 0 <= value <= MAX_TOKENS else otherwise


def _word(value: object) -> str:
    """A server's word for something, shortened; anything but text is not repeated."""
    return storable(value, 60) if isinstance(value, str) else "unknown"


def _output(value: object) -> tuple[str, str]:
    """All text of a response's output, and all of a refusal, in storable form."""
    texts: list[str] = []
    refusals: list[str] = []
    items = cast("list[Any]", value) if isinstance(value, list) else []
    for item in items:
        content = cast("dict[str, Any]", item).get("content") if isinstance(item, dict) else None
        for part in cast("list[Any]", content) if isinstance(content, list) else []:
            if isinstance(part, dict):
                piece = cast("dict[str, Any]", part)
                texts.append(_text_of(piece, "output_text", "text"))
                refusals.append(_text_of(piece, "refusal", "refusal"))
    return storable("".join(texts), MAX_RESPONSE_BYTES), storable("".join(refusals), MAX_RESPONSE_BYTES)


def _text_of(piece: Mapping[str, Any], kind: str, name: str) -> str:
    text = piece.get(name)
    return text if piece.get("type") == kind and isinstance(text, str) else ""


def _seconds(text: str | None, unit: float) -> float:
    try:
        seconds = float(text or 0) * unit
    except ValueError:
        return 0.0
    return 0.0 if math.isnan(seconds) else max(seconds, 0.0)


def _duration(text: str) -> float:
    """The seconds of a wait as OpenAI writes it, such as 6m0s, 1s or 20ms."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    found = re.findall(r"(\d{1,9}(?:\.\d{1,9})?)(ms|h|m|s)", text, re.ASCII)
    return sum(float(amount) * units[unit] for amount, unit in found)
