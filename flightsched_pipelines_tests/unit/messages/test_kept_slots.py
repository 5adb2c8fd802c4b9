"""Messages about slots that are kept without flying: words, buttons, calendar entries and digests."""

from flightsched_pipelines.messages import calendar, email, slack, sms
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.notifications.samples import SAMPLES


def notice(name: str) -> Notice:
    """Return a sample."""
    found = SAMPLES[name]
    assert isinstance(found, Notice)
    return found


def test_each_offer_has_lines_and_a_button_of_its_own_after_the_other_times() -> None:
    mail = email.render_notice(notice("kept-offered-student"))
    lines = mail.text.splitlines()
    order = [
        "Times that you can choose:", "   Take option 3:", "Or keep your time without flying:",
        "   Keep this time as a simulator lesson:", "   Keep this time as a ground lesson:",
    ]  # fmt: skip
    places = [next(n for n, line in enumerate(lines) if line.startswith(words)) for words in order]
    assert places == sorted(places)
    assert [line[:2] for line in lines if line[:1].isdigit()] == ["1.", "2.", "3.", "4.", "5."]
    for words in ("Or keep your time without flying", "Keep this time as a simulator lesson", "Take option 3"):
        assert words in mail.html
    assert "Take option 4" not in mail.html + mail.text


def test_a_case_with_nothing_but_a_kept_slot_says_why_there_is_no_other_time() -> None:
    mail = email.render_notice(notice("kept-alone-student"))
    for words in ("No other time can be offered at present: the forecast is below", "Keep your time without flying"):
        assert words in mail.text
        assert words in mail.html
    assert "choose another time" not in mail.text


def test_the_instructor_confirms_and_both_read_what_the_lesson_is_now() -> None:
    asked = email.render_notice(notice("kept-accepted-instructor"))
    assert "your student would have a ground lesson instead. Please confirm it." in asked.text
    assert "Confirm: https://" in asked.text
    for role in ("student", "instructor"):
        told = email.render_notice(notice(f"kept-moved-{role}"))
        assert told.subject.endswith("a ground lesson at the same time")
        assert "PAO-1016, KPAO, ground lesson" in told.text
        assert "It was a flight with C172S N101FS." in told.text
        assert "New time" not in told.text


def test_text_messages_name_the_forms() -> None:
    assert "3 other times or a simulator or ground lesson" in sms.sms_text(notice("kept-offered-student"))
    assert ". No other time yet; a simulator or ground lesson" in sms.sms_text(notice("kept-alone-student"))
    assert "a ground lesson at the same time" in sms.sms_text(notice("kept-moved-student"))


def test_the_calendar_entry_keeps_its_time_and_names_the_form() -> None:
    moved = notice("kept-moved-student")
    data, method = calendar.entry(moved, organizer="a@example.com", attendee="b@example.com", base_uid_domain="x")
    lines = data.decode().replace("\r\n ", "").splitlines()
    assert (method, "STATUS:CONFIRMED" in lines) == ("REQUEST", True)
    assert "SUMMARY:Ground lesson PAO-1016" in lines
    assert f"DTSTART:{moved.lesson.starts_at_utc:%Y%m%dT%H%M%SZ}" in lines
    assert "Ground lesson\\, without an aircraft" in next(line for line in lines if line.startswith("DESCRIPTION:"))


def test_dispatchers_read_the_forms_in_their_digest() -> None:
    whole = SAMPLES["digest"]
    assert isinstance(whole, Digest)
    line = whole.lines[0]
    offered = line.model_copy(update={"event": "opened", "offers": notice("kept-offered-student").offers})
    alone = offered.model_copy(update={"offers": notice("kept-alone-student").offers, "no_offer_because": "no weather"})
    moved = line.model_copy(update={"event": "moved", "lesson": notice("kept-moved-student").lesson, "offers": []})
    digest = whole.model_copy(update={"lines": [offered, alone, moved], "too_late": []})
    mail, (_, blocks) = email.render_digest(digest), slack.blocks(digest)
    for shown in (mail.text, mail.html):
        assert "5. same time as a ground lesson" in shown
        assert "No other time: the forecast is below the minimums at every suitable time" in shown
        assert "A ground lesson now, at its time" in shown
    assert "3 alternatives or a simulator lesson or a ground lesson" in str(blocks)
