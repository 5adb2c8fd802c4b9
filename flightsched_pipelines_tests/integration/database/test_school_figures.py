"""A school's figures by day and week: counted from its lessons, shown by the assets, mailed to its manager once."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.messages.email import render_digest
from flightsched_pipelines.messages.models import Digest
from flightsched_pipelines.reporting.school_figures import DayFigures, SchoolFigures
from flightsched_pipelines.services.delivery import outbox_worker
from flightsched_pipelines.services.delivery.channel_senders import open_channels
from flightsched_pipelines.services.school_figures.figures import school_figures
from flightsched_pipelines.services.school_figures.weekly_mail import as_week, queue_mails
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.database.conftest import MOVED, ask, run

MONDAY = date(2026, 11, 9)
SUNDAY = MONDAY + timedelta(days=6)
NOON_AFTER = datetime(2026, 11, 16, 12, 15, tzinfo=UTC)


def test_the_figures_of_a_week_are_those_of_its_lessons(lived_in: Engine) -> None:
    figures = school_figures(lived_in, MONDAY, SUNDAY)
    (ended,) = ask(
        lived_in,
        "SELECT count(*) FILTER (WHERE is_lost) AS lost, count(*) AS threatened FROM analytics.cases "
        "WHERE lesson_starts_at_local::date BETWEEN :first AND :last",
        first=MONDAY, last=SUNDAY,
    )  # fmt: skip
    assert [len(one.days) for one in figures] == [7, 7]
    assert sum(one.saved for one in figures) == MOVED == sum(one.answers for one in figures)
    assert sum(one.lost for one in figures) == ended["lost"] > 0
    assert sum(one.threatened for one in figures) == ended["threatened"]
    assert {one.median_answer_minutes for one in figures if one.answers} == {20.0}
    (booked,) = ask(
        lived_in,
        "SELECT sum(extract(epoch FROM upper(period) - lower(period)))::float / 3600 AS hours FROM school.bookings b "
        "JOIN school.airports f ON f.ident = b.departure JOIN school.aircraft a ON a.id = b.aircraft_id "
        "WHERE status <> 'held' AND NOT a.simulator "
        "AND (lower(period) AT TIME ZONE f.time_zone)::date BETWEEN :first AND :last",
        first=MONDAY, last=SUNDAY,
    )  # fmt: skip
    assert abs(sum(one.hours_booked for one in figures) - booked["hours"]) < 1e-6
    by_day = [school_figures(lived_in, day, day) for day in (MONDAY + timedelta(days=n) for n in range(7))]
    assert sum(one.saved for of_day in by_day for one in of_day) == MOVED


def test_hours_flown_are_unknown_where_no_lesson_is_completed(lived_in: Engine) -> None:
    future = MONDAY + timedelta(days=14)
    assert {one.hours_flown for one in school_figures(lived_in, future, future)} == {None}


def test_the_assets_show_pictures_and_nobody_without_an_address_is_mailed(lived_in: Engine, tmp_path: Path) -> None:
    parts = build_definitions(engine=lived_in, settings=settings_for(flightsched_home=tmp_path))
    for job, key in (("school_week", "2026-11-09"), ("school_day", "2026-11-10")):
        with dg.DagsterInstance.ephemeral() as instance:
            ran = parts.resolve_job_def(job).execute_in_process(instance=instance, partition_key=key)
        (event,) = ran.get_asset_materialization_events()
        shown: dict[str, Any] = {name: one.value for name, one in event.materialization.metadata.items()}
        assert shown["figures"].count("data:image/svg+xml;base64,") == 4
        if job == "school_week":
            assert (shown["lessons_moved"], shown["mails"], shown["schools_without_mail"]) == (MOVED, 0, 2)


def test_a_manager_is_mailed_once_a_week_and_not_of_weeks_long_past(seeded_engine: Engine, tmp_path: Path) -> None:
    settings = settings_for(flightsched_home=tmp_path)
    figures = school_figures(seeded_engine, MONDAY, SUNDAY)
    assert queue_mails(seeded_engine, figures, NOON_AFTER, settings) == 0, "nobody has an address"
    run(seeded_engine, "UPDATE school.schools SET manager_email = 'boss@example.com' WHERE id = 1")
    for wrong in (NOON_AFTER - timedelta(days=2), NOON_AFTER + timedelta(days=8)):
        assert queue_mails(seeded_engine, figures, wrong, settings) == 0
    assert queue_mails(seeded_engine, figures, NOON_AFTER, settings_for(mail_via="off")) == 0
    for _ in range(2):
        assert queue_mails(seeded_engine, figures, NOON_AFTER, settings) == 1
    (row,) = ask(seeded_engine, "SELECT key, role, person_id, event FROM school.outbox")
    assert tuple(row.values()) == ("school-week-2026-W46/school-1/email", "manager", 1, "digest")
    with open_channels(seeded_engine, settings) as channels:
        outbox_worker.drain(seeded_engine, channels, settings, now=lambda: NOON_AFTER)
    (mail,) = [file for file in (tmp_path / "mail").rglob("*") if file.is_file()]
    text = mail.read_text(encoding="utf-8")
    assert "boss@example.com" in text
    assert "Mon 9 Nov to Sun 15 Nov" in text.replace("=\n", "")


def figures_of(*, known: bool) -> SchoolFigures:
    days = [DayFigures(MONDAY + timedelta(days=n), 1, 1, 0, 8.0, 6.0) for n in range(7)]
    return SchoolFigures(1, "A School", "America/Denver", days, known, 0, None, None, [])


def test_unknown_hours_are_said_to_be_unknown() -> None:
    said = {}
    for known in (True, False):
        week = as_week(figures_of(known=known))
        digest = Digest(
            name="manager", school="A School", time_zone="America/Denver", hour_utc=NOON_AFTER, lines=[], week=week,
            sent_at_utc=NOON_AFTER,
        )  # fmt: skip
        said[known] = render_digest(digest).text
    assert "42 of 56 hours booked were flown (75 %)." in said[True]
    assert "The hours flown are unknown" in said[False]
    assert "unknown of 8 hours flown" in said[False]
    assert "No student chose another time." in said[True]
