"""200 lessons ranked by a stand-in for OpenAI that takes 10 s for each: ``python -m benchmarks.llm.run [--json FILE]``.

The ideal is 200 / 50 x 10 s, with 50 requests out at a time and nothing else to do. The answers are checked, as in an
hour's run. One request after another is measured on two lessons and scaled.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.measure import machine, markdown
from evaluation.cases import Case, frozen_cases
from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.clients.openai_responses import RankingPrompt, TokenPrices
from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import prompt
from flightsched_pipelines.domain.rescheduling.ranking.ranking_validation import response_schema, validate_ranking

LESSONS, AT_ONCE, SECONDS, SAMPLE = 200, 50, 10.0, 2
SERVER = "flightsched_pipelines_tests.servers.openai_server"


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    ideal = LESSONS / AT_ONCE * SECONDS
    cases = list(islice(cycle(frozen_cases()), LESSONS))
    with slow_server() as url:
        ranker = OpenAIRanker("a-key", "stand-in", url, TokenPrices(0, 0, 0), at_once=AT_ONCE)
        together = seconds_for(ranker, cases)
        alone = seconds_for(replace(ranker, at_once=1), cases[:SAMPLE]) / SAMPLE * LESSONS
    figures = {"ideal": ideal, "one after another (scaled)": alone, "this": together}
    rows = [[name, f"{seconds:.1f}", f"{seconds / ideal:.2f}"] for name, seconds in figures.items()]
    print(machine("openai"), "\n")
    print(markdown([f"{LESSONS} lessons, {AT_ONCE} at once, {SECONDS:g} s each", "s", "of the ideal"], rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")


@contextmanager
def slow_server() -> Generator[str]:
    """The stand-in in a process of its own; its address."""
    command = [sys.executable, "-m", SERVER, "--mode", "slow", "--slow-seconds", str(SECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None  # noqa: S101
        yield server.stdout.readline().strip()


def seconds_for(ranker: OpenAIRanker, cases: list[Case]) -> float:
    """Return the seconds to send requests about all of these and to check the responses."""
    began = time.perf_counter()
    askings = [
        RankingPrompt(str(number), prompt(), case.question.text, response_schema(case.question))
        for number, case in enumerate(cases)
    ]
    for case, reply in zip(cases, ranker.ask(askings, budget_usd=1.0), strict=True):
        validate_ranking(case.question, reply.text)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
