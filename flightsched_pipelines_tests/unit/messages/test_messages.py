"""Notifications: every fact and link present, local times, hostile values harmless, no personal data outside."""

import json
import re
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from flightsched_pipelines import formatting
from flightsched_pipelines.domain.cases.evening_before import LessonStanding
from flightsched_pipelines.domain.risk.breach_text import breach_sentence
from flightsched_pipelines.messages import calendar, email, slack, sms
from flightsched_pipelines.messages.event_payload import event_payload
from flightsched_pipelines.messages.models import Digest, EveningLine, Event, Notice, Role
from flightsched_pipelines.messages.quiet_hours import not_before
from flightsched_pipelines.messages.texts import school_week, standby_texts
from flightsched_pipelines.messages.texts.evening_before import standing_sentences
from flightsched_pipelines.services.notifications.samples import BREACHES, SAMPLES

NOTICES = {name: sample for name, sample in SAMPLES.items() if isinstance(sample, Notice)}
DIGEST = SAMPLES["digest"]
OPENED = NOTICES["opened-student"]
LESSON = OPENED.lesson
LA = "America/Los_Angeles"
HOSTILE = [
    '<script>alert("x")</script>',
    "Bobby\r\nBcc: all@example.com",
    '"><img src=x onerror=y>',
    "{{ 7*7 }}",
    "\u202egnol",
]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (utc(2026, 11, 24, 18), utc(2026, 11, 24, 19, 30), "Tue 24 Nov 10:00–11:30 PST"),
        (utc(2026, 11, 1, 8), utc(2026, 11, 1, 10), "Sun 1 Nov 01:00 PDT–02:00 PST"),
        (utc(2026, 3, 8, 9), utc(2026, 3, 8, 11), "Sun 8 Mar 01:00 PST–04:00 PDT"),
        (utc(2026, 12, 1, 7, 30), utc(2026, 12, 1, 8, 30), "Mon 30 Nov 23:30–Tue 1 Dec 00:30 PST"),
        (utc(2028, 2, 29, 18), utc(2028, 2, 29, 19), "Tue 29 Feb 10:00–11:00 PST"),
    ],
)
def test_times_are_local_with_the_zones_name(start: datetime, end: datetime, said: str) -> None:
    assert formatting.format_period(start, end, LA) == said


def test_a_zone_without_letters_is_named_by_its_city() -> None:
    assert formatting.format_time(utc(2026, 11, 24, 18), "America/Sao_Paulo") == "Tue 24 Nov 15:00 Sao Paulo time"


@pytest.mark.parametrize("name", [name for name in NOTICES if name.endswith("-instructor")])
def test_an_instructor_confirms_and_takes_no_option(name: str) -> None:
    rendered = email.render_notice(NOTICES[name])
    for body in (rendered.text, rendered.html):
        assert "Take option" not in body
        assert "Take it" not in body


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_says_what_where_when_and_never_that_it_is_safe(name: str) -> None:
    notice = NOTICES[name]
    rendered = email.render_notice(notice)
    for body in (rendered.text, unescape(rendered.html)):
        assert "Tue 24 Nov 10:00–11:30 PST" in body
        assert "PAO-1016" in body
        assert "KPAO" in body
        assert "There is no charge" in body
        assert not re.search(r"\b(un)?safe\b", body, re.IGNORECASE)
        for offer in notice.offers:
            assert formatting.format_period(offer.starts_at_utc, offer.ends_at_utc, LA) in body
            assert offer.reason in body
            if offer.accept_url:
                assert offer.accept_url in body
        if notice.offers:
            assert formatting.format_time(notice.deadline_utc or utc(2026, 1, 1), LA) in body
    assert "PAO-1016" in rendered.subject
    assert "\n" not in rendered.subject


