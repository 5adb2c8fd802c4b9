"""Rank an hour's plan with the LLM if its response passes every check; otherwise the planner's order stays.

Every call is recorded at once, so that no response is paid for twice, whatever happens to the run.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.clients.openai_responses import NOT_SENT, RankingPrompt, RankingReply, TokenPrices
from flightsched_pipelines.database.frames import newest_partition, read_partition, write_partition
from flightsched_pipelines.database.queries import llm_calls
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.rescheduling.ranking.apply_ranking import apply_ranking
from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import (
    PROMPT_VERSION,
    RankingRequest,
    prompt,
    ranking_requests,
)
from flightsched_pipelines.domain.rescheduling.ranking.ranking_validation import (
    Ranking,
    RankingError,
    response_schema,
    validate_ranking,
)
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.settings import Settings

NO_KEY = "OPENAI_API_KEY is not set: the planner ranked"
NO_KEY_TO_REDRIVE = "OPENAI_API_KEY is not set, so no request can be sent; set it and redrive"
NOT_NEWEST = "requests are sent for the newest hour only: stored responses were used, the planner ranked the rest"


@dataclass(frozen=True, slots=True)
class RankingFailure:
    """A request without a valid response, by booking."""

    booking_id: int
    status: str
    problem: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The evaluation of a reply: ``ok`` with its ranking, or its fault."""

    status: str
    problem: str
    ranking: Ranking | None


@dataclass(frozen=True, slots=True)
class RankedHour:
    """An hour's proposals (``RANKED_COLUMNS``), with statistics of the ranking.

    ``reused`` counts stored responses to equal requests; ``waiting`` requests that are dead letters and wait for a
    redrive. ``statuses`` counts the results of the requests to be sent now.
    """

    proposals: pd.DataFrame
    note: str
    questions: int
    reused: int
    waiting: int
    statuses: Mapping[str, int]
    failures: Sequence[RankingFailure]
    tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Redriven:
    """The result of a redrive: dead letters tried, answered, superseded by a newer hour, or still waiting."""

    tried: int
    answered: int
    superseded: int
    waiting: int


def ranker_of(settings: Settings) -> OpenAIRanker | None:
    """Return the LLM that the settings name; ``None`` without a key."""
    key = settings.openai_api_key
    if key is None or not key.get_secret_value():
        return None
    return OpenAIRanker(
        api_key=key.get_secret_value(),
        model=settings.openai_model,
        base_url=settings.openai_base_url or None,
        prices=TokenPrices(settings.openai_input_usd, settings.openai_cached_usd, settings.openai_output_usd),
        at_once=settings.openai_requests_at_once,
        attempt_seconds=settings.openai_timeout_seconds,
        deadline_seconds=settings.openai_deadline_seconds,
        reasoning_effort=None if settings.openai_reasoning_effort == "omit" else settings.openai_reasoning_effort,
    )


def rank_hour(
    engine: Engine,
    ranker: OpenAIRanker | None,
    plan: pd.DataFrame,
    booking_snapshot: pd.DataFrame,
    at_risk_bookings: pd.DataFrame,
    hour_utc: datetime,
    now_utc: datetime,
    settings: Settings,
    *,
    again: bool = False,
) -> RankedHour:
    """Rank an hour's plan. Nothing that the LLM does or fails to do removes an alternative.

    Args:
        engine: contains the calls and their dead letters.
        ranker: the LLM; ``None`` for none.
        plan: the hour's ``PROPOSAL_COLUMNS``, numbered from 0; slots that lessons keep without flying stay last.
        booking_snapshot: the hour's bookings, with preferences.
        at_risk_bookings: their breaches.
        hour_utc: the hour. No requests are sent for one older than the newest that has a plan.
        now_utc: the day's budget counts from its UTC midnight.
        settings: the day's budget.
        again: also repeat the requests among the hour's dead letters.
    """
    if ranker is None:
        return RankedHour(apply_ranking(plan, {}, ""), NO_KEY, 0, 0, 0, {}, [], 0, 0.0)
    asked = ranking_requests(plan, booking_snapshot, at_risk_bookings, pd.Timestamp(hour_utc))
    by_digest: dict[str, list[RankingRequest]] = {}
    for question in asked:
        by_digest.setdefault(question.digest(ranker.model), []).append(question)
    rankings = _reused(by_digest, llm_calls.reusable_responses(engine, list(by_digest), hour_utc))
    reused = len(rankings)
    vain = set[str]() if again else llm_calls.failed_requests(engine, hour_utc)
    open_now = [
        digest for digest, same in by_digest.items() if same[0].booking_id not in rankings and digest not in vain
    ]
    newest = newest_partition(engine, PIPELINE_TABLES["reschedule_plan"])
    note = ""
    if newest is not None and newest > hour_utc:
        note, open_now = (NOT_NEWEST if open_now else ""), []
    statuses: Counter[str] = Counter()
    failures: list[RankingFailure] = []

    def settle(reply: RankingReply) -> None:
        same = by_digest[reply.key]
        judged = judge(same[0], reply)
        statuses[judged.status] += 1
        if reply.status not in NOT_SENT:
            record(engine, same[0], reply, judged, hour_utc, ranker.model)
        if judged.ranking is None:
            failures.extend(RankingFailure(question.booking_id, judged.status, judged.problem) for question in same)
        else:
            rankings.update(_for_each(same, judged.ranking))

    if open_now:
        midnight = now_utc.replace(hour=0, minute=0, second=0, microsecond=0)
        left_usd = max(settings.openai_daily_budget_usd - llm_calls.spent_usd(engine, midnight), 0.0)
        instructions = prompt()
        askings = [
            RankingPrompt(digest, instructions, by_digest[digest][0].text, response_schema(by_digest[digest][0]))
            for digest in open_now
        ]
        replies = ranker.ask(askings, left_usd, settle)
    else:
        replies = []
    return RankedHour(
        proposals=apply_ranking(plan, rankings, ranker.model),
        note=note,
        questions=len(asked),
        reused=reused,
        waiting=sum(len(same) for digest, same in by_digest.items() if digest in vain),
        statuses=dict(statuses),
        failures=sorted(failures, key=lambda failure: failure.booking_id),
        tokens=sum(reply.input_tokens + reply.output_tokens for reply in replies),
        cost_usd=sum(reply.cost_usd for reply in replies),
    )


