"""Bring a message up to date before it is handed over: it may have waited for the morning, or for its channel.

What it says of a lesson is compared with the schedule and with the newest hour; its alternatives are described by the
newest hour's forecast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import case_queries
from flightsched_pipelines.database.queries.notifications import contacts, outbox
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.database.queries.notifications.lessons_now import lessons_now
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.database.queries.schedule.person_lessons import stored_verdicts
from flightsched_pipelines.domain.cases.statements import (
    ABOVE,
    LessonNow,
    needs_verdict,
    statement_of,
    why_outdated,
)
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.messages.models import Digest
from flightsched_pipelines.services.notifications.case_notification import NotificationContext
from flightsched_pipelines.services.responses.replacement_offers import as_of_now
from flightsched_pipelines.settings import Settings

TO_PEOPLE = ("student", "instructor")

PAUSE = timedelta(minutes=10)
"""Interval at which a message that nothing bears out at present is looked at again."""

LATE = timedelta(minutes=10)
"""A message that is later than this is held to its reader's quiet hours, which may have begun since it was due."""

IN_QUIET_HOURS = "it is late, and its reader's quiet hours have begun"

NOT_BORNE_OUT = "the newest hour's verdict is not above the minimums, or its forecast is missing"

Facts = Mapping[str, Any]
"""A notice, or a line of a digest, as JSON."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A message that must not be sent any more, and the reason."""

    why: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """A message that is to wait until a time, the reason, and until when it is of use at all.

    It ``is_late`` meanwhile, unless nothing can be done about it.
    """

    why: str
    at_utc: datetime
    expires_at: datetime | None
    is_late: bool


def revise(engine: Engine, message: Message, now_utc: datetime, settings: Settings) -> Message | Outdated | NotNow:
    """Return a message as it may be sent now; only those to students and instructors about lessons change.

    Of a digest, the lines that are not so any more are left out, and those that nothing bears out at present wait in a
    digest of their own. A message of the evening before is sent in its hour. What is late waits for the end of quiet
    hours that have begun since it was due.
    """
    is_digest = message.event == "digest"
    if message.role not in TO_PEOPLE or (message.case_id is None and not is_digest):
        return message
    if now_utc - message.due_at >= LATE and (waits := _in_quiet_hours(engine, message, now_utc, settings)):
        return waits
    told_utc = hour_of(_instant(message.payload["sent_at_utc"]))
    if message.payload.get("evening"):
        return message if told_utc >= hour_of(now_utc) else _to_be_made_anew(message, now_utc)
    parts = _parts(message)
    with engine.begin() as connection:
        revision = _Revision(connection, parts, told_utc, now_utc, settings)
        judged = [(part, revision.why_not(part)) for part in parts]
        kept = [revision.described(part) for part, why in judged if not why]
        waiting = [part for part, why in judged if why == NOT_BORNE_OUT]
        if kept and waiting:
            again = _told_from(connection, message, waiting, now_utc + PAUSE, settings)
            outbox.queue(connection, [_apart(message, waiting, again)], now_utc)
            outbox.replace_payload(connection, message.message_id, {**message.payload, "lines": kept})
        if not kept and waiting:
            again = _told_from(connection, message, waiting, now_utc + PAUSE, settings)
            return NotNow(NOT_BORNE_OUT, again, _last_end(waiting), is_late=False)
    if not kept:
        return Outdated(judged[0][1])
    return replace(message, payload={**message.payload, "lines": kept} if is_digest else kept[0])


def _parts(message: Message) -> Sequence[Facts]:
    """Return a message's lessons: the lines of a digest or of an evening before, or the notice itself."""
    if evening := message.payload.get("evening"):
        return evening["lines"]
    return message.payload["lines"] if message.event == "digest" else [message.payload]


def _in_quiet_hours(engine: Engine, message: Message, now_utc: datetime, settings: Settings) -> NotNow | None:
    """Return that a late message waits for the end of quiet hours that have begun since it was due, ``None`` if not.

    It does not wait if it would be of no use then, unless it is of a kind that never wakes anybody.
    """
    parts = _parts(message)
    with engine.begin() as connection:
        told_from = _told_from(connection, message, parts, now_utc, settings)
    is_of_use = message.expires_at is None or told_from < message.expires_at
    if told_from == now_utc or not (is_of_use or _never_wakes(message, parts)):
        return None
    return NotNow(IN_QUIET_HOURS, told_from, message.expires_at, is_late=False)