def test_a_message_that_an_older_version_queued_is_rendered_the_same() -> None:
    now = OPENED.model_dump(mode="json")
    before = {name: value for name, value in now.items() if name != "breaches"}
    kept = ("rule", "value", "limit", "by", "unit", "hazard", "airport", "from_utc", "to_utc", "temporary")
    before["shortfalls"] = [{name: breach[name] for name in kept} for breach in now["breaches"]]
    assert "shortfalls" not in now
    assert email.render_notice(Notice.model_validate(before)) == email.render_notice(OPENED)


def test_each_breach_has_forecast_minimum_and_difference() -> None:
    html = email.render_notice(OPENED).html
    for figure in (
        "1/2 SM",
        "at least 3 SM",
        "2 1/2 SM below",
        "300 ft",
        "at least 1,000 ft",
        "700 ft below",
        "TS, CB",
    ):
        assert figure in html


@pytest.mark.parametrize(("event", "role"), standby_texts.WORDS)
def test_everything_that_becomes_of_a_freed_slot_has_words_and_none_of_them_is_weather(
    event: Event, role: Role
) -> None:
    notice = NOTICES["standby-opened-student"].model_copy(update={"event": event, "role": role})
    rendered = email.render_notice(notice)
    assert rendered.subject.startswith("Standby: ")
    for body in (rendered.text, rendered.html):
        assert "on weather hold" not in body
        assert "below the school" not in body
    assert len(sms.sms_text(notice)) <= sms.MAX_CHARACTERS
    assert calendar.changes_entry(notice) == (event in {"moved", "handed_over"})


def test_a_freed_slot_is_told_with_its_time_and_where_to_take_it() -> None:
    notice = NOTICES["standby-opened-student"]
    rendered = email.render_notice(notice)
    text = rendered.text
    assert ">Take it</a>" in rendered.html
    assert "The free slot:" in text
    assert f"Take it: {notice.offers[0].accept_url}" in text
    assert "a slot is available: Tue 24 Nov 08:00 PST" in sms.sms_text(notice)
    without = notice.model_copy(
        update={
            "case_url": None,
            "person_url": None,
            "offers": [notice.offers[0].model_copy(update={"accept_url": None})],
        }
    )
    assert "Tell your dispatcher whether you take it, and case 42." in email.render_notice(without).text
    assert event_payload(notice, hour_utc=utc(2026, 11, 24))["cause"] == "standby"


def test_no_alternative_is_said_plainly_with_its_reason() -> None:
    notice = OPENED.model_copy(update={"offers": [], "no_offer_because": "no instructor"})
    assert "No other time can be offered at present: no instructor is free" in email.render_notice(notice).text


def test_without_a_base_url_the_dispatcher_takes_the_answer() -> None:
    offers = [offer.model_copy(update={"accept_url": None}) for offer in OPENED.offers]
    rendered = email.render_notice(OPENED.model_copy(update={"offers": offers, "case_url": None, "person_url": None}))
    assert "Tell your dispatcher the number of the option and case 42." in rendered.text
    assert "href" not in rendered.html


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", NOTICES)
def test_hostile_values_stay_text(name: str, hostile: str) -> None:
    lesson = LESSON.model_copy(
        update={"student": hostile, "instructor": hostile, "school": hostile, "aircraft": hostile}
    )
    offers = [offer.model_copy(update={"reason": hostile, "instructor": hostile}) for offer in NOTICES[name].offers]
    notice = NOTICES[name].model_copy(update={"lesson": lesson, "name": hostile, "offers": offers})
    rendered = email.render_notice(notice)
    plain = email.render_notice(NOTICES[name]).html
    assert "<script" not in rendered.html
    assert "<img" not in rendered.html
    assert rendered.html.count("<a ") == plain.count("<a ")
    mail = email.compose(
        rendered, to_name=hostile, to_address="a@example.com", sender=f"{'School'} <s@example.com>",
        message_id="<1@example.com>", date_utc=utc(2026, 11, 24),
    )  # fmt: skip
    sent = message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert sent["Bcc"] is None
    assert len(sent["To"].addresses) == 1


