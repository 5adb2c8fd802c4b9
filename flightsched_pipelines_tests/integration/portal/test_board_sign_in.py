"""Sign-in to the dispatch board: by a link that works once, from a mail, and for one school."""

import logging
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.services.delivery.channel_senders import open_channels
from flightsched_pipelines.services.delivery.outbox_worker import drain
from flightsched_pipelines_tests.integration.portal.board_visitor import (
    BASE,
    PALO_ALTO,
    DispatcherVisitor,
    address_of,
    links,
)
from flightsched_pipelines_tests.integration.portal.visitor import words
from flightsched_pipelines_tests.integration.services.helpers import LATER, SETTINGS, one, rows, run

MINUTE = timedelta(minutes=1)


def test_from_the_mail_to_the_board_and_out_again(
    told_engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = DispatcherVisitor(told_engine, school_id=None)
    run(told_engine, "UPDATE school.outbox SET status = 'sent' WHERE status = 'waiting'")
    visitor.ask(f" {address_of(told_engine, PALO_ALTO).upper()} ")
    settings = SETTINGS.model_copy(update={"flightsched_home": tmp_path})
    with open_channels(told_engine, settings) as channels:
        drain(told_engine, channels, settings, now=visitor.clock)
    [path] = (tmp_path / "mail" / "new").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    [url] = [line for line in body.get_content().splitlines() if line.startswith(BASE)]

    page = visitor.use(url.removeprefix(BASE))

    assert (page.status_code, str(page.url)) == (200, f"{BASE}/board")
    assert "Dee Dispatch" in page.text
    token, cookie = url.rpartition("/")[2], visitor.client.cookies["flightsched_board"]
    assert not [one for one in caplog.records if not one.name.startswith("httpx") and token in one.getMessage()]
    assert not [one for one in caplog.records if cookie in one.getMessage()]
    stored = str([rows(told_engine, f"SELECT * FROM school.{table}") for table in  # noqa: S608
                  ("outbox", "sign_in_links", "dispatcher_sessions")])  # fmt: skip
    assert token not in stored
    assert cookie not in stored

    left = visitor.send("/board/sign-out", {"seal": visitor.seal_of("/board")})
    assert "Sign in to the dispatch board" in left.text
    visitor.client.cookies.set("flightsched_board", cookie, domain="flights.example.com", path="/board")
    assert visitor.get("/board").headers["location"] == "/board/sign-in", "a session that was ended stays so"


def test_the_cookie_is_for_this_site_alone(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine, school_id=None)
    visitor.ask(address_of(told_engine, PALO_ALTO))
    [path] = links(told_engine)
    answer = visitor.client.post(path, data={"seal": visitor.seal_of(path), "name": "Dee"})
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "secure", "samesite=lax", "path=/board", "max-age=43200"))

    local = SETTINGS.model_copy(update={"base_url": "http://127.0.0.1:3002"})
    plain = DispatcherVisitor(told_engine, local, school_id=None)
    plain.ask(address_of(told_engine, PALO_ALTO))
    answer = plain.client.post(
        path := links(told_engine, SETTINGS)[-1], data={"seal": plain.seal_of(path), "name": "Dee"}
    )
    assert "secure" not in answer.headers["set-cookie"].lower(), "the demo is reached by http"


def test_a_link_works_once_and_for_fifteen_minutes(told_engine: Engine) -> None:
    first = DispatcherVisitor(told_engine)
    [used] = links(told_engine)
    second = DispatcherVisitor(told_engine, school_id=None)
    assert second.get(used).status_code == 404
    second.ask(address_of(told_engine, PALO_ALTO))
    for _ in range(3):
        assert second.get(links(told_engine)[-1]).status_code == 200, "to open it does not use it up"
        assert second.client.head(links(told_engine)[-1]).status_code == 200
    second.clock.at = LATER + 16 * MINUTE
    assert second.get(links(told_engine)[-1]).status_code == 404
    assert first.get("/board").status_code == 200
    first.clock.at = LATER + timedelta(hours=12)
    assert first.get("/board").headers["location"] == "/board/sign-in", "sessions expire"


def test_links_and_sessions_end_with_the_address_that_they_were_mailed_to(told_engine: Engine) -> None:
    signed_in, asking = DispatcherVisitor(told_engine), DispatcherVisitor(told_engine, school_id=None)
    asking.ask(address_of(told_engine, PALO_ALTO))
    path = links(told_engine)[-1]
    assert "with your name and dispatch.pao@example.com" in signed_in.get("/board").text
    for address in (" DISPATCH.pao@example.com ", "somebody@example.com"):
        run(told_engine, "UPDATE school.schools SET dispatch_email = :to WHERE id = :id", to=address, id=PALO_ALTO)
        still = address.strip().lower() == "dispatch.pao@example.com"
        assert asking.get(path).status_code == (200 if still else 404)
        assert signed_in.get("/board").status_code == (200 if still else 303)
    sent = asking.client.post(path, data={"seal": "x", "name": "Dee"})
    assert (sent.status_code, one(told_engine, "SELECT count(*) FROM school.dispatcher_sessions")) == (404, 1)


def test_of_two_who_press_the_button_one_signs_in(told_engine: Engine) -> None:
    visitors = [DispatcherVisitor(told_engine, school_id=None) for _ in range(2)]
    visitors[0].ask(address_of(told_engine, PALO_ALTO))
    [path] = links(told_engine)
    seals = [each.seal_of(path) for each in visitors]

    answers = [
        each.client.post(path, data={"seal": seal, "name": "Dee"}).status_code
        for each, seal in zip(visitors, seals, strict=True)
    ]

    assert sorted(answers) == [303, 404]


def test_an_address_is_answered_the_same_whose_ever_it_is(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine, school_id=None)
    known = address_of(told_engine, PALO_ALTO)
    addresses = [known, "nobody@example.com", "", "x" * 5_000, "a\x00b@example.com", "\u202e", f"{known}\nBcc: x@y.zz"]

    answers = {visitor.ask(address).content for address in addresses}

    assert len(answers) == 1
    assert one(told_engine, "SELECT count(*) FROM school.sign_in_links") == 1


def test_nobody_floods_the_dispatchers_with_links(told_engine: Engine) -> None:
    visitor = DispatcherVisitor(told_engine, school_id=None)
    for _ in range(8):
        visitor.ask(address_of(told_engine, PALO_ALTO))
    assert len(links(told_engine)) == 5
    visitor.clock.at = LATER + 16 * MINUTE
    visitor.ask(address_of(told_engine, PALO_ALTO))
    assert len(links(told_engine)) == 6


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "nul\x00"])
def test_a_name_that_cannot_be_recorded_leaves_the_link_unused(told_engine: Engine, name: str) -> None:
    visitor = DispatcherVisitor(told_engine, school_id=None)
    visitor.ask(address_of(told_engine, PALO_ALTO))
    [path] = links(told_engine)

    refused = visitor.use(path, name)

    assert refused.status_code == 422
    assert "the name" in words(refused.text).lower()
    assert visitor.use(path).status_code == 200


def test_without_mail_or_address_the_page_says_so(told_engine: Engine) -> None:
    off = SETTINGS.model_copy(update={"mail_via": "off"})
    page = DispatcherVisitor(told_engine, off, school_id=None).get("/board/sign-in")
    assert (page.status_code, "mail is off" in page.text) == (503, True)
