"""The limits of asking an LLM: quota, budget, 429, and replies of any shape."""

import json

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.clients.openai_responses import RankingPrompt, TokenPrices, read_reply
from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import ranking_requests
from flightsched_pipelines.services.hourly import ranking
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.hourly.ranking import (
    calls,
    keep_lessons,
    letters,
    passed,
    rank,
    same_slots,
    settings_with,
    stored,
)
from flightsched_pipelines_tests.odd_replies import OddServer
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer


def test_an_exhausted_quota_ends_the_asking_at_once(ticked_engine: Engine) -> None:
    with OpenAIServer("quota") as server:
        _, shown = rank(ticked_engine, settings_with(server, openai_requests_at_once=2))

    statuses = {call["status"]: call["calls"] for call in shown["llm_calls"]}
    assert len(server.requests) <= 3
    assert statuses["quota"] == len(server.requests)
    assert statuses["breaker"] > 5
    assert any("add credit" in failure["problem"] for failure in shown["llm_failures"])
    assert len(letters(ticked_engine)) == len(server.requests), "what was not sent is no dead letter"


def test_the_days_budget_is_kept_and_counts_what_was_spent_before(ticked_engine: Engine) -> None:
    with OpenAIServer() as server:
        _, shown = rank(
            ticked_engine,
            settings_with(server, openai_daily_budget_usd=0.075, openai_output_usd=16, openai_requests_at_once=1),
        )
        spent, asked = shown["llm_cost_usd"], len(server.requests)
        _, later = rank(ticked_engine, settings_with(server, openai_daily_budget_usd=spent))

    statuses = {call["status"]: call["calls"] for call in shown["llm_calls"]}
    assert 0 < statuses["ok"] == asked < statuses["budget"] + asked
    assert spent <= 0.075
    assert len(server.requests) == asked
    assert {call["status"] for call in later["llm_calls"]} == {"budget"}
    assert set(stored(ticked_engine)["ranked_by"]) == {"llm", "planner"}


def test_a_429_is_waited_out(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 4)
    with OpenAIServer("rate_limited", failures=2) as server:
        _, shown = rank(ticked_engine, settings_with(server))

    assert shown["llm_calls"] == [{"status": "ok", "calls": 4}]
    assert len(server.requests) == 6
    assert sorted(calls(ticked_engine)["attempts"])[-1] >= 2


def test_no_reply_ends_an_hour(ticked_engine: Engine) -> None:
    odd = OddServer(3)
    with OpenAIServer(headers={"retry-after": "nan", "x-ratelimit-reset-tokens": "1.2.3s"}) as server:
        server.answers_as = odd.body
        result, shown = rank(ticked_engine, settings_with(server))

    assert result.success
    assert same_slots(stored(ticked_engine), stored(ticked_engine, "reschedule_plan"))
    assert len(server.requests) == shown["llm_questions"] > 10
    assert "proposals_are_valid" in passed(result)


def test_hundreds_of_odd_replies_are_stored(ticked_engine: Engine) -> None:
    frames = [stored(ticked_engine, name) for name in ("reschedule_plan", "booking_snapshot", "at_risk_bookings")]
    plan, bookings, broken = (frame.drop(columns="partition_hour") for frame in frames)
    question, *_ = ranking_requests(plan, bookings, broken, pd.Timestamp(SEED_HOUR))
    odd, body = OddServer(4), json.loads(question.text)
    for number in range(300):
        asking = RankingPrompt(f"question {number}", "Rank.", question.text, {})
        reply = read_reply(asking, odd.body(body), TokenPrices(10_000, 10_000, 10_000))
        ranking.record(ticked_engine, question, reply, ranking.judge(question, reply), SEED_HOUR, "odd")

    made, kept = calls(ticked_engine), letters(ticked_engine)
    assert len(made) == 300
    assert len(kept) == (made["status"] != "ok").sum() > 100
