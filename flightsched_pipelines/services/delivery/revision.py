"""Bring a message up to date before it is handed over: it may have waited for the morning, or for its channel.

What it says of a lesson is compared with the schedule and with the newest hour; its alternatives are described by the
newest hour's forecast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases import case_queries
from flightsched_pipelines.database.queries.notifications import contacts, outbox
from flightsched_pipelines.database.queries.notifications.contacts import Person
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
from flightsched_pipelines.services.delivery.quiet_wait import Facts, QuietWait
from flightsched_pipelines.services.responses.replacement_offers import as_of_now
from flightsched_pipelines.settings import Settings

TO_PEOPLE = ("student", "instructor")

PAUSE = timedelta(minutes=10)
"""Interval at which a message that nothing bears out at present is looked at again."""

IN_QUIET_HOURS = "its reader's quiet hours have begun"

NOT_BORNE_OUT = "the newest hour's verdict is not above the minimums, or its forecast is missing"


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
    digest of their own. A message of the evening before is sent in its hour. All wait for the end of quiet hours.
    """
    is_digest = message.event == "digest"
    if message.role not in TO_PEOPLE or (message.case_id is None and not is_digest):
        return message
    with engine.begin() as connection:
        quiet = QuietWait(message, _reader(connection, message), settings)
        if message.payload.get("evening"):
            return _revise_evening(message, quiet, now_utc)
        return _revise_lessons(connection, message, quiet, now_utc, settings)


def _revise_evening(message: Message, quiet: QuietWait, now_utc: datetime) -> Message | NotNow:
    """Return a message of this hour; an earlier one waits for `evening_before.bring_up_to_date`, which must read it."""
    if quiet_until := quiet.end(message.payload["evening"]["lines"], now_utc):
        return _after(message, quiet_until)
    if _told_hour(message) >= hour_of(now_utc):
        return message
    Digest.model_validate(message.payload)
    why = "it is of an earlier hour, and is made anew first"
    return NotNow(why, now_utc + PAUSE, message.expires_at, is_late=True)


def _revise_lessons(
    connection: Connection, message: Message, quiet: QuietWait, now_utc: datetime, settings: Settings
) -> Message | Outdated | NotNow:
    is_digest = message.event == "digest"
    parts: Sequence[Facts] = message.payload["lines"] if is_digest else [message.payload]
    revision = _Revision(connection, message, parts, now_utc, settings)
    judged = [(part, revision.why_not(part)) for part in parts]
    kept = [part for part, why in judged if not why]
    waiting = [part for part, why in judged if why == NOT_BORNE_OUT]
    if kept and (quiet_until := quiet.end(kept, now_utc)):
        return _after(message, quiet_until)
    if not kept and not waiting:
        return Outdated(judged[0][1])
    again = quiet.told_from(waiting, now_utc + PAUSE)
    if not kept:
        return NotNow(NOT_BORNE_OUT, again, _last_end(waiting), is_late=False)
    kept = [revision.described(part) for part in kept]
    if waiting:
        outbox.queue(connection, [_apart(message, waiting, again)], now_utc)
        outbox.replace_payload(connection, message.message_id, {**message.payload, "lines": kept})
    return replace(message, payload={**message.payload, "lines": kept} if is_digest else kept[0])


def _reader(connection: Connection, message: Message) -> Person | None:
    read = contacts.students if message.role == "student" else contacts.instructors
    return None if message.person_id is None else read(connection, {message.person_id}).get(message.person_id)


def _told_hour(message: Message) -> datetime:
    return hour_of(_instant(message.payload["sent_at_utc"]))


def _after(message: Message, quiet_until_utc: datetime) -> NotNow:
    return NotNow(IN_QUIET_HOURS, quiet_until_utc, message.expires_at, is_late=False)


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
        self, connection: Connection, message: Message, parts: Sequence[Facts], now_utc: datetime, settings: Settings
    ) -> None:
        self._connection = connection
        self._message = message
        self._now = now_utc
        self._settings = settings
        self._lessons: Mapping[int, LessonNow] = lessons_now(connection, {part["case_id"] for part in parts})

    def why_not(self, part: Facts) -> str:
        """Return why a part cannot be sent now; empty if it is so."""
        said = statement_of(
            part["event"],
            _instant(part["lesson"]["starts_at_utc"]),
            standby=bool(part.get("standby")),
            hold_stays=bool(part.get("stays_on_hold")),
            given_away=bool(part.get("given_away")),
        )
        if why := why_outdated(said, self._lessons[part["case_id"]], self._now):
            return why
        return NOT_BORNE_OUT if needs_verdict(said) and not self._is_above(part["lesson"]["booking_id"]) else ""

    def _is_above(self, booking_id: int) -> bool:
        hour, verdicts = stored_verdicts(self._connection, [booking_id])
        oldest = self._now - timedelta(hours=self._settings.dispatch_max_age_hours)
        return hour is not None and hour >= oldest and verdicts.get(booking_id) in ABOVE

    def _has_newer_forecast(self) -> bool:
        """Return whether there is a newer forecast than that of the message, or should be one in a later hour."""
        if _told_hour(self._message) < hour_of(self._now):
            return True
        described_by = self._message.payload.get("forecast_hour_utc")
        newest = newest_written(self._connection, "forecasts")
        return newest is not None and (described_by is None or newest > _instant(described_by))

    def described(self, part: Facts) -> Facts:
        """Return a part with the alternatives that are on offer now, described by the newest hour's forecast."""
        offers, chosen = part.get("offers", []), part.get("chosen")
        if not (offers or chosen):
            return part
        if not self._lessons[part["case_id"]].case_is_open:
            return {**part, "offers": []}
        case = case_queries.load_case(self._connection, part["case_id"]) if self._has_newer_forecast() else None
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
