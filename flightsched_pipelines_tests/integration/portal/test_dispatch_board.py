"""The dispatch board: a school's days and cases, and the orders of its dispatchers, each with a name and a reason."""

import re

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.portal.board_visitor import PALO_ALTO, WHO, DispatcherVisitor
from flightsched_pipelines_tests.integration.portal.visitor import case_of, words
from flightsched_pipelines_tests.integration.services.helpers import LATER, events, held, one, place, rows, say, state

OF_THE_SCHOOL = (
    "SELECT c.id, c.booking_id FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id "
    "WHERE b.school_id = :school AND NOT b.solo AND c.state = 'proposed' ORDER BY c.starts_at_utc DESC, c.id"
)
RECORD = "SELECT action, role, door, dispatcher, reason, outcome FROM school.responses WHERE case_id = :id ORDER BY id"


def case_at(engine: Engine, school: int = PALO_ALTO, nth: int = 0) -> tuple[int, int]:
    """Return a dual case of a school, with its booking."""
    return tuple(rows(engine, OF_THE_SCHOOL, school=school)[nth])


def test_a_day_shows_every_lesson_of_the_school_and_none_of_another(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    zone = one(told_engine, "SELECT time_zone FROM school.airports WHERE ident = 'KPAO'")
    query = (
        "SELECT reference FROM school.bookings WHERE (lower(period) AT TIME ZONE :zone)::date = "
        "(CAST(:at AS timestamptz) AT TIME ZONE :zone)::date AND (school_id = :school) = :mine"
    )
    mine, others = (
        {row[0] for row in rows(told_engine, query, zone=zone, at=SEED_HOUR, school=PALO_ALTO, mine=mine)}
        for mine in (True, False)
    )

    page = visitor.get("/board").text

    shown = set(re.findall(r'class="what">([A-Z]+-\d+)', page))
    assert shown == mine
    assert not shown & others
    assert len(mine) > 10
    letters = set(re.findall(r"<b>(.)</b>", page))
    assert letters <= set("B?Wo·h")
    assert "below the minimums" in words(page)
    tails = [row[0] for row in rows(told_engine, "SELECT tail_number FROM school.aircraft WHERE school_id = 1")]
    assert all(f'<h3 class="name">{tail}</h3>' in page for tail in tails), "idle aircraft have a row, too"


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "0001-01-01", "9999-12-31", "\x00", "-", "2026-11-24x"])
def test_a_day_that_is_none_is_refused_in_words(told_engine: Engine, day: str) -> None:
    page = DispatcherVisitor(told_engine).client.get("/board", params={"day": day})
    assert (page.status_code, "This is not a day" in page.text) == (400, True)


