"""The live stream: nothing missing, nothing twice, nothing of another person's, however often a listener leaves."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.live import live_events
from flightsched_pipelines.database.queries.live.live_events import Audience, NewEvent
from flightsched_pipelines.portal.app import build_portal
from flightsched_pipelines.portal.live import event_stream, hub
from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.services.live import stream, tokens
from flightsched_pipelines_tests.integration.portal.board_visitor import PALO_ALTO, DispatcherVisitor
from flightsched_pipelines_tests.integration.portal.listener import Heard, listen
from flightsched_pipelines_tests.integration.portal.visitor import Clock
from flightsched_pipelines_tests.integration.services.helpers import LATER, SETTINGS, cases, one, rows, run, say

STREAM = "/api/notifications/stream"
SCHOOL = "Palo Alto Flight School"
EVENTS = 3_000
ME, OTHER = "student-1", "student-2"


def token_of(engine: Engine, address: str | None = None) -> dict[str, str]:
    """Make a token, and return the header with it."""
    _, token = tokens.make_token(engine, "test", SCHOOL, address, LATER)
    return {"Authorization": f"Bearer {token}"}


def address_of(engine: Engine, person: str) -> str:
    """Return the address of a student, which becomes theirs alone."""
    student_id = int(person.partition("-")[2])
    run(engine, "UPDATE school.students SET email = :own WHERE id = :id", own=f"{person}@example.com", id=student_id)
    return f"{person}@example.com"


def publish(engine: Engine, events: Sequence[NewEvent]) -> None:
    with engine.begin() as connection:
        live_events.publish(connection, events, LATER)


def numbered(number: int, *people: str, school: int = PALO_ALTO) -> NewEvent:
    return NewEvent(school, people, {"event": "moved", "number": number})


def portal_of(engine: Engine) -> Any:
    settings = SETTINGS.model_copy(update={"portal_requests_per_minute": 1_000_000})
    return build_portal(Site(engine, settings, Clock()))


def test_five_disconnects_over_three_thousand_events(seeded_engine: Engine) -> None:
    chance = Random(18)
    whose = [chance.choice([(ME,), (OTHER,), (ME, OTHER), (), ("instructor-1",)]) for _ in range(EVENTS)]
    mine = [number for number, people in enumerate(whose) if ME in people]
    me = token_of(seeded_engine, address_of(seeded_engine, ME))
    application, portal = token_of(seeded_engine), portal_of(seeded_engine)
    started = Event()

    def write() -> None:
        """Publish ten at a time; the first of each ten commits after the nine that follow it, or many more."""
        started.wait()
        for begin in range(0, EVENTS, 200):
            with seeded_engine.connect() as late:
                for ten in range(begin, begin + 200, 10):
                    first, *others = (numbered(number, *whose[number]) for number in range(ten, ten + 10))
                    live_events.publish(late, [first], LATER)
                    publish(seeded_engine, others)
                late.commit()

    async def hear(headers: dict[str, str], expected: int) -> list[Heard]:
        """Listen in six goes, each from where the one before was left."""
        found: list[Heard] = []
        goes = [expected // 6] * 5 + [expected - expected // 6 * 5]
        for events in goes:
            last = {"Last-Event-ID": found[-1].last_id if found else "0"}
            found.append(await listen(portal, headers | last, events=events))
        return found

    async def both() -> tuple[list[Heard], list[Heard]]:
        started.set()
        return await asyncio.gather(hear(me, len(mine)), hear(application, EVENTS))

    writer = Thread(target=write)
    writer.start()
    own, all_of_them = asyncio.run(both())
    writer.join()

    for heard, expected in ((own, mine), (all_of_them, list(range(EVENTS)))):
        numbers = [payload["number"] for go in heard for _, payload in go.events]
        assert len(numbers) == len(expected), "none missing, none twice"
        assert sorted(numbers) == expected, "none of another person's"
        ids = [number for go in heard for number in go.ids]
        assert ids == sorted(set(ids)), "ids grow"
    assert [len(heard) for heard in (own, all_of_them)] == [6, 6]


def test_an_event_that_is_committed_late_gets_a_later_place(seeded_engine: Engine) -> None:
    with seeded_engine.connect() as slow:
        live_events.publish(slow, [numbered(1)], LATER)
        publish(seeded_engine, [numbered(2)])
        first = stream.newer_events(seeded_engine, 0)
        slow.commit()
    second = stream.newer_events(seeded_engine, first[-1].position)

    ids = {row[1]: row[0] for row in rows(seeded_engine, "SELECT id, payload ->> 'number' FROM school.live_events")}
    assert ids["1"] < ids["2"], "by their ids the reader would have passed the first one"
    assert [event.payload["number"] for event in (*first, *second)] == [2, 1]
    assert second[0].position > first[0].position


def test_places_are_given_by_one_reader_at_a_time(seeded_engine: Engine) -> None:
    publish(seeded_engine, [numbered(1)])
    with seeded_engine.connect() as busy:
        live_events.give_places(busy)
        assert stream.newer_events(seeded_engine, 0) == [], "another reader gives them places just now"
        busy.commit()
    assert len(stream.newer_events(seeded_engine, 0)) == 1


def test_who_is_further_behind_than_memory_reads_from_postgresql(
    seeded_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "REMEMBERED", 10)
    monkeypatch.setattr(stream, "MOST", 50)
    application, portal = token_of(seeded_engine), portal_of(seeded_engine)
    publish(seeded_engine, [numbered(number) for number in range(120)])

    async def hear() -> tuple[Heard, Heard]:
        opened, slow = asyncio.Event(), asyncio.Event()
        behind = asyncio.create_task(
            listen(portal, application | {"Last-Event-ID": "0"}, events=400, opened=opened, slow=slow)
        )
        await opened.wait()
        quick_opened = asyncio.Event()
        quick = asyncio.create_task(listen(portal, application, events=280, opened=quick_opened))
        await quick_opened.wait()
        await asyncio.to_thread(publish, seeded_engine, [numbered(number) for number in range(120, 400)])
        heard = await quick
        slow.set()
        return heard, await behind

    quick, behind = asyncio.run(hear())

    assert [payload["number"] for _, payload in quick.events] == list(range(120, 400)), "a slow one delays nobody"
    assert [payload["number"] for _, payload in behind.events] == list(range(400))


def test_silence_is_broken_by_a_sign_of_life_with_the_place(
    seeded_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream.EventStream.__init__, "__defaults__", (0.05,))
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.01)
    publish(seeded_engine, [numbered(0)])
    token_id, token = tokens.make_token(seeded_engine, "test", SCHOOL, None, LATER)
    portal = portal_of(seeded_engine)

    async def hear() -> Heard:
        silent = asyncio.Event()
        bearer = {"Authorization": f"bearer {token}"}
        task = asyncio.create_task(listen(portal, bearer, events=1_000_000, waited_for=(": nothing new", silent)))
        await silent.wait()
        await asyncio.to_thread(tokens.revoke_token, seeded_engine, token_id, LATER)
        return await task

    heard = asyncio.run(hear())

    assert (heard.status, heard.events) == (200, []), "the stream begins with what happens from now on"
    assert heard.last_id == "1", "who comes back misses nothing, even without an event"
    assert heard.text.startswith("retry: 2000\nid: 1\n\n")
    assert ": nothing new\nid: 1\n\n" in heard.text
    # It ended by itself: its token was revoked.


def test_whoever_may_not_listen_gets_one_answer(seeded_engine: Engine) -> None:
    visitor = DispatcherVisitor(seeded_engine, school_id=None)
    gone = token_of(seeded_engine, address_of(seeded_engine, ME))["Authorization"]
    run(seeded_engine, "UPDATE school.students SET ended_at = now() WHERE id = 1")
    strange = ("", "Bearer", "Bearer x", "Bearer flightsched_x", "Basic eDp5", "Bearer \u00e9", "Bearer " + "x" * 999)

    for header in (*strange, gone):
        answer = visitor.client.get(STREAM, headers={b"authorization": header.encode("latin-1")})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), header
        assert "the token is missing or not valid" in answer.json()["error"]


def test_a_place_that_is_none_is_refused_in_words(seeded_engine: Engine) -> None:
    visitor = DispatcherVisitor(seeded_engine, school_id=None)
    valid = {b"authorization": token_of(seeded_engine)["Authorization"].encode()}

    for given in ("x", "-1", "1.0", "9" * 30, "\u0661", "7"):
        answer = visitor.client.get(STREAM, headers=valid | {b"last-event-id": given.encode()})
        assert (answer.status_code, "Last-Event-ID" in answer.json()["error"]) == (400, True), given


def test_a_token_has_five_streams(seeded_engine: Engine) -> None:
    portal, mine, other = portal_of(seeded_engine), token_of(seeded_engine), token_of(seeded_engine)

    async def hear() -> tuple[list[int], list[Heard]]:
        opened = [asyncio.Event() for _ in range(5)]
        tasks = [asyncio.create_task(listen(portal, mine, events=1, opened=event)) for event in opened]
        for event in opened:
            await event.wait()
        sixth = await listen(portal, mine, events=1)
        another = asyncio.create_task(listen(portal, other, events=1, opened=(begun := asyncio.Event())))
        await begun.wait()
        await asyncio.to_thread(publish, seeded_engine, [numbered(1)])
        heard = [await task for task in (*tasks, another)]
        again = await listen(portal, mine | {"Last-Event-ID": "0"}, events=1)
        return [sixth.status, again.status], heard

    statuses, heard = asyncio.run(hear())

    assert statuses == [429, 200], "those who left are not counted any more"
    assert [one.status for one in heard] == [200] * 6
    assert [len(one.events) for one in heard] == [1] * 6


def test_what_happens_reaches_the_people_it_concerns_without_personal_data(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    student, instructor, school = rows(
        told_engine, "SELECT student_id, instructor_id, school_id FROM school.bookings WHERE id = :id", id=booking_id
    )[0]
    last = stream.last_position(told_engine)
    assert say(told_engine, case_id, "accept", number=1).applied
    assert say(told_engine, case_id, "confirm", LATER + timedelta(minutes=1)).applied

    found = stream.newer_events(told_engine, last)
    mine = [event for event in found if event.payload.get("case_id") == case_id]

    assert [event.payload["event"] for event in mine] == ["accepted", "moved"]
    for event in mine:
        assert event.school_id == school
        assert f"student-{student}" in event.people
    assert f"instructor-{instructor}" in mine[-1].people
    students = rows(told_engine, "SELECT name FROM school.students UNION SELECT email FROM school.students")
    names = [row[0] for row in students + rows(told_engine, "SELECT tail_number FROM school.aircraft")]
    said = str([event.payload for event in found])
    assert not [name for name in names if name in said]
    everybody = one(told_engine, "SELECT count(*) FROM school.live_events WHERE payload ->> 'event' = 'assessed'")
    assert everybody == one(told_engine, "SELECT count(*) FROM school.schools"), "an hour is news to every school"
    own = Audience(school, f"student-{student}")
    assert all(event.is_for(own) for event in stream.own_events(told_engine, own, 0, 10**9)[0])


def test_the_board_hears_of_its_school_and_of_no_other(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine)
    cookie = {"cookie": f"flightsched_board={visitor.client.cookies['flightsched_board']}"}
    (mine, _), (theirs, _) = (
        rows(
            told_engine,
            "SELECT c.id, b.id FROM school.reschedule_cases c JOIN school.bookings b ON b.id = booking_id "
            "WHERE b.school_id = :school ORDER BY c.id LIMIT 1",
            school=school,
        )[0]
        for school in (1, 2)
    )
    page = visitor.get("/board").text
    after = page.partition('data-position="')[2].partition('"')[0]
    other = DispatcherVisitor(told_engine, school_id=2)
    assert "Done." in other.enter(f"/board/cases/{theirs}", "note").text
    assert "Done." in visitor.enter(f"/board/cases/{mine}", "note").text

    heard = asyncio.run(listen(portal_of(told_engine), cookie, events=1, path=f"/board/events?after={after}"))

    assert [payload for _, payload in heard.events] == [{"event": "noted", "case_id": mine, "booking_id": None}]
    visitor.client.cookies.clear()
    assert visitor.get("/board/events").status_code == 401
