"""Judge whether a message that is about to be sent waits for the end of its reader's quiet hours.

They may have begun since it was due, or it has become due in them: a dead letter that an operator sent again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.domain.cases.statements import ASKS, may_wake
from flightsched_pipelines.domain.cases.waking_hours import SHORTEST_NOTICE
from flightsched_pipelines.services.notifications.case_notification import NotificationContext
from flightsched_pipelines.settings import Settings

LATE = timedelta(minutes=10)
"""A message that was due while its reader was awake is held by quiet hours from this delay on."""

NEVER = datetime.max.replace(tzinfo=UTC)

Facts = Mapping[str, Any]
"""A notice, a line of a digest, or a line of an evening before, as JSON."""


class QuietWait:
    """The quiet hours of one message's reader, a student or an instructor; ``None`` has none."""

    def __init__(self, message: Message, reader: Person | None, settings: Settings) -> None:
        self._message = message
        self._reader = reader
        self._settings = settings

    def end(self, parts: Sequence[Facts], now_utc: datetime) -> datetime | None:
        """Return the end of the quiet hours that the message waits for, ``None`` if it is sent now.

        It is sent now if a lesson is near, and if it would be of no use then: too late to answer, or to come. What
        wakes nobody waits all the same.

        Args:
            parts: the lessons of which it would be sent.
            now_utc: now.
        """
        first, due = self.told_from(parts, now_utc), self._message.due_at
        if first == now_utc or (self._wakes(parts) and first >= self._end_of_use(parts, now_utc)):
            return None
        is_in_time = self.told_from(parts, due) == due and now_utc - due < LATE
        return None if is_in_time else first

    def told_from(self, parts: Sequence[Facts], from_utc: datetime) -> datetime:
        """Return the first time from one on that is not in the quiet hours, which a near lesson may override."""
        if self._reader is None:
            return from_utc
        nearest = min(_starts(parts, from_utc), default=NEVER)
        context = NotificationContext(None, from_utc, self._settings)
        return context.told_from(self._reader, nearest, may_wake=self._wakes(parts))

    def _wakes(self, parts: Iterable[Facts]) -> bool:
        if self._message.payload.get("evening"):
            return False
        return all(may_wake(part["event"], standby=bool(part.get("standby"))) for part in parts)

    def _end_of_use(self, parts: Sequence[Facts], now_utc: datetime) -> datetime:
        """Return until when all parts are of use: each lesson is to come, and there is time to answer."""
        return min([self._message.expires_at or NEVER, *_starts(parts, now_utc), *_last_to_answer(parts)])


def _starts(parts: Iterable[Facts], now_utc: datetime) -> Iterator[datetime]:
    """Yield when lessons start, or would have started before they were moved; none that is over."""
    for part in parts:
        lesson = part["lesson"]
        is_at = lesson["starts_at_utc"], lesson["ends_at_utc"]
        for starts, ends in filter(None, (is_at, part.get("moved_from_utc"))):
            if datetime.fromisoformat(ends) > now_utc:
                yield datetime.fromisoformat(starts)


def _last_to_answer(parts: Iterable[Facts]) -> Iterator[datetime]:
    """Yield when people have to hear at the latest of what they are to answer."""
    for part in parts:
        until = part.get("confirm_by_utc") or part.get("deadline_utc")
        if until and part["event"] in ASKS:
            yield datetime.fromisoformat(until) - SHORTEST_NOTICE
