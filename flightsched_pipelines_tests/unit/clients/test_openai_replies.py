"""Whatever a server of the Responses API returns is read without an error, and can be stored."""

import json
from collections import Counter

import pytest

from flightsched_pipelines.clients.openai_responses import (
    MAX_OUTPUT_TOKENS,
    MAX_TOKENS,
    RankingPrompt,
    RankingReply,
    TokenPrices,
    read_reply,
    wait_seconds,
)
from flightsched_pipelines.services.hourly.ranking import judge
from flightsched_pipelines_tests.odd_replies import OddServer
from flightsched_pipelines_tests.unit.domain.rescheduling.ranking.test_ranking_request import ask

QUESTION = ask()
ASKING = RankingPrompt("key", "Rank.", QUESTION.text, {})
PRICES = TokenPrices(10_000, 10_000, 10_000)
"""The highest that the settings take."""


def assert_storable(*texts: str) -> None:
    for text in texts:
        text.encode()
        assert "\x00" not in text


def test_whatever_a_server_returns_can_be_judged_and_stored() -> None:
    statuses: Counter[str] = Counter()
    server, question = OddServer(1), json.loads(QUESTION.text)
    for _ in range(10_000):
        body = server.body(question)
        reply = read_reply(ASKING, body, PRICES)
        judged = judge(QUESTION, reply)
        statuses[judged.status] += 1
        assert_storable(reply.text, reply.problem, judged.status, judged.problem)
        assert len(judged.problem) <= 1_000
        for tokens in (reply.input_tokens, reply.cached_tokens, reply.output_tokens):
            assert 0 <= tokens <= MAX_TOKENS < 2**31
        assert 0 <= reply.cost_usd < 1e6, "the column has six digits before the point"
        if judged.ranking is None:
            assert judged.problem
        else:
            assert_storable(json.dumps(judged.ranking.stored(), ensure_ascii=False))
            assert {slot.slot_id for slot in judged.ranking.slots} == {slot.slot_id for slot in QUESTION.slots}
    assert min(statuses[status] for status in ("ok", "invalid", "refused", "truncated", "not_json")) > 100, statuses


def test_without_a_count_the_dearest_call_is_paid_for() -> None:
    for usage in ({}, None, {"input_tokens": 10**400, "output_tokens": -1}, {"input_tokens": True}):
        body = json.dumps({"status": "completed", "output": [], "usage": usage}).encode()
        reply = read_reply(ASKING, body, TokenPrices(1.0, 0.5, 2.0))
        assert (reply.input_tokens, reply.output_tokens) == (ASKING.most_input_tokens, MAX_OUTPUT_TOKENS)
        assert reply.cost_usd > 0.004


def test_whatever_headers_say_a_wait_is_a_number_that_is_not_negative() -> None:
    server = OddServer(2)
    assert min(wait_seconds(server.headers()) for _ in range(10_000)) >= 0


@pytest.mark.parametrize("moment", ["1.2.3s", "nan", "9" * 400, "soon"])
def test_a_wait_that_cannot_be_read_asks_for_none_or_for_ever(moment: str) -> None:
    remaining = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": moment}
    assert wait_seconds(remaining) < 10**10
    assert wait_seconds({"retry-after": moment}) in {0.0, float("inf")}


def test_a_reply_without_text_is_empty() -> None:
    assert read_reply(ASKING, b'{"status": "completed"}', PRICES).status == "empty"
    assert judge(QUESTION, RankingReply("key", "empty", problem="the answer has no text")).ranking is None