def test_a_verdict_about_a_lesson_as_it_was_is_not_shown(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    case_id, booking_id = case_at(told_engine)
    assert say(told_engine, case_id, "accept", number=1).applied
    assert say(told_engine, case_id, "confirm").applied
    reference, day = rows(
        told_engine,
        "SELECT reference, (lower(period) AT TIME ZONE 'PST8PDT')::date FROM school.bookings WHERE id = :id",
        id=booking_id,
    )[0]

    page = visitor.get(f"/board?day={day}").text

    [letter] = set(re.findall(rf"<b>(.)</b>(?:(?!</li>).)*{reference}<", page))
    assert letter == "·", "the newest hour assessed it at its old time"


def test_a_verdict_that_guidance_would_give_otherwise_is_marked_and_explained(told_engine: Engine) -> None:
    sentence = "The TAF governs; guidance (National Blend of Models) has ceiling 900 ft, minimum 1,000 ft."
    case_id, booking_id = case_at(told_engine)
    with told_engine.begin() as connection:
        connection.execute(
            text("UPDATE pipeline.lesson_verdicts SET uncertainty = :words WHERE booking_id = :id"),
            {"words": sentence, "id": booking_id},
        )
    reference, day = rows(
        told_engine,
        "SELECT reference, (lower(period) AT TIME ZONE 'PST8PDT')::date FROM school.bookings WHERE id = :id",
        id=booking_id,
    )[0]
    visitor = DispatcherVisitor(told_engine)

    page = visitor.get(f"/board?day={day}").text
    marked = re.findall(r'class="what">([A-Z]+-\d+)(?:(?!</li>).)*<i>uncertain</i>', page)
    assert set(marked) == {reference}
    assert sentence in visitor.get(f"/board/cases/{case_id}").text
    assert sentence in visitor.get(f"/board/lessons/{booking_id}").text


def test_cases_are_listed_by_deadline_with_filters(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    every = rows(told_engine, OF_THE_SCHOOL, school=PALO_ALTO)
    case_id, booking_id = every[0]
    assert say(told_engine, case_id, "accept", number=1).applied
    reference = one(told_engine, "SELECT reference FROM school.bookings WHERE id = :id", id=booking_id)

    def listed(query: str) -> list[int]:
        return [int(found) for found in re.findall(r'href="/board/cases/(\d+)"', visitor.get(query).text)]

    mine = "SELECT c.id FROM school.reschedule_cases c JOIN school.bookings b ON b.id = booking_id WHERE school_id = 1"
    assert listed("/board/cases") == [row[0] for row in rows(told_engine, f"{mine} ORDER BY deadline_utc, c.id")]
    assert listed("/board/cases?show=student_accepted") == [case_id]
    assert case_id not in listed("/board/cases?show=proposed")
    assert listed(f"/board/cases?find={reference.lower()}") == [case_id]
    assert listed("/board/cases?find=%00%FF<script>") == []
    assert set(listed("/board/cases?show=all")) == {row[0] for row in rows(told_engine, mine)}
    assert listed("/board/cases?show=nothing") == listed("/board/cases")


def test_accept_and_confirm_on_behalf_move_the_booking(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    case_id, booking_id = case_at(told_engine)
    path, asked = f"/board/cases/{case_id}", case_of(told_engine, case_id)
    page = words(visitor.get(path).text)
    assert all(word in page for word in ("Take option 1", "Take option 3", "Forecast of", "Timeline", "opened"))

    taken = visitor.enter(path, "accept 2", "rang, wants the second", round=str(asked.round))
    assert "Done." in words(taken.text)
    assert held(told_engine, booking_id) == 1
    moved = visitor.enter(path, "confirm", "said yes in the hangar")

    assert "The lesson has moved" in words(moved.text)
    assert (state(told_engine, case_id), place(told_engine, booking_id)[1]) == (
        "rescheduled", asked.offers[2].slot.starts_at_utc,
    )  # fmt: skip
    assert rows(told_engine, RECORD, id=case_id) == [
        ("accept", "dispatcher", "board", WHO, "rang, wants the second", "applied"),
        ("confirm", "dispatcher", "board", WHO, "said yes in the hangar", "applied"),
    ]
    assert "dispatcher Dee Dispatch" in words(visitor.get(path).text)
    assert "Take option" not in words(visitor.get(path).text), "there is nothing left to answer"


@pytest.mark.parametrize(
    ("before", "action", "fields", "after"),
    [
        ([], "none_suit", {"days": ["sat", "sun"]}, None),
        ([], "keep", {}, "kept"),
        ([], "cancel", {}, "cancelled"),
        (["accept"], "withdraw", {}, "proposed"),
        (["accept"], "decline", {}, None),
    ],
)
def test_every_action_of_the_terminal_is_on_the_page(
    told_engine: Engine, before: list[str], action: str, fields: dict[str, str], after: str | None
) -> None:
    visitor = DispatcherVisitor(told_engine)
    case_id, _ = case_at(told_engine)
    for first in before:
        assert say(told_engine, case_id, first, number=1).applied
    path = f"/board/cases/{case_id}"
    assert f'value="{action}"' in visitor.get(path).text

    answer = visitor.enter(path, action, **fields)

    assert "Done." in words(answer.text)
    assert after is None or state(told_engine, case_id) == after
    assert rows(told_engine, RECORD, id=case_id)[-1][3:] == (WHO, "rang at nine", "applied")


def test_a_form_sent_twice_is_applied_once(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    case_id, _ = case_at(told_engine)
    path = f"/board/cases/{case_id}"
    form = {"seal": visitor.seal_of(path), "action": "note", "reason": "rings back at ten"}
    for _ in range(3):
        assert "Done." in words(visitor.send(path, form).text)
    assert len(rows(told_engine, RECORD, id=case_id)) == 1
    assert "rings back at ten" in words(visitor.get(path).text)


def test_nothing_is_applied_without_a_reason(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    case_id, booking_id = case_at(told_engine)
    before = events(told_engine, case_id)
    case, lesson = f"/board/cases/{case_id}", f"/board/lessons/{booking_id}"
    forms = ((case, "accept 1"), (case, "keep"), (case, "cancel"), (case, "note"), (lesson, "join_standby"))
    for path, action in forms:
        for reason in ("", "  \r\n ", "x" * 501, "nul\x00"):
            answer = visitor.enter(path, action, reason, round="1")
            assert (answer.status_code, "Nothing was changed" in answer.text) == (422, True), (action, reason)
    assert events(told_engine, case_id) == before
    assert one(told_engine, "SELECT count(*) FROM school.responses") == 0


def test_hold_release_and_standby(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    booking_id = one(
        told_engine,
        "SELECT id FROM school.bookings b WHERE school_id = 1 AND status = 'scheduled' AND lower(period) > :now "
        "AND NOT EXISTS (SELECT FROM school.reschedule_cases c WHERE c.booking_id = b.id) ORDER BY id LIMIT 1",
        now=LATER,
    )
    path = f"/board/lessons/{booking_id}"

    for action, after in (("hold", "weather_hold"), ("release", "scheduled")):
        assert "Done." in words(visitor.enter(path, action).text)
        assert place(told_engine, booking_id)[0] == after
    assert "Not done." in words(visitor.enter(path, "release").text)
    joined = visitor.enter(path, "join_standby", until="2026-12-24")
    assert "On the standby list since" in words(joined.text)
    reference = one(told_engine, "SELECT reference FROM school.bookings WHERE id = :id", id=booking_id)
    assert reference in words(visitor.get("/board/standby").text)
    assert "Done." in words(visitor.enter(path, "leave_standby").text)
    assert reference not in words(visitor.get("/board/standby").text)
    assert "Not done." in words(visitor.enter(path, "leave_standby").text)
    assert "day is not a date" in words(visitor.enter(path, "join_standby", until="soon").text)
    audited = rows(told_engine, "SELECT dispatcher FROM school.responses WHERE booking_id = :id", id=booking_id)
    assert audited == [(WHO,)] * 6


def test_two_lessons_are_swapped_as_the_terminal_does(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    (first, _), (second, _) = case_at(told_engine, nth=0), case_at(told_engine, nth=1)
    path = f"/board/cases/{first}"

    answer = visitor.enter(path, "swap", "both agreed", other=str(second))

    assert "one." in words(answer.text)
    for case_id in (first, second):
        action, _, door, name, reason, _ = rows(told_engine, RECORD, id=case_id)[0]
        assert (action, door, name, reason) == ("swap", "board", WHO, "both agreed")


def test_another_schools_cases_and_lessons_are_not_there(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    mine, _ = case_at(told_engine)
    theirs, booking_id = case_at(told_engine, school=2)
    own = f"/board/cases/{mine}"
    seal = visitor.seal_of(own)
    missing = visitor.get("/board/cases/999999")

    for path in (f"/board/cases/{theirs}", f"/board/lessons/{booking_id}", "/board/lessons/999999"):
        assert (visitor.get(path).status_code, visitor.get(path).content) == (404, missing.content)
    for action in ("accept 1", "confirm", "keep", "cancel", "note", "none_suit"):
        sent = visitor.send(f"/board/cases/{theirs}", {"seal": seal, "action": action, "reason": "mine", "round": "1"})
        assert (sent.status_code, sent.content) == (404, missing.content), action
    for action in ("hold", "release", "join_standby", "leave_standby"):
        sent = visitor.send(f"/board/lessons/{booking_id}", {"seal": seal, "action": action, "reason": "mine"})
        assert sent.status_code == 404, action
    assert visitor.enter(own, "swap", other=str(theirs)).status_code == 404
    assert one(told_engine, "SELECT count(*) FROM school.responses") == 0
    other = DispatcherVisitor(told_engine, school_id=2)
    assert other.get(f"/board/cases/{theirs}").status_code == 200
    assert other.send(f"/board/cases/{theirs}", {"seal": seal, "action": "note", "reason": "x"}).status_code == 400
