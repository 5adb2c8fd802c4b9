"""Every kind of message for each role, read as a person reads it: in order, in text and HTML, by day and by night."""

import re
from datetime import datetime
from itertools import pairwise

import pytest

from flightsched_pipelines.domain.cases.waking_hours import WakingHours
from flightsched_pipelines.domain.risk.breach_text import breach_sentence
from flightsched_pipelines.formatting import format_period, format_time, plural
from flightsched_pipelines.messages import email, headlines
from flightsched_pipelines.messages.email import EVENT_NAMES
from flightsched_pipelines.messages.models import Contact, Digest, DigestLine, Notice
from flightsched_pipelines.messages.texts.contact import questions
from flightsched_pipelines.services.notifications.samples import SAMPLES
from flightsched_pipelines_tests.unit.messages.reader import lines_shown, rendered

NOTICES = {name: sample for name, sample in SAMPLES.items() if isinstance(sample, Notice)}
DIGEST = SAMPLES["digest"]
A_TIME = re.compile(r"[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d\d:\d\d")
LINK = re.compile(r"https://\S+")


def in_order(words: list[str], text: str) -> None:
    at = 0
    for part in words:
        found = text.find(part, at)
        assert found >= 0, f"'{part}' is not in its place: {text[at:]}"
        at = found + len(part)


def parts_of(notice: Notice) -> list[str]:
    """Return the parts of a notice in the order of reading: greeting, lesson, alternatives, contact."""
    zone = notice.lesson.time_zone
    offers = [*([notice.chosen] if notice.chosen else []), *notice.offers]
    return [
        f"Hello {notice.name},",
        headlines.when_of(notice.lesson),
        notice.lesson.reference,
        headlines.people(notice.lesson),
        *(
            part
            for offer in offers
            for part in (format_period(offer.starts_at_utc, offer.ends_at_utc, zone), offer.reason)
        ),
        "Questions? Call Palo Alto Flight School at +1-650-555-0100, or reply to this email.",
    ]


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_is_read_from_its_message_to_whom_to_ask(name: str) -> None:
    notice = NOTICES[name]
    said = rendered(notice)
    decides = "There is no charge for moving a lesson because of weather. The pilot in command decides on every flight."
    in_order([*parts_of(notice), decides], " ".join(said.text.split()))
    shown = lines_shown(said.html)
    in_order([*parts_of(notice), decides], "\n".join(shown))
    assert shown[0] == notice.lesson.school
    assert shown[2] == f"Hello {notice.name},", "one heading comes before"


@pytest.mark.parametrize("name", SAMPLES)
def test_text_and_html_have_the_same_content(name: str) -> None:
    said = rendered(SAMPLES[name])
    shown = " ".join(lines_shown(said.html))
    assert sorted(set(LINK.findall(said.text))) == sorted(set(re.findall(r'href="([^"]*)"', said.html)))
    assert set(A_TIME.findall(said.text)) == set(A_TIME.findall(shown))
    assert sorted(set(re.findall(r"PAO-\d+", said.text))) == sorted(set(re.findall(r"PAO-\d+", shown)))
    sentences = {
        breach_sentence(breach, notice.lesson.time_zone) for notice in NOTICES.values() for breach in notice.breaches
    }
    for line in said.text.splitlines():
        words = LINK.sub("", line).strip(" -*")
        if words.endswith(".") and words not in sentences:
            for sentence in re.split(r"(?<=\.) ", words):
                assert sentence in shown, "each sentence of the text is in the HTML"


@pytest.mark.parametrize("name", NOTICES)
def test_every_time_in_a_notice_is_one_of_its_facts_and_none_is_over(name: str) -> None:
    notice = NOTICES[name]
    zone, lesson = notice.lesson.time_zone, notice.lesson
    offers = [*notice.offers, *([notice.chosen] if notice.chosen else [])]
    ahead: list[datetime] = [offer.starts_at_utc for offer in offers]
    ahead += [notice.confirm_by_utc] if notice.confirm_by_utc else []
    ahead += [notice.deadline_utc] if notice.deadline_utc and notice.offers else []
    known = [lesson.starts_at_utc, *ahead, *(at for breach in notice.breaches for at in (breach.from_utc,))]
    before = A_TIME.findall(" ".join(notice.changes))

    said = rendered(notice)
    assert set(A_TIME.findall(said.text)) <= {format_time(at, zone).rsplit(" ", 1)[0] for at in known} | set(before)
    assert all(at > notice.sent_at_utc for at in [lesson.starts_at_utc, *ahead])
    assert all(WakingHours(zone).include(at) for at in filter(None, [notice.deadline_utc, notice.confirm_by_utc]))
    assert all(
        breach.from_utc < lesson.ends_at_utc + (lesson.ends_at_utc - lesson.starts_at_utc) for breach in notice.breaches
    )
    assert headlines.when_of(lesson) not in " ".join(notice.changes), "a lesson does not move to where it was"


