"""Sample facts for every message, for previews and tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.messages.models import (
    DISPATCHER_EVENTS,
    Digest,
    DigestLine,
    Event,
    Lesson,
    MissingWeather,
    Notice,
    Offer,
    Role,
)

_START = datetime(2026, 11, 24, 18, tzinfo=UTC)
_SENT = datetime(2026, 11, 23, 20, 12, tzinfo=UTC)
_BASE = "https://flights.example.com/respond/"

LESSON = Lesson(
    booking_id=1016, reference="PAO-1016", school="Palo Alto Flight School", airport="KPAO",
    time_zone="America/Los_Angeles", starts_at_utc=_START, ends_at_utc=_START + timedelta(minutes=90),
    student="Ada Lindqvist", instructor="Milo Tanaka", aircraft="C172S N101FS",
)  # fmt: skip

BREACHES = [
    Breach(
        rule="thunderstorm", value=None, limit=None, by=None, unit=None, hazard="TS CB", airport="KPAO",
        from_utc=_START, to_utc=_START + HOUR, temporary=True,
    ),
    Breach(
        rule="visibility", value=0.5, limit=3.0, by=2.5, unit="SM", hazard=None, airport="KPAO",
        from_utc=_START - HOUR, to_utc=_START, temporary=False,
    ),
    Breach(
        rule="ceiling", value=300.0, limit=1000.0, by=700.0, unit="ft", hazard=None, airport="KPAO",
        from_utc=_START - HOUR, to_utc=_START, temporary=False,
    ),
]  # fmt: skip

_REASONS = (
    "A day later, with your instructor and the same aircraft; forecast well above the minimums.",
    "Earlier in the morning, with your instructor.",
    "Three days later; no forecast reaches that day yet, so it will be looked at again.",
)


def _offers(role: Role) -> list[Offer]:
    days = (1, 2, 4)
    return [
        Offer(
            number=number,
            starts_at_utc=_START + timedelta(days=day, hours=-1),
            ends_at_utc=_START + timedelta(days=day, minutes=30),
            instructor="Milo Tanaka" if number < 3 else "Hana Novak",
            aircraft="C172S N101FS" if number == 1 else "C172S N103FS",
            reason=reason,
            accept_url=f"{_BASE}sample-{number}" if role == "student" else None,
        )
        for number, (day, reason) in enumerate(zip(days, _REASONS, strict=True), start=1)
    ]


_EVENTS: tuple[Event, ...] = (
    "opened", "updated", "expired", "cleared", "changed", "cancelled",
    "accepted", "withdrawn", "hold_released", "reminded", "moved", "handed_over", "kept", "declined",
)  # fmt: skip
_TO_DISPATCHERS: list[Event] = [event for event in _EVENTS if event in DISPATCHER_EVENTS or event == "moved"]
_CHANGES: Mapping[Event, list[str]] = {
    "updated": ["1 of your 3 alternatives is no longer available."],
    "moved": ["It was Mon 23 Nov 10:00–11:30 PST."],
    "kept": ["The instructor's reason: the fog will lift by nine, and the lesson stays in the pattern."],
}


def _notice(event: Event, role: Role) -> Notice:
    asks = event in {"opened", "updated", "withdrawn", "hold_released"} or (event == "reminded" and role == "student")
    return Notice(
        event=event,
        case_id=42,
        role=role,
        name=LESSON.student if role == "student" else str(LESSON.instructor),
        lesson=LESSON,
        breaches=BREACHES if event in {"opened", "updated", "expired"} else [],
        offers=_offers(role) if asks else [],
        changes=_CHANGES.get(event, []),
        chosen=_offers("instructor")[0] if event in {"accepted", "reminded"} and role == "instructor" else None,
        confirm_by_utc=_SENT + timedelta(hours=2) if event == "accepted" else None,
        confirm_url=f"{_BASE}sample-confirm" if event in {"accepted", "reminded"} and role == "instructor" else None,
        deadline_utc=_SENT + timedelta(hours=12),
        case_url=f"{_BASE}sample",
        sequence=_EVENTS.index(event) + 1,
        sent_at_utc=_SENT,
    )


_NOBODYS: tuple[Event, Role] = "handed_over", "student"
_ROLES: tuple[Role, ...] = ("student", "instructor")

_DIGEST = Digest(
    name="dispatch",
    school="Palo Alto Flight School",
    time_zone="America/Los_Angeles",
    hour_utc=_SENT.replace(minute=0),
    lines=[
        DigestLine(
            event=event,
            case_id=42 + n,
            lesson=LESSON.model_copy(update={"reference": f"PAO-{1016 + n}"}),
            breaches=BREACHES[: 1 + n] if event in {"opened", "updated", "expired"} else [],
            offers=_offers("instructor") if event in {"opened", "updated"} else [],
            changes=_CHANGES["moved"] if event == "moved" else [],
            deadline_utc=_SENT + timedelta(hours=12),
        )
        for n, event in enumerate(_TO_DISPATCHERS)
    ],
    too_late=[LESSON.model_copy(update={"reference": "PAO-1002", "starts_at_utc": _SENT, "ends_at_utc": _SENT + HOUR})],
    unknown=2,
    beyond_reach=31,
    sent_at_utc=_SENT,
)

_MISSING = _DIGEST.model_copy(
    update={
        "lines": [],
        "too_late": [],
        "unknown": 0,
        "beyond_reach": 0,
        "missing": MissingWeather(
            since_utc=_SENT.replace(minute=0) - timedelta(hours=3),
            why="the forecast for KPAO is missing, or cannot be read whole",
            lessons=[LESSON, LESSON.model_copy(update={"reference": "PAO-1017"})],
        ),
    }
)
_BACK = _MISSING.model_copy(
    update={
        "missing": MissingWeather(since_utc=_SENT.replace(minute=0) - timedelta(hours=8), why="", lessons=[], over=True)
    }
)

_FREED = _offers("student")[0].model_copy(
    update={
        "starts_at_utc": _START - timedelta(hours=2),
        "ends_at_utc": _START - timedelta(minutes=30),
        "reason": "Same instructor and aircraft, the same day, 2 h earlier; forecast above the minimums",
    }
)


def _standby(event: Event, role: Role) -> Notice:
    base = _notice("opened", role)
    chosen = _FREED.model_copy(update={"accept_url": None})
    held = {"chosen": chosen, "confirm_by_utc": _SENT + timedelta(hours=2), "confirm_url": f"{_BASE}sample"}
    return base.model_copy(
        update={"event": event, "standby": True, "breaches": [], "offers": [_FREED] if event == "opened" else []}
        | {"deadline_utc": _SENT + HOUR}
        | (held if event == "accepted" else {})
    )


_ON_STANDBY: Mapping[str, tuple[Event, Role]] = MappingProxyType(
    {
        "standby-opened-student": ("opened", "student"),
        "standby-expired-student": ("expired", "student"),
        "standby-accepted-instructor": ("accepted", "instructor"),
    }
)

SAMPLES: Mapping[str, Notice | Digest] = MappingProxyType(
    {f"{event}-{role}": _notice(event, role) for event in _EVENTS for role in _ROLES if (event, role) != _NOBODYS}
    | {name: _standby(event, role) for name, (event, role) in _ON_STANDBY.items()}
    | {"digest": _DIGEST, "weather-missing": _MISSING, "weather-back": _BACK}
)
"""Every message by its name."""