def test_a_mail_has_text_html_and_calendar_and_is_marked_as_automatic() -> None:
    invite, method = calendar.entry(
        OPENED, organizer="s@example.com", attendee="a@example.com", base_uid_domain="x.org"
    )
    mail = email.compose(
        email.render_notice(OPENED), to_name="Ada", to_address="a@example.com", sender="School <s@example.com>",
        message_id="<1@x.org>", date_utc=utc(2026, 11, 24), calendar=invite, method=method,
    )  # fmt: skip
    sent = message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)
    kinds = [part.get_content_type() for part in sent.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert sent["Auto-Submitted"] == "auto-generated"


def entry(notice: Notice) -> tuple[Calendar, str]:
    raw, method = calendar.entry(notice, organizer="s@example.com", attendee="a@example.com", base_uid_domain="x.org")
    assert b"\r\n" in raw
    found = Calendar.from_ical(raw)
    assert isinstance(found, Calendar)
    return found, method


def test_one_uid_a_booking_a_growing_sequence_and_a_cancel() -> None:
    events = ("opened", "updated", "expired", "cleared", "changed", "cancelled")
    found = [entry(NOTICES[f"{name}-student"]) for name in events]
    lessons = [item.walk("VEVENT")[0] for item, _ in found]
    assert {str(lesson["UID"]) for lesson in lessons} == {"booking-1016@x.org"}
    assert [int(str(lesson["SEQUENCE"])) for lesson in lessons] == [1, 2, 3, 4, 5, 6]
    assert [method for _, method in found] == ["REQUEST"] * 5 + ["CANCEL"]
    statuses = ["TENTATIVE", "TENTATIVE", "TENTATIVE", "CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [str(lesson["STATUS"]) for lesson in lessons] == statuses
    assert lessons[0].decoded("DTSTART") == OPENED.lesson.starts_at_utc


def test_a_week_with_one_of_each_counts_one() -> None:
    digest = SAMPLES["school-week"]
    assert isinstance(digest, Digest)
    assert digest.week
    once = digest.week.model_copy(update={"answers": 1, "median_answer_minutes": 1.2, "p90_answer_minutes": 1.0})
    assert "chose another time once, after 1 minute at the median; nine of ten within 1 minute." in " ".join(
        school_week.sentences(once)
    )


def test_a_short_text_says_which_time_is_meant() -> None:
    assert sms.sms_text(NOTICES["moved-student"]).startswith("PAO-1016 Wed 25 Nov 09:00 PST: moved to this time")
    open_again = sms.sms_text(NOTICES["withdrawn-student"])
    assert "the choice is withdrawn; still open: Wed 25 Nov 09:00 PST, Thu 26 Nov" in open_again


@pytest.mark.parametrize("name", NOTICES)
def test_a_short_text_fits_one_message(name: str) -> None:
    text = sms.sms_text(NOTICES[name])
    assert len(text) <= 160
    assert set(text) <= sms.GSM_7
    assert text.startswith(f"PAO-1016 {formatting.format_time(NOTICES[name].lesson.starts_at_utc, LA)}")


@given(st.text(max_size=80), st.text(max_size=300))
def test_no_value_makes_a_short_text_too_long_or_foreign(reference: str, url: str) -> None:
    lesson = LESSON.model_copy(update={"reference": reference})
    text = sms.sms_text(OPENED.model_copy(update={"lesson": lesson, "case_url": url}))
    assert len(text) <= 160
    assert set(text) <= sms.GSM_7


def test_nothing_personal_goes_to_slack_or_other_systems() -> None:
    assert isinstance(DIGEST, Digest)
    outside = json.dumps(slack.blocks(DIGEST)) + json.dumps(event_payload(OPENED, hour_utc=utc(2026, 11, 24)))
    for word in ("Ada", "Lindqvist", "Milo", "Tanaka", "N101FS", "@"):
        assert word not in outside


def test_slack_and_the_evening_before_say_what_guidance_sees() -> None:
    assert isinstance(DIGEST, Digest)
    words = "The forecasts disagree. The TAF governs; guidance (National Blend of Models) has ceiling 900 ft."
    line = DIGEST.lines[0].model_copy(update={"uncertainty": words})
    _, blocks = slack.blocks(DIGEST.model_copy(update={"lines": [line]}))
    assert [block["text"]["text"].endswith(f"\n{words}") for block in blocks if block["type"] == "section"][-1]

    told = {
        standing: standing_sentences(EveningLine(lesson=LESSON, standing=standing, uncertainty=words))
        for standing in LessonStanding
    }
    assert {standing for standing in told if words in told[standing]} == {
        LessonStanding.STANDS, LessonStanding.WARNED, LessonStanding.BELOW
    }  # fmt: skip


def test_slack_has_at_most_fifty_blocks_and_escapes() -> None:
    assert isinstance(DIGEST, Digest)
    line = DIGEST.lines[0].model_copy(update={"lesson": LESSON.model_copy(update={"reference": "<!channel>&"})})
    text, blocks = slack.blocks(DIGEST.model_copy(update={"lines": [line] * 200, "school": "S" * 500}))
    assert len(blocks) <= 50
    assert "180 more" in json.dumps(blocks)
    assert "<!channel>" not in json.dumps(blocks)
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks if block["type"] == "section")
    assert len(blocks[0]["text"]["text"]) <= 150
    assert text


def test_a_digest_lists_every_case() -> None:
    assert isinstance(DIGEST, Digest)
    rendered = email.render_digest(DIGEST)
    for line in DIGEST.lines:
        assert f"Case {line.case_id}" in rendered.text
        assert f"{line.lesson.reference}: " in rendered.html
    assert "PAO-1002" in rendered.html


def test_a_rule_without_a_forecast_is_told_as_that() -> None:
    missing = BREACHES[0].model_copy(
        update={"rule": "forecast", "value": None, "limit": None, "by": None, "hazard": "taf"}
    )
    assert "The forecast for KPAO lacks, from" in breach_sentence(missing, LA)


QUIET = time(22), time(7)
FAR = timedelta(days=3)
OVERRIDE = timedelta(hours=12)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (utc(2026, 11, 24, 18), utc(2026, 11, 24, 18)),  # 10:00 local
        (utc(2026, 11, 25, 6), utc(2026, 11, 25, 15)),  # 22:00 local, until 07:00
        (utc(2026, 11, 25, 14, 59), utc(2026, 11, 25, 15)),  # 06:59
        (utc(2026, 11, 25, 15), utc(2026, 11, 25, 15)),  # 07:00
        (utc(2026, 11, 1, 6), utc(2026, 11, 1, 15)),  # the night that has 25 hours
        (utc(2026, 3, 8, 7), utc(2026, 3, 8, 14)),  # the night that has 23
    ],
)
def test_quiet_hours_are_the_persons_own(now: datetime, told: datetime) -> None:
    assert not_before(now, now + FAR, QUIET, LA, OVERRIDE) == told


def test_a_near_lesson_overrides_quiet_hours() -> None:
    now = utc(2026, 11, 25, 6)
    assert not_before(now, now + timedelta(hours=12), QUIET, LA, OVERRIDE) == now
    assert not_before(now, now + FAR, None, LA, OVERRIDE) == now


@given(
    st.datetimes(utc(2026, 1, 1).replace(tzinfo=None), utc(2028, 12, 31).replace(tzinfo=None)), st.times(), st.times()
)
def test_nobody_waits_longer_than_a_day(naive: datetime, begin: time, end: time) -> None:
    now = naive.replace(tzinfo=UTC)
    quiet = begin.replace(tzinfo=None), end.replace(tzinfo=None)
    told = not_before(now, now + FAR, quiet, LA, OVERRIDE)
    assert now <= told <= now + timedelta(hours=25)
