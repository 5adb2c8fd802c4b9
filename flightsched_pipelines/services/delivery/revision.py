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
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.database.queries.notifications.lessons_now import lessons_now
from flightsched_pipelines.database.queries.schedule.person_lessons import stored_verdicts
from flightsched_pipelines.domain.cases.statements import (
    ABOVE,
    LessonNow,
    needs_verdict,
    statement_of,
    why_outdated,
)
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.services.responses.replacement_offers import as_of_now
from flightsched_pipelines.settings import Settings

TO_PEOPLE = ("student", "instructor")

Facts = Mapping[str, Any]
"""A notice, or a line of a digest, as JSON."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A message that must not be sent any more, and the reason."""

    why: str


@dataclass(frozen=True, slots=True)
class WaitsForForecast:
    """A message that nothing bears out at present: the newest hour has no such verdict."""

    why: str = "the newest hour's verdict is not above the minimums, or its forecast is missing"


def revise(
    engine: Engine, message: Message, now_utc: datetime, settings: Settings
) -> Message | Outdated | WaitsForForecast:
    """Return a message as it may be sent now; only those to students and instructors about cases change.

    Of a digest, the lines that are not so any more are left out.
    """
    is_digest = message.event == "digest"
    parts: Sequence[Facts] = message.payload.get("lines", []) if is_digest else [message.payload]
    if message.role not in TO_PEOPLE or not parts or (not is_digest and message.case_id is None):
        return message
    with engine.begin() as connection:
        revision = _Revision(connection, parts, hour_of(_instant(message.payload["sent_at_utc"])), now_utc, settings)
        judged = [revision.judge(part) for part in parts]
        kept = [revision.described(part) for part, found in zip(parts, judged, strict=True) if found is None]
    if not kept:
        return next((found for found in judged if isinstance(found, WaitsForForecast)), judged[0]) or message
    return replace(message, payload={**message.payload, "lines": kept} if is_digest else kept[0])


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

    def judge(self, part: Facts) -> Outdated | WaitsForForecast | None:
        """Return why a part cannot be sent now; ``None`` if it is so."""
        said = statement_of(
            part["event"],
            _instant(part["lesson"]["starts_at_utc"]),
            standby=bool(part.get("standby")),
            hold_stays=bool(part.get("stays_on_hold")),
        )
        if why := why_outdated(said, self._lessons[part["case_id"]]):
            return Outdated(why)
        if needs_verdict(said) and not self._is_above(part["lesson"]["booking_id"]):
            return WaitsForForecast()
        return None

    def _is_above(self, booking_id: int) -> bool:
        hour, verdicts = stored_verdicts(self._connection, [booking_id])
        oldest = self._now - timedelta(hours=self._settings.dispatch_max_age_hours)
        return hour is not None and hour >= oldest and verdicts.get(booking_id) in ABOVE

    def described(self, part: Facts) -> Facts:
        """Return a part whose alternatives are described by the newest hour's forecast."""
        offers, chosen = part.get("offers", []), part.get("chosen")
        if not self._has_newer_hour or not (offers or chosen):
            return part
        case = case_queries.load_case(self._connection, part["case_id"])
        if case is None or case.booked is None:
            return part
        words = {
            (number, offer.slot.starts_at_utc): as_of_now(
                self._connection, case, offer, self._now, self._settings
            ).reason
            for number, offer in case.offers.items()
        }

        def told(offer: Facts) -> Facts:
            key = offer["number"], _instant(offer["starts_at_utc"])
            return {**offer, "reason": words.get(key, offer["reason"])}

        return {**part, "offers": [told(offer) for offer in offers], "chosen": chosen and told(chosen)}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