def redrive(engine: Engine, ranker: OpenAIRanker, now_utc: datetime, settings: Settings) -> Redriven:
    """Repeat the requests of the newest hour's dead letters, and apply the responses to its proposals.

    Letters of older hours are settled: the newest hour has sent requests about those bookings itself.
    """
    waiting = llm_calls.waiting_dead_letters(engine)
    newest = newest_partition(engine, PIPELINE_TABLES["reschedule_plan"])
    pointless = [letter for letter in waiting if letter.partition_hour != newest]
    llm_calls.supersede(engine, [letter.letter_id for letter in pointless])
    tried = len(waiting) - len(pointless)
    if newest is None or not tried:
        return Redriven(0, 0, len(pointless), 0)
    rows = {
        name: read_partition(engine, PIPELINE_TABLES[name], [newest]).drop(columns="partition_hour")
        for name in ("reschedule_plan", "booking_snapshot", "at_risk_bookings")
    }
    result = rank_hour(
        engine,
        ranker,
        rows["reschedule_plan"],
        rows["booking_snapshot"],
        rows["at_risk_bookings"],
        newest,
        now_utc,
        settings,
        again=True,
    )
    proposals = result.proposals.assign(partition_hour=pd.Timestamp(newest).as_unit("us"))
    write_partition(engine, PIPELINE_TABLES["reschedule_proposals"], proposals, [newest])
    still = len(llm_calls.waiting_dead_letters(engine))
    return Redriven(tried, tried - still, len(pointless), still)


def redrive_sentence(result: Redriven) -> str:
    """Return a redrive's result in a sentence."""
    return (
        f"{plural(result.tried, 'dead letter')} tried again: {result.answered} answered, "
        f"{plural(result.waiting, 'still waits', 'still wait')}; "
        f"settled of older hours: {result.superseded}"
    )


def _reused(
    by_digest: Mapping[str, list[RankingRequest]], known: Mapping[str, Mapping[str, object]]
) -> dict[int, Ranking]:
    """Stored responses, validated again by the requests."""
    rankings: dict[int, Ranking] = {}
    for digest, answer in known.items():
        try:
            found = validate_ranking(by_digest[digest][0], json.dumps(answer))
        except RankingError:
            continue  # the checks are stricter now: it is requested again
        rankings.update(_for_each(by_digest[digest], found))
    return rankings


def _for_each(same: Sequence[RankingRequest], found: Ranking) -> dict[int, Ranking]:
    """The ranking for each booking with an equal request, on its own slots."""
    order = [slot.slot_id for slot in found.slots]
    return {
        question.booking_id: Ranking(
            tuple(next(slot for slot in question.slots if slot.slot_id == slot_id) for slot_id in order),
            found.codes,
        )
        for question in same
    }


def judge(question: RankingRequest, reply: RankingReply) -> Judged:
    """Return the evaluation of a reply: a ranking if all of it passes, otherwise its fault."""
    if reply.status != "answered":
        return Judged(reply.status, reply.problem, None)
    try:
        return Judged("ok", "", validate_ranking(question, reply.text))
    except RankingError as error:
        return Judged("invalid", str(error), None)


def record(
    engine: Engine, question: RankingRequest, reply: RankingReply, judged: Judged, hour_utc: datetime, model: str
) -> None:
    """Record a call; a failed one also becomes a dead letter."""
    call = llm_calls.LlmCall(
        partition_hour=hour_utc,
        booking_id=question.booking_id,
        question_digest=reply.key,
        prompt_version=PROMPT_VERSION,
        model=model,
        status=judged.status,
        problem=judged.problem or None,
        attempts=reply.attempts,
        input_tokens=reply.input_tokens,
        cached_tokens=reply.cached_tokens,
        output_tokens=reply.output_tokens,
        cost_usd=reply.cost_usd,
        latency_seconds=reply.latency_seconds,
        answer=None if judged.ranking is None else judged.ranking.stored(),
    )
    llm_calls.record(engine, call, {"prompt_version": PROMPT_VERSION, "model": model, **question.body}, reply.text)
