"""A sample of the weekly mail, for previews and tests."""

from datetime import UTC, date, datetime, timedelta

from flightsched_pipelines.messages.models import Contact, Digest, SchoolDay, SchoolWeek

_FIRST = date(2026, 11, 16)
_DAYS = [(0, 0, 0, 21.5, 21.5), (4, 3, 0, 18.0, 12.0), (6, 3, 2, 20.0, 8.5), (1, 1, 0, 16.5, 15.0),
         (0, 0, 0, 19.0, 19.0), (2, 1, 1, 26.0, 22.5), (0, 0, 0, 24.0, 24.0)]  # fmt: skip

SCHOOL_WEEK = Digest(
    name="manager",
    school="Palo Alto Flight School",
    time_zone="America/Los_Angeles",
    hour_utc=datetime(2026, 11, 23, 12, tzinfo=UTC),
    lines=[],
    contact=Contact(phone="+1-555-555-0201", reply_to="frontdesk.pao@example.com"),
    week=SchoolWeek(
        days=[
            SchoolDay(
                day=_FIRST + timedelta(days=n), threatened=threatened, saved=saved, lost=lost, hours_booked=booked,
                hours_flown=flown,
            )
            for n, (threatened, saved, lost, booked, flown) in enumerate(_DAYS)
        ],
        answers=9,
        median_answer_minutes=34.0,
        p90_answer_minutes=151.0,
        cancelled=[("aircraft", 2), ("student", 1), ("cause unknown", 3)],
    ),
    sent_at_utc=datetime(2026, 11, 23, 12, tzinfo=UTC),
)  # fmt: skip