@pytest.mark.parametrize("name", NOTICES)
def test_counts_and_states_in_a_notice_agree(name: str) -> None:
    notice = NOTICES[name]
    text = rendered(notice).text
    assert [offer.number for offer in notice.offers] == list(range(1, len(notice.offers) + 1))
    for count in re.findall(r"These (\d+) alternatives", text):
        assert int(count) == len(notice.offers)
    assert (notice.chosen is not None) == (notice.confirm_by_utc is not None)
    assert ("is held until" in text) == (notice.chosen is not None)
    assert ("It was " in text) == (notice.event == "moved")
    if notice.event in {"accepted", "reminded"} and notice.role == "instructor":
        assert "Confirm: " in text
    others = {offer.instructor == notice.lesson.instructor: offer.reason for offer in notice.offers}
    for is_same, reason in others.items():
        assert reason.startswith("Same instructor") == is_same


@pytest.mark.parametrize("name", ["opened-student", "updated-student", "withdrawn-student"])
def test_times_without_a_complete_forecast_do_not_stand_under_a_promise(name: str) -> None:
    text = rendered(SAMPLES[name]).text
    in_order(["Times that you can choose:", "no complete forecast for this time yet"], text)
    assert "that work" not in text
    assert "Available" not in text


def test_a_move_is_read_as_new_time_then_the_old_one() -> None:
    shown = "\n".join(lines_shown(rendered(NOTICES["moved-student"]).html))
    parts = ["New time:", "Wed 25 Nov 09:00–10:30 PST", "It was Tue 24 Nov 10:00–11:30 PST."]
    in_order(parts, shown)
    in_order(parts, rendered(NOTICES["moved-student"]).text)


def test_a_digest_counts_once_and_begins_with_the_lesson_that_starts_first() -> None:
    assert isinstance(DIGEST, Digest)
    said = rendered(DIGEST)
    lessons = [*DIGEST.too_late, *(line.lesson for line in DIGEST.lines)]
    total = f"{plural(len(lessons), 'lesson')} at Palo Alto Flight School"
    assert said.subject.endswith(f": {total}")
    assert sum(map(int, re.findall(r": (\d+)\.", email.digest_counts(DIGEST)))) == len(lessons)
    for text in (said.text, "\n".join(lines_shown(said.html))):
        in_order([f"{total}. {email.digest_counts(DIGEST)}", *(lesson.reference for lesson in lessons)], text)
        for lesson in lessons:
            assert f"{lesson.student} ({lesson.student_phone})" in text
            assert f"{lesson.instructor} ({lesson.instructor_phone})" in text
    starts = [lesson.starts_at_utc for lesson in lessons]
    assert starts == sorted(starts)


def line_as_read(line: DigestLine) -> list[str]:
    """Return the parts of a case in the order of reading: lesson, event, people, weather, times, deadline, case."""
    zone = line.lesson.time_zone
    is_open = line.event in {"opened", "updated"}
    return [
        f"{line.lesson.reference}: {EVENT_NAMES[line.event]}",
        f"{headlines.when_of(line.lesson)}, {line.lesson.airport}",
        headlines.people(line.lesson),
        *(breach_sentence(breach, zone) for breach in line.breaches[:2]),
        *(format_time(offer.starts_at_utc, zone) for offer in line.offers if is_open),
        *([f"Answer by {format_time(line.deadline_utc, zone)}"] if is_open and line.deadline_utc else []),
        *(["On weather hold; for a dispatcher to handle."] if line.event in {"expired", "declined"} else []),
        f"Case {line.case_id}",
    ]


def test_the_dispatchers_digest_is_read_in_order_as_text_and_as_html() -> None:
    assert isinstance(DIGEST, Digest)
    said = rendered(DIGEST)
    soonest = DIGEST.too_late[0]
    order = [
        "Hello dispatch,",
        f"{len(DIGEST.lines) + 1} lessons at Palo Alto Flight School. {email.digest_counts(DIGEST)}",
        "they start too soon to offer alternatives:",
        headlines.when_of(soonest),
        headlines.people(soonest),
        *(part for line in DIGEST.lines for part in line_as_read(line)),
        "The forecast of 2 lessons is missing, or cannot be read.",
        "There is no charge for moving a lesson because of weather.",
    ]
    in_order(order, " ".join(said.text.split()))
    in_order(order, " ".join(lines_shown(said.html)))


