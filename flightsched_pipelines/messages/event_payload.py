"""Render a case's change for other systems (SNS, Redis, SQS): JSON without a name, an address or a registration."""

from datetime import datetime
from typing import Any

from flightsched_pipelines.messages.models import Notice


def event_payload(notice: Notice, *, hour_utc: datetime) -> dict[str, Any]:
    """Return the facts of a notice without personal data; instants are ISO 8601, UTC.

    The event is ``given_away`` for the student whose lesson it was.
    """
    lesson = notice.lesson
    moved_from = None if notice.given_away else notice.moved_from_utc
    return {
        "event": "given_away" if notice.given_away else notice.event,
        "cause": "standby" if notice.standby else "weather",
        "partition_hour": _iso(hour_utc),
        "case_id": notice.case_id,
        "booking_id": lesson.booking_id,
        "booking_reference": lesson.reference,
        "school": lesson.school,
        "airport": lesson.airport,
        "starts_at_utc": _iso(lesson.starts_at_utc),
        "ends_at_utc": _iso(lesson.ends_at_utc),
        "form": lesson.form,
        "moved_from": moved_from and _period(*moved_from),
        "deadline_utc": None if notice.deadline_utc is None else _iso(notice.deadline_utc),
        "shortfalls": [breach.model_dump(mode="json") for breach in notice.breaches],
        "offers": [
            {
                "number": offer.number,
                "starts_at_utc": _iso(offer.starts_at_utc),
                "ends_at_utc": _iso(offer.ends_at_utc),
                "form": offer.form,
            }
            for offer in notice.offers
        ],
    }


def assessed_payload(hour_utc: datetime) -> dict[str, Any]:
    """Return the facts of an hour whose verdicts are in force."""
    return {"event": "assessed", "partition_hour": _iso(hour_utc)}


def order_payload(event: str, *, case_id: int | None, booking_id: int | None) -> dict[str, Any]:
    """Return the facts of a dispatcher's order: held, released, noted, standby_joined or standby_left."""
    return {"event": event, "case_id": case_id, "booking_id": booking_id}


def _period(starts_at_utc: datetime, ends_at_utc: datetime) -> dict[str, str]:
    return {"starts_at_utc": _iso(starts_at_utc), "ends_at_utc": _iso(ends_at_utc)}


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
