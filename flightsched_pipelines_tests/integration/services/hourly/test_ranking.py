"""Ranking by an LLM that may fail in every way: the operators' view, and each lesson's alternatives kept."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.services.hourly import ranking
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.frames import in_order
from flightsched_pipelines_tests.integration.services.hourly.ranking import (
    SLOT,
    calls,
    keep_lessons,
    letters,
    passed,
    rank,
    same_slots,
    settings_with,
    stored,
)
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer


def test_good_answers_rank_and_explain_every_lesson(ticked_engine: Engine) -> None:
    with OpenAIServer() as server:
        result, shown = rank(ticked_engine, settings_with(server))

    proposals, plan = stored(ticked_engine), stored(ticked_engine, "reschedule_plan")
    assert same_slots(proposals, plan)
    kept = proposals["verdict"] == "not_flown"
    assert set(proposals.loc[kept, "ranked_by"]) == {"planner"}
    proposals = proposals[~kept]
    assert set(proposals["ranked_by"]) == {"llm"}
    assert set(proposals["prompt_version"]) == {"rank_v3"}
    assert set(proposals["model"]) == {"fake-llm"}
    planned = plan.set_index(SLOT)["reason"].reindex(pd.MultiIndex.from_frame(proposals[SLOT]))
    pairs = list(zip(proposals["reason"], planned, strict=True))
    assert all(reason.endswith(sentence) for reason, sentence in pairs)
    assert any(reason.startswith("Main reasons: ") for reason, _ in pairs)
    assert proposals.groupby("booking_id")["rank"].agg(lambda ranks: sorted(ranks) == [1, 2, 3][: len(ranks)]).all()
    assert {"proposals_are_valid", "llm_ranks"} <= passed(result)

    made = calls(ticked_engine)
    assert set(made["status"]) == {"ok"}
    assert len(made) == len(server.requests) == proposals["booking_id"].nunique()
    assert (made[["input_tokens", "output_tokens", "cost_usd", "latency_seconds"]] > 0).all(axis=None)
    assert shown["llm_cost_usd"] == pytest.approx(float(made["cost_usd"].sum()), abs=1e-4)
    assert shown["llm_calls"] == [{"status": "ok", "calls": len(made)}]
    assert shown["ranked_by"] == "llm"
    assert letters(ticked_engine).empty


def test_a_request_is_what_the_api_wants(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 1)
    with OpenAIServer() as server:
        rank(ticked_engine, settings_with(server))

    (request,) = server.requests
    shape = request["text"]["format"]
    assert request["model"] == "fake-llm"
    assert request["store"] is False
    assert "tools" not in request
    assert request["reasoning"] == {"effort": "none"}
    assert shape["type"] == "json_schema"
    assert shape["strict"] is True
    assert shape["schema"]["additionalProperties"] is False
    assert [slot["id"] for slot in json.loads(request["input"])["slots"]] == ["s1", "s2", "s3"]


def test_a_model_that_does_not_reason_is_sent_no_effort(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 1)
    with OpenAIServer() as server:
        rank(ticked_engine, settings_with(server, openai_reasoning_effort="omit"))

    assert "reasoning" not in server.requests[0]


def test_nobody_is_asked_without_a_key_and_the_run_says_so(ticked_engine: Engine) -> None:
    _, shown = rank(ticked_engine, settings_for())

    assert shown["ranking"] == "OPENAI_API_KEY is not set: the planner ranked"
    assert set(stored(ticked_engine)["ranked_by"]) == {"planner"}
    assert calls(ticked_engine).empty


def test_the_same_hour_again_makes_no_call(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 5)
    with OpenAIServer() as server:
        rank(ticked_engine, settings_with(server))
        first, asked = stored(ticked_engine), len(server.requests)
        _, shown = rank(ticked_engine, settings_with(server))

    assert len(server.requests) == asked
    assert shown["llm_answers_reused"] == asked
    assert shown["llm_cost_usd"] == 0
    assert_frame_equal(in_order(first), in_order(stored(ticked_engine)))


def test_an_unchanged_question_reuses_the_answer_of_the_hour_before(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 3)
    frames = [stored(ticked_engine, name) for name in ("reschedule_plan", "booking_snapshot", "at_risk_bookings")]
    plan, bookings, broken = (frame.drop(columns="partition_hour") for frame in frames)
    with OpenAIServer() as server:
        settings = settings_with(server)
        ranker = ranking.ranker_of(settings)
        now = datetime.now(UTC)
        ranking.rank_hour(ticked_engine, ranker, plan, bookings, broken, SEED_HOUR, now, settings)
        later = SEED_HOUR + timedelta(hours=1)
        same = ranking.rank_hour(ticked_engine, ranker, plan, bookings, broken, later, now, settings)
        bookings.loc[bookings["booking_id"] == plan["booking_id"].iloc[0], "times_moved"] = 2
        other = ranking.rank_hour(ticked_engine, ranker, plan, bookings, broken, later, now, settings)

    assert (same.reused, same.statuses) == (3, {})
    assert (other.reused, other.statuses) == (2, {"ok": 1})
    assert len(server.requests) == 4


BAD_ANSWERS = {
    "refusal": ("refused", "the model refused to answer"),
    "truncated": ("truncated", "incomplete (max_output_tokens)"),
    "failed": ("truncated", "incomplete (failed)"),
    "empty": ("empty", "no text"),
    "not_json": ("not_json", "not JSON"),
    "prose": ("invalid", "the answer is not JSON"),
    "wrong_schema": ("invalid", "exactly the field"),
    "wrong_ids": ("invalid", "slot(s) that were not offered"),
    "duplicate": ("invalid", "a slot twice"),
    "missing": ("invalid", "leaves out s"),
    "stranger": ("invalid", "slot(s) that were not offered"),
    "free_text": ("invalid", "exactly a text id and a list"),
    "message": ("invalid", "exactly the field ranking"),
    "text_as_code": ("invalid", "one is not on the list"),
    "unknown_code": ("invalid", "one is not on the list"),
    "false_code": ("invalid", "is not true of the slot"),
    "repeated_code": ("invalid", "one is given twice"),
    "too_many_codes": ("invalid", "there are 4, more than 3"),
    "huge": ("too_large", "over 500,000 bytes"),
}  # fmt: skip
"""Answers by the mode of the server: their status, and words of the problem."""


def test_each_bad_answer_is_shown_and_kept_and_costs_no_alternative(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, len(BAD_ANSWERS) + 1)
    with OpenAIServer(modes=BAD_ANSWERS) as server:
        result, shown = rank(ticked_engine, settings_with(server))

    proposals, plan = stored(ticked_engine), stored(ticked_engine, "reschedule_plan")
    assert result.success
    assert same_slots(proposals, plan), "every lesson keeps its alternatives"
    assert "proposals_are_valid" in passed(result)
    assert "llm_ranks" not in passed(result), "ops are alerted"
    assert shown["llm_calls"] == [
        {"status": status, "calls": count}
        for status, count in sorted(Counter(["ok", *(status for status, _ in BAD_ANSWERS.values())]).items())
    ]

    waiting = letters(ticked_engine)
    of_the_planner = proposals[proposals["booking_id"].isin(waiting["booking_id"])]
    assert set(of_the_planner["ranked_by"]) == {"planner"}
    planned = plan[plan["booking_id"].isin(waiting["booking_id"])]
    assert sorted(of_the_planner["reason"]) == sorted(planned["reason"]), "nothing that the model wrote is there"
    (answered,) = set(plan["booking_id"]) - set(waiting["booking_id"])
    flown = proposals["verdict"] != "not_flown"
    assert set(proposals.loc[flown & (proposals["booking_id"] == answered), "ranked_by"]) == {"llm"}

    assert waiting["settled_at"].isna().all()
    assert {failure["problem"] for failure in shown["llm_failures"]} <= set(waiting["problem"])
    modes = [(json.loads(question), mode) for question, mode in server.mode_of.items()]
    seen = set[str]()
    for letter in waiting.to_dict("records"):
        mode = next(mode for question, mode in modes if question.items() <= letter["request"].items())
        status, problem = BAD_ANSWERS[mode]
        seen.add(mode)
        assert problem in letter["problem"], mode
        assert {"lesson", "slots", "student"} <= letter["request"].keys(), mode
        assert letter["answer"] is not None or status not in {"invalid", "refused"}, mode
    assert seen == BAD_ANSWERS.keys()
    assert set(calls(ticked_engine)["attempts"]) == {1}


@pytest.mark.parametrize(
    ("mode", "status", "problem", "attempts"),
    [
        ("refused_effort", "rejected", "the parameter reasoning.effort; change OPENAI_REASONING_EFFORT", 1),
        ("bad_key", "rejected", "check OPENAI_API_KEY", 1),
        ("server_error", "server_error", "HTTP 500", 3),
        ("reset", "unreachable", "the connection broke off", 3),
        ("cut_off", "unreachable", "the connection broke off", 3),
        ("slow", "timeout", "no answer within 0.3 s", 3),
    ],
)
def test_a_fault_of_the_service_is_shown_kept_and_costs_no_alternative(
    ticked_engine: Engine, mode: str, status: str, problem: str, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flightsched_pipelines.clients.openai_ranker.FIRST_PAUSE_SECONDS", 0.01)
    keep_lessons(ticked_engine, 2)
    with OpenAIServer(mode) as server:
        result, shown = rank(ticked_engine, settings_with(server, openai_timeout_seconds=0.3 if mode == "slow" else 20))

    proposals, plan = stored(ticked_engine), stored(ticked_engine, "reschedule_plan")
    assert result.success
    assert same_slots(proposals, plan), "every lesson keeps its alternatives"
    assert set(proposals["ranked_by"]) == {"planner"}
    assert "proposals_are_valid" in passed(result)
    assert "llm_ranks" not in passed(result), "ops are alerted"

    assert {call["status"]: call["calls"] for call in shown["llm_calls"]} == {status: 2}, "ops see it"
    assert [problem in failure["problem"] for failure in shown["llm_failures"]] == [True, True]
    assert shown["ranked_by"] == "planner"

    waiting = letters(ticked_engine)
    assert len(waiting) == 2
    assert waiting["settled_at"].isna().all()
    assert waiting["problem"].str.contains(problem, regex=False).all()
    assert calls(ticked_engine)["attempts"].tolist() == [attempts, attempts]


def test_what_failed_waits_for_a_redrive(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 3)
    with OpenAIServer("refusal") as server:
        settings = settings_with(server)
        rank(ticked_engine, settings)
        server.mode = "ok"
        _, shown = rank(ticked_engine, settings)
        assert len(server.requests) == 3, "the hour run again does not ask what is dead"
        assert shown["llm_waiting_for_redrive"] == 3

        ranker = ranking.ranker_of(settings)
        assert ranker is not None
        server.mode = "text_as_code"
        vain = ranking.redrive(ticked_engine, ranker, datetime.now(UTC), settings)
        assert (vain.tried, vain.answered, vain.waiting) == (3, 0, 3)
        assert set(letters(ticked_engine)["attempts"]) == {2}
        assert set(stored(ticked_engine)["ranked_by"]) == {"planner"}

        server.mode = "ok"
        done = ranking.redrive(ticked_engine, ranker, datetime.now(UTC), settings)
        again = ranking.redrive(ticked_engine, ranker, datetime.now(UTC), settings)

    assert (done.tried, done.answered, done.waiting) == (3, 3, 0)
    assert (again.tried, again.superseded) == (0, 0)
    assert set(stored(ticked_engine)["ranked_by"]) == {"llm"}
    assert set(letters(ticked_engine)["settlement"]) == {"answered"}


def test_letters_of_an_older_hour_are_settled_without_a_call(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 2)
    with OpenAIServer("refusal") as server:
        settings = settings_with(server)
        rank(ticked_engine, settings)
        later = SEED_HOUR + timedelta(hours=1)
        plan = stored(ticked_engine, "reschedule_plan").assign(partition_hour=pd.Timestamp(later))
        write_partition(ticked_engine, PIPELINE_TABLES["reschedule_plan"], plan, [later])
        ranker = ranking.ranker_of(settings)
        assert ranker is not None
        result = ranking.redrive(ticked_engine, ranker, datetime.now(UTC), settings)
        _, shown = rank(ticked_engine, settings)

    assert (result.tried, result.superseded) == (0, 2)
    assert len(server.requests) == 2
    assert set(letters(ticked_engine)["settlement"]) == {"superseded"}
    assert "requests are sent for the newest hour only" in shown["ranking"]


def test_the_redrive_job_is_the_same(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 2)
    with OpenAIServer("prose") as server:
        settings = settings_with(server)
        rank(ticked_engine, settings)
        server.mode = "ok"
        job = build_definitions(engine=ticked_engine, settings=settings).resolve_job_def("redrive_dead_letters")
        assert job.execute_in_process().success

    assert set(stored(ticked_engine)["ranked_by"]) == {"llm"}


def test_without_a_key_the_redrive_job_leaves_the_answers_where_they_are(ticked_engine: Engine) -> None:
    keep_lessons(ticked_engine, 2)
    with OpenAIServer("prose") as server:
        rank(ticked_engine, settings_with(server))
    before = letters(ticked_engine)
    job = build_definitions(engine=ticked_engine, settings=settings_for()).resolve_job_def("redrive_dead_letters")
    assert job.execute_in_process().success

    assert len(before) == 2
    assert letters(ticked_engine).equals(before)
