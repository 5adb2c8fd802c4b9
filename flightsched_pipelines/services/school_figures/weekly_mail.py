"""Mail each school's manager the figures of a week that has ended, once a week and school."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.cases.school_figures import managers
from flightsched_pipelines.database.queries.notifications import contacts, outbox
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.messages.models import Contact, Digest, SchoolDay, SchoolWeek
from flightsched_pipelines.reporting.school_figures import SchoolFigures
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.settings import Settings

ROLE = "manager"
TOLD_WITHIN = timedelta(days=7)
"""The week before is told of; older ones, as in a backfill, are not."""


def queue_mails(engine: Engine, figures: Sequence[SchoolFigures], now_utc: datetime, settings: Settings) -> int:
    """Queue the mail of each school whose manager has an address; returns their number. Queueing twice is once."""
    if "email" not in channels.configured_channels(settings) or not figures:
        return 0
    last = figures[0].days[-1].day
    if not last < now_utc.date() <= last + TOLD_WITHIN:
        return 0
    with engine.begin() as connection:
        addressed = {school_id for school_id, _, address, _ in managers(connection) if address}
        schools = contacts.schools(connection, addressed)
        mails = [_mail(one, schools[one.school_id], now_utc) for one in figures if one.school_id in addressed]
        outbox.queue(connection, mails, now_utc)
    return len(mails)


def _mail(figures: SchoolFigures, school: contacts.School, now_utc: datetime) -> Queued:
    digest = Digest(
        name="manager", school=school.name, time_zone=school.time_zone, hour_utc=now_utc, lines=[],
        contact=Contact(phone=school.phone or None, reply_to=school.reply_to or None),
        week=as_week(figures), sent_at_utc=now_utc,
    )  # fmt: skip
    return Queued(
        f"school-week-{_week(figures.days[0].day)}/school-{school.school_id}/email", "email", None, None, "digest",
        ROLE, school.school_id, digest.model_dump(mode="json"), now_utc, now_utc + TOLD_WITHIN,
    )  # fmt: skip


def as_week(figures: SchoolFigures) -> SchoolWeek:
    """Return the facts of the mail."""
    return SchoolWeek(
        days=[
            SchoolDay(
                day=one.day, threatened=one.threatened, saved=one.saved, lost=one.lost,
                hours_booked=one.hours_booked, hours_flown=one.hours_flown if figures.flown_is_known else None,
            )
            for one in figures.days
        ],
        answers=figures.answers,
        median_answer_minutes=figures.median_answer_minutes,
        p90_answer_minutes=figures.p90_answer_minutes,
        cancelled=[(cause, count) for cause, count in figures.cancelled],
    )  # fmt: skip


def _week(first: date) -> str:
    year, week, _ = first.isocalendar()
    return f"{year}-W{week:02d}"
