"""Run planner, stand-in and, with a key, the real model on the frozen cases: ``make eval``.

The last row is the stand-in in a mode that errs: it shows that the scorers detect errors.
"""

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation.cases import Case, frozen_cases
from evaluation.scorers import ORDER_SCORERS, SCORERS, Scorer, read
from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.clients.openai_responses import RankingPrompt, RankingReply, TokenPrices
from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import PROMPT_VERSION, prompt
from flightsched_pipelines.domain.rescheduling.ranking.ranking_validation import (
    RankingError,
    response_schema,
    validate_ranking,
)
from flightsched_pipelines.services.hourly.ranking import ranker_of
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer

MOST_COST_USD = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """A contender's result: the mean of each score, the share that would count in production, time and money."""

    contender: str
    answered: int
    scores: dict[str, float]
    counted: float | None
    median_seconds: float | None
    cost_usd: float


def main() -> None:
    """Run every contender, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    cases = frozen_cases()
    results = [planner(cases)]
    for mode, name in (("ok", "stand-in"), ("false_code", "stand-in that errs")):
        with OpenAIServer(mode) as server:
            ranker = OpenAIRanker("a-key", "stand-in", server.url, TokenPrices(0, 0, 0))
            results.append(asked(name, ranker, cases))
    real = ranker_of(Settings())
    if real is not None:
        results.insert(2, asked(real.model, real, cases))
    show(results, len(cases), asked_real=real is not None)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


def planner(cases: Sequence[Case]) -> Result:
    """Return the planner's own order, as frozen; it gives no codes."""
    texts = [json.dumps({"ranking": [{"id": slot_id} for slot_id in case.planner]}) for case in cases]
    return Result("planner", len(cases), scored(cases, texts, ORDER_SCORERS), None, None, 0.0)


def asked(contender: str, ranker: OpenAIRanker, cases: Sequence[Case]) -> Result:
    """Send a request to an LLM about every case, as the hourly run would."""
    askings = [
        RankingPrompt(str(case.question.booking_id), prompt(), case.question.text, response_schema(case.question))
        for case in cases
    ]
    replies = ranker.ask(askings, MOST_COST_USD)
    counted = [counts(case, reply) for case, reply in zip(cases, replies, strict=True)]
    return Result(
        contender=contender,
        answered=sum(reply.status == "answered" for reply in replies),
        scores=scored(cases, [reply.text for reply in replies]),
        counted=statistics.mean(counted),
        median_seconds=statistics.median(reply.latency_seconds for reply in replies),
        cost_usd=sum(reply.cost_usd for reply in replies),
    )


def counts(case: Case, reply: RankingReply) -> bool:
    """Return whether a response passes the checks of production."""
    try:
        validate_ranking(case.question, reply.text)
    except RankingError:
        return False
    return reply.status == "answered"


def scored(cases: Sequence[Case], texts: Sequence[str], scorers: Mapping[str, Scorer] = SCORERS) -> dict[str, float]:
    """Return the mean of each score; a response that cannot be read has 0 in all."""
    answers = [read(text) for text in texts]
    return {
        name: statistics.mean(
            0.0 if answer is None else scorer(case, answer) for case, answer in zip(cases, answers, strict=True)
        )
        for name, scorer in scorers.items()
    }


def show(results: Sequence[Result], cases: int, *, asked_real: bool) -> None:
    """The table, a row a contender."""
    console = Console(width=None if Console().is_terminal else 150)
    table = Table(title=f"{cases} frozen cases, prompt {PROMPT_VERSION}; mean score by rule, 1 is best")
    for column in ("contender", "answered", *(name.replace("_", " ") for name in SCORERS), "counts", "median s", "USD"):
        table.add_column(column, justify="left" if column == "contender" else "right")
    for result in results:
        table.add_row(
            result.contender,
            str(result.answered),
            *(f"{result.scores[name]:.3f}" if name in result.scores else "" for name in SCORERS),
            "" if result.counted is None else f"{result.counted:.0%}",
            "" if result.median_seconds is None else f"{result.median_seconds:.2f}",
            f"{result.cost_usd:.4f}",
        )
    console.print(table)
    if not asked_real:
        console.print("OPENAI_API_KEY is not set: no real model was asked.")


if __name__ == "__main__":
    main()
