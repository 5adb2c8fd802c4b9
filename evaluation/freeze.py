"""Regenerate the frozen cases: ``python -m evaluation.freeze``, on a database of its own.

Three hours of two sample schools; of each hour the lessons whose requests differ most.
"""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
from sqlalchemy import Engine

from evaluation.cases import FILE
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import RankingRequest, ranking_requests
from flightsched_pipelines.settings import Settings

HOURS = (
    datetime(2026, 11, 10, 14, tzinfo=UTC),
    datetime(2026, 8, 19, 9, tzinfo=UTC),
    datetime(2026, 10, 3, 22, tzinfo=UTC),
)
CASES_AN_HOUR = 16


def main() -> None:
    """Run the hours, and write the cases."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(flightsched_home=Path(folder), weather_source="simulated", openai_api_key=None)
        embedded.start(settings.flightsched_home)
        engine = connect(settings)
        try:
            migrations.upgrade(engine)
            cases = [case for hour_utc in HOURS for case in _cases(engine, settings, hour_utc)]
        finally:
            engine.dispose()
            embedded.stop(settings.flightsched_home)
    FILE.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _cases(engine: Engine, settings: Settings, hour_utc: datetime) -> Iterator[dict[str, Any]]:
    seed(engine, hour_utc)
    job = build_definitions(engine=engine, settings=settings).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, partition_key=key_of(hour_utc))
    tables = ("reschedule_plan", "booking_snapshot", "at_risk_bookings")
    plan, bookings, broken = (
        read_partition(engine, PIPELINE_TABLES[name], [hour_utc]).drop(columns="partition_hour") for name in tables
    )
    asked = ranking_requests(plan, bookings, broken, pd.Timestamp(hour_utc))
    for question in sorted(asked, key=_variety, reverse=True)[:CASES_AN_HOUR]:
        records = plan.to_dict("index")
        ranks = {slot.slot_id: records[slot.row]["rank"] for slot in question.slots}
        yield {
            "name": f"{hour_utc:%Y-%m-%d %H}Z, lesson {question.booking_id}",
            "question": question.body,
            "planner": sorted(ranks, key=ranks.__getitem__),
        }


def _variety(question: RankingRequest) -> tuple[int, int]:
    """Return the variety of a request: the number of facts that differ among the slots, and of preferences."""
    facts = [{name: str(fact) for name, fact in slot.facts.items()} for slot in question.slots]
    differing = sum(len({fact[name] for fact in facts}) > 1 for name in facts[0])
    return differing, sum(bool(wish) for wish in question.body["student"].values())


if __name__ == "__main__":
    main()
