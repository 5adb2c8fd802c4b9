"""Requests to OpenAI: bounds of time, number and money, and the waits that the server's headers ask for."""

import json
import time

import pytest

from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.clients.openai_responses import RankingPrompt, RankingReply, TokenPrices
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer
from flightsched_pipelines_tests.unit.domain.rescheduling.ranking.test_ranking_request import ask

TEXT = ask().text
FOREVER = 3_600


def ranker(server: OpenAIServer, **limits: object) -> OpenAIRanker:
    settings = {"at_once": 4, "attempts": 1, "attempt_seconds": 300.0, "deadline_seconds": 600.0} | limits
    return OpenAIRanker("a-key", "m", server.url, TokenPrices(1.0, 0.5, 2.0), **settings)  # type: ignore[arg-type]


def askings(count: int) -> list[RankingPrompt]:
    return [RankingPrompt(f"q{number}", "Rank.", TEXT, {"type": "object"}) for number in range(count)]


def test_replies_come_in_order_and_are_told_as_they_come() -> None:
    told: list[RankingReply] = []
    with OpenAIServer() as server:
        replies = ranker(server).ask(askings(9), budget_usd=5, told=told.append)

    assert [reply.key for reply in replies] == [f"q{number}" for number in range(9)]
    assert sorted(reply.key for reply in told) == sorted(reply.key for reply in replies)
    assert {reply.status for reply in replies} == {"answered"}
    assert json.loads(replies[0].text)["ranking"]


def test_no_more_are_out_at_once_than_allowed() -> None:
    with OpenAIServer("slow", slow_seconds=FOREVER, until_at_once=3) as server:
        ranker(server, at_once=3).ask(askings(10), budget_usd=5)

    assert server.most_at_once == 3


def test_the_deadline_ends_everything() -> None:
    began = time.monotonic()
    with OpenAIServer("slow", slow_seconds=FOREVER) as server:
        replies = ranker(server, attempt_seconds=FOREVER, deadline_seconds=0.5, at_once=2).ask(askings(4), budget_usd=5)

    assert {reply.status for reply in replies} == {"deadline"}
    assert len(server.requests) <= 2, "the others were never sent"
    assert time.monotonic() - began < FOREVER


def test_failures_in_a_row_open_the_breaker() -> None:
    with OpenAIServer("server_error") as server:
        replies = ranker(server, at_once=1).ask(askings(12), budget_usd=5)

    assert [reply.status for reply in replies] == ["server_error"] * 8 + ["breaker"] * 4
    assert replies[-1].problem == "8 requests in a row failed, the last: HTTP 500"
    assert len(server.requests) == 8


def test_one_success_keeps_the_breaker_shut() -> None:
    with OpenAIServer("server_error", failures=7) as server:
        replies = ranker(server, at_once=1).ask(askings(12), budget_usd=5)

    assert [reply.status for reply in replies] == ["server_error"] * 7 + ["answered"] * 5


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "400ms"},
        {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "0.4s"},
    ],
)
def test_where_nothing_remains_of_a_limit_all_wait(headers: dict[str, str]) -> None:
    began = time.monotonic()
    with OpenAIServer(headers=headers) as server:
        ranker(server, at_once=1).ask(askings(3), budget_usd=5)

    assert time.monotonic() - began >= 0.8, "two of three waited"


def test_headers_that_make_no_sense_hold_nothing_back() -> None:
    headers = {"retry-after": "soon", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "later"}
    with OpenAIServer(headers=headers) as server:
        replies = ranker(server).ask(askings(3), budget_usd=5)

    assert {reply.status for reply in replies} == {"answered"}


def test_what_a_call_costs_is_what_its_tokens_cost() -> None:
    with OpenAIServer() as server:
        (reply,) = ranker(server).ask(askings(1), budget_usd=5)

    fresh = reply.input_tokens - reply.cached_tokens
    assert reply.cost_usd == pytest.approx((fresh * 1.0 + reply.cached_tokens * 0.5 + reply.output_tokens * 2.0) / 1e6)
    assert TokenPrices(1.0, 0.5, 2.0).of(10, 20, 0) == pytest.approx(10e-6), "more cached than sent is no credit"


def test_without_budget_nothing_is_sent() -> None:
    with OpenAIServer() as server:
        (reply,) = ranker(server).ask(askings(1), budget_usd=0)

    assert (reply.status, server.requests) == ("budget", [])