def test_nobody_in_a_digest_is_at_two_places_at_once() -> None:
    assert isinstance(DIGEST, Digest)
    lessons = [*DIGEST.too_late, *(line.lesson for line in DIGEST.lines)]
    assert len({lesson.student for lesson in lessons}) == len(lessons)
    for one, other in pairwise(lessons):
        assert one.ends_at_utc <= other.starts_at_utc


def test_only_dispatchers_are_given_phone_numbers_of_people() -> None:
    for notice in NOTICES.values():
        assert notice.lesson.student_phone is None
        assert notice.lesson.instructor_phone is None


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (Contact(phone="+1-650-555-0100", reply_to="a@b.example"), "Questions? Call X at +1-650-555-0100, or reply"),
        (Contact(phone="+1-650-555-0100"), "Questions? Call X at +1-650-555-0100."),
        (Contact(reply_to="a@b.example"), "Questions? Reply to this email; X will read it."),
    ],
)
def test_whom_to_ask_is_what_the_school_has_given(contact: Contact, said: str) -> None:
    assert questions("X", contact).startswith(said)


def test_a_school_without_contact_data_is_not_asked() -> None:
    bare = NOTICES["opened-student"].model_copy(update={"contact": Contact()})
    assert "Questions?" not in rendered(bare).text + rendered(bare).html


@pytest.mark.parametrize(
    ("reply_to", "arrives"), [("desk@x.example", "desk@x.example"), ("nobody", None), ("a@b\r\nX: y", None)]
)
def test_replies_go_to_the_school_and_a_bad_address_stops_no_mail(reply_to: str, arrives: str | None) -> None:
    notice = NOTICES["opened-student"]
    mail = email.compose(
        rendered(notice), to_name="Ada", to_address="a@x.example", sender="Desk <desk@y.example>",
        message_id="<1@x.example>", date_utc=notice.sent_at_utc, reply_to=reply_to,
    )  # fmt: skip
    assert mail["Reply-To"] == arrives
    assert mail["X"] is None


STYLED = re.compile(r'<(\w+) [^<>]*style="([^"]*)"[^<>]*>')
DARK_RULE = re.compile(r"\.(\w+) \{ ([^}]*) \}")
GROUNDS = ("page", "card", "box")
COLOURED = re.compile(r"(?:^|;)(color|background|border[\w-]*):[^;]*(#[0-9a-f]{6})")


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2, 1.4.3)."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def colours(html: str) -> dict[str, tuple[str, str]]:
    """By class and property, the colours by day and by night: every coloured element must have both."""
    dark = {
        (name, kind): colour
        for name, rules in DARK_RULE.findall(html)
        for kind, colour in re.findall(r"([\w-]+): (#[0-9a-f]{6}) !important", rules)
    }
    found: dict[str, tuple[str, str]] = {}
    for tag in STYLED.finditer(html):
        classes = re.search(r'class="([\w ]+)"', tag[0])
        for kind, light in COLOURED.findall(tag[2]):
            property_ = "border-color" if kind.startswith("border") else kind
            if light == "#ffffff" and kind == "color":
                continue  # words on a button, white by day and by night
            names = [name for name in (classes[1].split() if classes else []) if (name, property_) in dark]
            assert names, f"{light} has no colour by night: {tag[0]}"
            found[f"{names[0]} {property_} {light}"] = light, dark[names[0], property_]
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_every_colour_has_one_for_the_dark_and_words_are_legible_in_both(name: str) -> None:
    html = rendered(SAMPLES[name]).html
    assert '<meta name="color-scheme" content="light dark">' in html
    pairs = colours(html)
    grounds = [pair for key, pair in pairs.items() if key.split()[0] in GROUNDS]
    words = [pair for key, pair in pairs.items() if key.split()[1] == "color"]
    assert len(grounds) >= 2
    assert len(words) >= 3
    for at in (0, 1):
        assert all(contrast(word[at], ground[at]) >= 4.5 for word in words for ground in grounds)
    assert all(
        contrast("#ffffff", colour) >= 4.5 for key, pair in pairs.items() if key.startswith("button") for colour in pair
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mail_loads_nothing_from_elsewhere(name: str) -> None:
    html = rendered(SAMPLES[name]).html
    assert not re.search(r"<(img|script|link|iframe|object|embed|form)\b|url\(|@import|\bsrc=|background=", html)