def _told_from(
    connection: Connection, message: Message, parts: Sequence[Facts], from_utc: datetime, settings: Settings
) -> datetime:
    """Return the first time from one on that is not in the reader's quiet hours, which a near lesson may override."""
    read = contacts.students if message.role == "student" else contacts.instructors
    reader = read(connection, {message.person_id or 0}).get(message.person_id or 0)
    if reader is None:
        return from_utc
    first = min(_instant(part["lesson"]["starts_at_utc"]) for part in parts)
    may_wake = not _never_wakes(message, parts)
    return NotificationContext(None, from_utc, settings).told_from(reader, first, may_wake=may_wake)


def _never_wakes(message: Message, parts: Sequence[Facts]) -> bool:
    """Return whether quiet hours always apply: to tomorrow's lessons, and to freed slots."""
    return bool(message.payload.get("evening")) or any(part.get("standby") for part in parts)


def _to_be_made_anew(message: Message, now_utc: datetime) -> NotNow:
    """Return that a message of the evening before waits for `evening_before.bring_up_to_date`, which must read it."""
    Digest.model_validate(message.payload)
    why = "it is of an earlier hour, and is made anew first"
    return NotNow(why, now_utc + PAUSE, message.expires_at, is_late=True)


def _apart(message: Message, waiting: Sequence[Facts], at_utc: datetime) -> Queued:
    """Return a digest of the lines that wait."""
    payload = {**message.payload, "lines": waiting}
    return Queued(
        f"{message.key}/waiting", message.channel, None, message.partition_hour, message.event, message.role,
        message.person_id, payload, at_utc, _last_end(waiting),
    )  # fmt: skip


def _last_end(parts: Sequence[Facts]) -> datetime:
    return max(_instant(part["lesson"]["ends_at_utc"]) for part in parts)


class _Revision:
    """The revision of one message, in a transaction."""

    def __init__(
        self, connection: Connection, parts: Sequence[Facts], told_hour_utc: datetime, now_utc: datetime,
        settings: Settings,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._now = now_utc
        self._settings = settings
        self._has_newer_hour = told_hour_utc < hour_of(now_utc)
        self._lessons: Mapping[int, LessonNow] = lessons_now(connection, {part["case_id"] for part in parts})

    def why_not(self, part: Facts) -> str:
        """Return why a part cannot be sent now; empty if it is so."""
        said = statement_of(
            part["event"],
            _instant(part["lesson"]["starts_at_utc"]),
            standby=bool(part.get("standby")),
            hold_stays=bool(part.get("stays_on_hold")),
        )
        if why := why_outdated(said, self._lessons[part["case_id"]]):
            return why
        return NOT_BORNE_OUT if needs_verdict(said) and not self._is_above(part["lesson"]["booking_id"]) else ""

    def _is_above(self, booking_id: int) -> bool:
        hour, verdicts = stored_verdicts(self._connection, [booking_id])
        oldest = self._now - timedelta(hours=self._settings.dispatch_max_age_hours)
        return hour is not None and hour >= oldest and verdicts.get(booking_id) in ABOVE

    def described(self, part: Facts) -> Facts:
        """Return a part with the alternatives that are on offer now, described by the newest hour's forecast."""
        offers, chosen = part.get("offers", []), part.get("chosen")
        if not (offers or chosen):
            return part
        if not self._lessons[part["case_id"]].case_is_open:
            return {**part, "offers": []}
        case = case_queries.load_case(self._connection, part["case_id"]) if self._has_newer_hour else None
        if case is None:
            return part
        words = {
            (number, offer.slot.starts_at_utc): as_of_now(
                self._connection, case, offer, self._now, self._settings
            ).reason
            for number, offer in case.offers.items()
        }

        def told(offer: Facts) -> list[Facts]:
            reason = words.get((offer["number"], _instant(offer["starts_at_utc"])))
            return [] if reason is None else [{**offer, "reason": reason}]

        return {**part, "offers": [one for offer in offers for one in told(offer)]} | (
            {"chosen": next(iter(told(chosen)), None)} if chosen else {}
        )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
