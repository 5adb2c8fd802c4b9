"""Run one hour from a terminal: ``flightsched tick``, ``demo`` and ``report``."""

import logging
import os
import re
import time
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import dagster as dg
import typer
from dagster_shared.error import SerializableErrorInfo
from sqlalchemy import Engine

from flightsched_pipelines.cli.arguments import Hour, Json, parse_hour
from flightsched_pipelines.cli.console import (
    CHOOSE_DEMO,
    CommandFailedError,
    Yes,
    confirm,
    console,
    errors,
    print_json,
    print_progress,
)
from flightsched_pipelines.cli.hourly.report import print_report
from flightsched_pipelines.cli.session import open_database
from flightsched_pipelines.cli.setup.fake_llm import fake_openai
from flightsched_pipelines.database import migrations, table_counts
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.seed import is_seeded_for, seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.instance import DATABASE_IS_GONE, open_instance
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.defs.runs import run_process
from flightsched_pipelines.defs.runs.progress import progress_logger
from flightsched_pipelines.defs.runs.run_launcher import here
from flightsched_pipelines.formatting import format_utc, plural
from flightsched_pipelines.services.delivery import channel_senders
from flightsched_pipelines.services.delivery.outbox_worker import drain
from flightsched_pipelines.services.hourly.hour_summary import HourSummary, summarise_hour
from flightsched_pipelines.services.monitoring.report_pages import page_path
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.settings import Settings

LOST_CONNECTION = {"OperationalError", "InterfaceError", "AdminShutdown", "CrashShutdown", "CannotConnectNow"}
"""psycopg's errors of a connection that ended: `OperationalError` itself, and the states 57P01 to 57P03."""

DEMO_FIGURES = (
    "bookings", "at_risk", "watch", "unknown", "beyond_reach", "with_three_alternatives", "proposals", "ranked_by_llm",
)  # fmt: skip
"""The hour's figures that ``demo --json`` prints, and ``seconds`` of its own."""


class LostDatabaseError(Exception):
    """A step failed for its connection to the database."""


def tick(hour: Hour = None, as_json: Json = False) -> None:
    """Run one hour's job now, and print its summary."""
    settings = Settings()
    hour_utc = parse_hour(hour)
    engine = connect(settings)
    migrations.require_current(engine)
    if not table_counts.has_schools(engine):
        raise CommandFailedError(
            "there is no school yet, so there is nothing to assess: make one with `flightsched init`, or import one; "
            "`flightsched demo` shows two samples"
        )
    report = _run_and_report(engine, settings, hour_utc)
    if as_json:
        print_json(asdict(report))
    else:
        print_report(report)


def demo(
    as_json: Json = False,
    fake_llm: Annotated[bool, typer.Option("--fake-llm", help="Let a stand-in for OpenAI rank and explain.")] = False,
    yes: Yes = False,
) -> None:
    """Seed two sample schools, run one full hour on simulated weather, and print the report."""
    os.environ.update(CHOOSE_DEMO)
    with fake_openai() if fake_llm else nullcontext():
        _demo(as_json=as_json, yes=yes)


def _notify(engine: Engine, settings: Settings) -> None:
    """Do the work of ``flightsched dispatch`` and ``deliver``, in two lines of output."""
    result = dispatch(engine, datetime.now(UTC), settings)
    with channel_senders.open_channels(engine, settings) as channels:
        sent = drain(engine, channels, settings).sent.total()
    if result.repeated:
        console.print("\nThis hour was dispatched before: no messages were queued.")
        return
    waiting = sum(result.queued.values()) - sent
    console.print(
        f"\n{plural(result.steps.get('opened', 0), 'case')} opened, {plural(sent, 'message')} written to "
        f"{settings.flightsched_home / 'mail'}; waiting for the end of quiet hours: {max(waiting, 0)}."
    )
    console.print(
        "`flightsched outbox` lists them; their links work while `make dev` runs; "
        "`flightsched report` renders the operations report.",
        style="dim",
    )


def _demo(*, as_json: bool, yes: bool) -> None:
    began = time.monotonic()
    settings = Settings()
    hour_utc = parse_hour(None)
    print_progress(f"the demo uses its own folder, {settings.flightsched_home}: no other database is touched")
    engine = open_database(settings)
    _make_schools(engine, hour_utc, yes=yes)
    report = _run_and_report(engine, settings, hour_utc)
    if as_json:
        figures = {"seconds": round(time.monotonic() - began, 1)}
        print_json({name: getattr(report, name) for name in DEMO_FIGURES} | figures)
        return
    print_report(report)
    _notify(engine, settings)
    console.print(
        "Next: `make dev`, that is `flightsched dev`, opens this in the Dagster UI.",
        style="dim",
    )


