"""Text messages, Slack and events: limits of each, and no personal data."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.formatting import format_time
from flightsched_pipelines.messages import event_payload, slack, sms
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.notifications.samples import SAMPLES

NOTICES = {name: sample for name, sample in SAMPLES.items() if isinstance(sample, Notice)}
DIGEST = next(sample for sample in SAMPLES.values() if isinstance(sample, Digest))
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


def personal() -> set[str]:
    """Everything in the samples that names a person or an aircraft."""
    found: set[str] = set()
    for notice in NOTICES.values():
        found |= {notice.name, notice.lesson.student, str(notice.lesson.instructor), notice.lesson.aircraft}
        found |= {str(offer.instructor) for offer in notice.offers} | {offer.aircraft for offer in notice.offers}
        found |= {offer.accept_url for offer in notice.offers if offer.accept_url}
        found |= {notice.case_url} if notice.case_url else set()
    for lesson in (*DIGEST.too_late, *(line.lesson for line in DIGEST.lines)):
        found |= {lesson.student, str(lesson.student_phone), str(lesson.instructor_phone)}
    return found | {registration for name in found for registration in re.findall(r"\bN\d\w+", name)}


@pytest.mark.parametrize("name", NOTICES)
def test_a_short_text_has_at_most_160_characters_of_the_alphabet(name: str) -> None:
    text = sms.sms_text(NOTICES[name])
    assert len(text) <= 160
    assert set(text) <= GSM_7
    assert "PAO-1016" in text
    assert format_time(NOTICES[name].lesson.starts_at_utc, NOTICES[name].lesson.time_zone) in text


@given(reference=st.text(max_size=200), url=st.none() | st.text(max_size=300), name=st.text(max_size=200))
def test_no_value_makes_a_short_text_longer_or_foreign(reference: str, url: str | None, name: str) -> None:
    notice = NOTICES["opened-student"]
    lesson = notice.lesson.model_copy(update={"reference": reference, "student": name})
    text = sms.sms_text(notice.model_copy(update={"lesson": lesson, "case_url": url, "name": name}))
    assert len(text) <= 160
    assert set(text) <= GSM_7


def test_the_link_goes_before_the_details() -> None:
    url = "https://flights.example.com/r/" + "a" * 45
    notice = NOTICES["opened-student"].model_copy(update={"case_url": url})
    assert url in sms.sms_text(notice)


def _texts(blocks: list[dict[str, Any]]) -> list[str]:
    found = [block["text"]["text"] for block in blocks if "text" in block]
    return found + [element["text"] for block in blocks for element in block.get("elements", [])]


def test_a_digest_of_200_lines_stays_within_slacks_limits() -> None:
    long = DIGEST.lines[0].model_copy(
        update={"lesson": DIGEST.lines[0].lesson.model_copy(update={"reference": "<&>" * 2000})}
    )
    digest = DIGEST.model_copy(update={"lines": [long] * 200, "school": "S" * 400, "too_late": DIGEST.too_late * 200})
    _, blocks = slack.blocks(digest)
    assert len(blocks) <= 50
    assert len(blocks[0]["text"]["text"]) <= 150
    assert all(0 < len(text) <= 3000 for text in _texts(blocks))
    assert any("and 180 more" in text for text in _texts(blocks))


def test_slacks_own_marks_are_escaped() -> None:
    lesson = DIGEST.lines[0].lesson.model_copy(update={"reference": "<!channel> & co"})
    digest = DIGEST.model_copy(update={"lines": [DIGEST.lines[0].model_copy(update={"lesson": lesson})]})
    text, blocks = slack.blocks(digest)
    assert "<!channel>" not in text + json.dumps(blocks)
    assert any("&lt;!channel&gt; &amp; co" in text for text in _texts(blocks))


def test_slack_is_told_no_person_no_aircraft_and_no_answer_link() -> None:
    text, blocks = slack.blocks(DIGEST)
    said = text + json.dumps(blocks, ensure_ascii=False)
    assert not [secret for secret in personal() if secret in said]


@pytest.mark.parametrize("name", NOTICES)
def test_an_event_is_json_without_personal_data(name: str) -> None:
    notice = NOTICES[name]
    body = event_payload.event_payload(notice, hour_utc=notice.sent_at_utc)
    said = json.dumps(body, ensure_ascii=False)
    assert not [secret for secret in personal() if secret in said]
    assert json.loads(said)["booking_reference"] == "PAO-1016"
    if notice.event == "moved":
        assert body["moved_from"] == {"starts_at_utc": "2026-11-24T18:00:00Z", "ends_at_utc": "2026-11-24T19:30:00Z"}
    else:
        assert body["moved_from"] is None
    assert all(set(offer) == {"number", "starts_at_utc", "ends_at_utc", "form"} for offer in body["offers"])
