"""Mails: their required content, and their safety from hostile values."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import get_args

import pytest

from flightsched_pipelines.domain.rescheduling.search.feasible_starts import Obstacle
from flightsched_pipelines.formatting import format_time
from flightsched_pipelines.messages import calendar, email, headlines
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.notifications.samples import SAMPLES

NOTICES = {name: sample for name, sample in SAMPLES.items() if isinstance(sample, Notice)}
HOSTILE = "<script>alert('x')</script>\"'&\r\nBcc: everyone@example.com"


def rendered(name: str) -> email.Rendered:
    sample = SAMPLES[name]
    return email.render_digest(sample) if isinstance(sample, Digest) else email.render_notice(sample)


def mail(to_name: str = "Zoë Ångström", sample: str = "opened-student", **given: str) -> EmailMessage:
    notice = NOTICES[sample]
    entry, method = calendar.entry(
        notice, organizer="desk@x.example", attendee="a@x.example", base_uid_domain="x.example"
    )
    facts = {"to_address": "zoe@x.example", "sender": "Weather desk <desk@x.example>", "message_id": "<1@x.example>"}
    return email.compose(
        email.render_notice(notice), to_name=to_name, date_utc=datetime(2026, 11, 23, 20, tzinfo=UTC),
        calendar=entry, method=method, **(facts | given),
    )  # fmt: skip


def arrived(message: EmailMessage) -> EmailMessage:
    return message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize("name", SAMPLES)
def test_no_mail_calls_a_flight_safe_or_unsafe(name: str) -> None:
    said = rendered(name)
    for part in (said.subject, said.text, said.html):
        assert not re.search(r"\b(un)?safe", part, re.IGNORECASE)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_mail_says_who_decides_and_that_a_move_costs_nothing(name: str) -> None:
    said = rendered(name)
    for part in (said.text, said.html):
        assert "The pilot in command decides" in part
        assert "There is no charge for moving a lesson because of weather." in part


@pytest.mark.parametrize("name", NOTICES)
def test_every_notice_has_its_reference_and_local_time_in_subject_text_and_html(name: str) -> None:
    said, lesson = rendered(name), NOTICES[name].lesson
    for part in (said.subject, said.text, said.html):
        assert "PAO-1016" in part
        assert format_time(lesson.starts_at_utc, lesson.time_zone).removesuffix(" PST") in part
        assert "PST" in part


@pytest.mark.parametrize("name", NOTICES)
def test_every_link_of_a_notice_is_in_text_and_html(name: str) -> None:
    notice, said = NOTICES[name], rendered(name)
    links = [notice.case_url, *(offer.accept_url for offer in notice.offers)]
    for link in filter(None, links):
        assert link in said.text
        assert f'href="{link}"' in unescape(said.html)


@pytest.mark.parametrize("role", ["student", "instructor"])
def test_an_opened_case_says_what_happens_when_nobody_answers(role: str) -> None:
    said = rendered(f"opened-{role}")
    for part in (said.text, said.html):
        assert "dispatcher takes over" in part
        assert "stays on weather hold" in part


def test_an_instructor_is_told_that_the_student_chooses() -> None:
    assert "Your student chooses; you confirm." in rendered("opened-instructor").text
    assert "Take option" not in rendered("opened-instructor").html


def test_without_links_the_dispatcher_is_told_the_number() -> None:
    notice = NOTICES["opened-student"]
    bare = notice.model_copy(
        update={
            "case_url": None,
            "person_url": None,
            "offers": [o.model_copy(update={"accept_url": None}) for o in notice.offers],
        }
    )
    said = email.render_notice(bare)
    for part in (said.text, said.html):
        assert f"Tell your dispatcher the number of the option and case {notice.case_id}." in part
    assert "href" not in said.html


def test_a_hostile_value_stays_text_in_html() -> None:
    notice = NOTICES["opened-student"]
    lesson = notice.lesson.model_copy(
        update=dict.fromkeys(("reference", "school", "student", "instructor", "aircraft"), HOSTILE)
    )
    offers = [offer.model_copy(update={"reason": HOSTILE, "instructor": HOSTILE}) for offer in notice.offers]
    said = email.render_notice(notice.model_copy(update={"name": HOSTILE, "lesson": lesson, "offers": offers}))
    assert "<script" not in said.html
    assert "&lt;script&gt;" in said.html
    assert "\n" not in said.subject
    assert "\r" not in said.subject


def test_a_name_cannot_add_lines_to_the_plain_text() -> None:
    notice = NOTICES["opened-student"].model_copy(update={"name": "Ada\r\n\r\nPay here: http://evil.example"})
    assert "\nPay here" not in email.render_notice(notice).text


def test_why_nothing_is_offered_is_said_in_words() -> None:
    notice = NOTICES["opened-student"].model_copy(update={"offers": [], "no_offer_because": "no weather"})
    assert "the forecast is below the minimums at every suitable time" in email.render_notice(notice).text


def test_there_are_words_for_every_obstacle() -> None:
    assert set(headlines.WHY_NOTHING) == set(get_args(Obstacle))


def test_a_name_cannot_add_a_header() -> None:
    parsed = arrived(mail(to_name=HOSTILE))
    assert parsed["Bcc"] is None
    assert [address.addr_spec for address in parsed["To"].addresses] == ["zoe@x.example"]


@pytest.mark.parametrize(
    "given",
    [
        {"to_address": "a@x.example\r\nBcc: b@x.example"},
        {"message_id": "<1@x.example>\r\nBcc: b@x.example"},
        {"to_address": "a@x.example, b@x.example"},
    ],
)
def test_an_address_or_id_that_would_add_one_is_refused_or_made_harmless(given: dict[str, str]) -> None:
    try:
        parsed = arrived(mail(**given))
    except ValueError:
        return
    assert parsed["Bcc"] is None
    assert len(parsed["To"].addresses) == 1


def test_a_mail_holds_text_html_and_calendar_and_says_that_it_is_automatic() -> None:
    parsed = arrived(mail())
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert str(parsed["To"]) == "Zoë Ångström <zoe@x.example>"


@pytest.mark.parametrize(("sample", "method"), [("opened-student", "REQUEST"), ("cancelled-student", "CANCEL")])
def test_the_calendar_part_names_its_method(sample: str, method: str) -> None:
    part = list(arrived(mail(sample=sample)).iter_parts())[-1]
    assert part["Content-Type"].params["method"] == method
    assert f"METHOD:{method}" in part.get_content()