def _make_schools(engine: Engine, hour_utc: datetime, *, yes: bool) -> None:
    """Seed the demo, unless it has lessons for the days after the hour."""
    if is_seeded_for(engine, hour_utc):
        return
    if found := table_counts.entered(engine):
        confirm(
            f"The demo's lessons are over. Recreate it? It will lose all its data: {table_counts.in_words(found)}.", yes
        )
        migrations.downgrade(engine, "base")
        migrations.upgrade(engine)
    print_progress("seeding two sample schools with their bookings ...")
    seed(engine, hour_utc)


def report(hour: Hour = None, as_json: Json = False) -> None:
    """Render an hour's operations report: metrics, charts and alerts on one page."""
    settings = Settings()
    hour_utc = parse_hour(hour)
    migrations.require_current(connect(settings))
    _run("report", settings, hour_utc)
    page = page_path(hour_utc, settings).resolve()
    if as_json:
        print_json({"hour_utc": hour_utc, "page": page})
        return
    console.print(f"the report is in {page}", soft_wrap=True)


def _run_and_report(engine: Engine, settings: Settings, hour_utc: datetime) -> HourSummary:
    began = time.monotonic()
    _run("hourly_tick", settings, hour_utc)
    return summarise_hour(engine, hour_utc, settings, seconds=time.monotonic() - began)


def _run(job_name: str, settings: Settings, hour_utc: datetime) -> None:
    """Run an hour's job in this process; retry once if the database connection is lost.

    Raises:
        CommandFailedError: it failed; the message contains the reason.
    """
    logging.getLogger().setLevel(logging.ERROR)  # Dagster warns at each of its own attempts to reconnect
    try:
        _run_once(job_name, settings, hour_utc)
    except (*DATABASE_IS_GONE, LostDatabaseError):
        print_progress("the database was lost while the hour ran; reconnecting, and running it once more ...")
        connect(settings).dispose()
        try:
            _run_once(job_name, settings, hour_utc)
        except (*DATABASE_IS_GONE, LostDatabaseError):
            raise CommandFailedError(
                "the database was lost twice while the hour ran; stored data are consistent: run it again later"
            ) from None


def _run_once(job_name: str, settings: Settings, hour_utc: datetime) -> None:
    """Run an hour's job in this process, printing the progress of its steps."""

    def told(step: str, became: str) -> None:
        if became != "started":
            errors.print(f"  ✓ {step}" if became == "done" else f"  ✗ {step} {became}")

    with run_process.accept_beta():
        job = build_definitions(loggers={"teller": progress_logger(told)}).resolve_job_def(job_name)
    print_progress(f"{job_name} of {format_utc(hour_utc)} ...")
    with (
        open_instance(settings) as instance,
        run_process.accept_beta(),
    ):
        run_process.tune_process()
        result = job.execute_in_process(
            instance=instance,
            partition_key=key_of(hour_utc),
            tags=here(),
            run_config={"loggers": {"teller": {}}},
            raise_on_error=False,
        )
        if not result.success:
            if _has_lost_database(result):
                raise LostDatabaseError
            raise CommandFailedError(_why_it_failed(result))


def _has_lost_database(result: dg.ExecuteInProcessResult) -> bool:
    """Return whether a step failed for its connection to the database, which may be back by now."""
    failed = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    return any(_first_cause(error).cls_name in LOST_CONNECTION for error in failed if error is not None)


def _first_cause(error: SerializableErrorInfo) -> SerializableErrorInfo:
    while error.cause is not None:
        error = error.cause
    return error


def _why_it_failed(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            failure = event.step_failure_data.user_failure_data
            cause = (failure and failure.description) or _root(error)
            return f"{event.step_key} failed: {cause} (run {result.run_id}; `flightsched dev` shows its log)"
        if event.event_type is dg.DagsterEventType.RUN_FAILURE and event.job_failure_data.error is not None:
            return f"{_root(event.job_failure_data.error)} (run {result.run_id})"
    return f"run {result.run_id} failed; `flightsched dev` shows its log"


def _root(error: SerializableErrorInfo | None) -> str:
    if error is None:
        return "no reason was recorded"
    error = _first_cause(error)
    classes = r"^(flightsched_pipelines|dagster)\.[\w.]+: "  # a sentence needs no name of a class
    return " ".join(re.sub(classes, "", error.message.strip()).split())
