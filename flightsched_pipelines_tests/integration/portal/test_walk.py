"""Every route with bad input and with other people's links: no error of ours, no change, nothing told."""

import hashlib
import logging
import re
from collections.abc import Iterator
from functools import partial

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import Engine

from flightsched_pipelines.portal import protection
from flightsched_pipelines.portal.app import ROUTES
from flightsched_pipelines.portal.rate_limit import RateLimit
from flightsched_pipelines.services.notifications.links import SALT
from flightsched_pipelines_tests.integration.portal.board_visitor import DispatcherVisitor
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, forms_of, link, words
from flightsched_pipelines_tests.integration.services.helpers import LATER, SETTINGS, cases, rows

STRANGE = (
    "", "x", "..", "%2e%2e%2f", "%00", "%ff%fe", "é" * 40, "a" * 600, "<script>", "' OR 1=1 --", "WzEsMV0.x.y", "null",
    "[]", "1", "-1", "9" * 40, "%F0%9F%9B%A9",
)  # fmt: skip
OF_THE_BOARD = protection.board_policy("https://flights.example.com")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO")
BODIES = (
    (b"", {}),
    (b"x", {"content-type": "application/x-www-form-urlencoded"}),
    (b"seal=x&action=accept", {"content-type": "application/x-www-form-urlencoded"}),
    (b"\xff\xfe=%ff", {"content-type": "application/x-www-form-urlencoded"}),
    (b"a=1&" * 500, {"content-type": "application/x-www-form-urlencoded"}),
    (b"a" * 20_000, {"content-type": "application/x-www-form-urlencoded"}),
    (b"{}", {"content-type": "application/json"}),
    (b"--x", {"content-type": "multipart/form-data; boundary=x"}),
)
FIELDS = (
    {"action": "fly"}, {"action": "cancel"}, {"action": "lapse"}, {"action": "confirm"}, {"action": "keep"},
    {"action": "accept"}, {"action": "accept", "number": "x", "round": "1"}, {"action": "accept", "number": "9999"},
    {"action": "accept", "number": "9999", "round": "9999"}, {"action": "accept", "number": "-1", "round": "1"},
    {"action": "accept", "number": "1" * 30, "round": "1"}, {"action": "accept", "number": "\u0661", "round": "1"},
    {"action": "none_suit", "days": "someday"}, {"action": "none_suit", "parts": "night"},
    {"action": "none_suit", "earliest": "tomorrow"}, {"action": "none_suit", "latest": "2026-13-45"},
    {"action": "none_suit", "earliest": "2026-12-02", "latest": "2026-12-01"}, {"action": ["accept", "withdraw"]},
    {"action": "withdraw"}, {"action": "accept\x00"}, {},
)  # fmt: skip
INSTRUCTORS = (
    {"action": "keep", "reason": "x" * 501}, {"action": "keep", "reason": "nul\x00"},
    {"action": "keep", "reason": "bell\x07"}, {"action": "accept", "number": "1", "round": "1"}, {"action": "confirm"},
    {"action": "decline"}, {"action": "withdraw"}, {"action": "remind"},
)  # fmt: skip


@pytest.fixture
def unchanged(told_engine: Engine) -> Iterator[Engine]:
    """A database in which cases, bookings and messages are as before when the test ends."""
    before = _all_that_people_notice(told_engine)
    yield told_engine
    assert _all_that_people_notice(told_engine) == before


def test_every_route_with_bad_input(unchanged: Engine) -> None:
    stranger, dispatcher = Visitor(unchanged), DispatcherVisitor(unchanged)
    paths = [route.path for route in ROUTES] + [
        "/",
        "/respond",
        "/respond/",
        "/nothing",
        "/static/../settings.py",
        "//",
    ]

    for path in paths:
        # A stream has no end for who may listen to it: it is opened by one who may not.
        visitor = dispatcher if path.startswith("/board") and path != "/board/events" else stranger
        for strange in STRANGE if "{" in path else ("",):
            for method in METHODS:
                answer = visitor.client.request(method, filled(path, strange))
                assert answer.status_code < 500, (method, path, strange)
                if method != "HEAD":
                    policy = OF_THE_BOARD if "/static/board.js" in answer.text else protection.POLICY
                    assert answer.headers["content-security-policy"] == policy
                assert method != "HEAD" or not answer.content
            for body, headers in BODIES:
                answer = visitor.client.post(filled(path, strange), content=body, headers=headers)
                assert 400 <= answer.status_code < 500, (path, strange, body[:40])


@pytest.mark.parametrize(("role", "table"), [("student", FIELDS), ("instructor", INSTRUCTORS)])
def test_forms_with_bad_fields(unchanged: Engine, role: str, table: tuple[dict[str, str], ...]) -> None:
    case_id, _ = cases(unchanged)[0]
    visitor, mine = Visitor(unchanged), link(unchanged, case_id, role)

    for fields in table:
        seal = forms_of(visitor.get(mine).text)[0]["seal"]
        answer = visitor.send(mine, fields | {"seal": seal})
        assert answer.status_code in (200, 422), fields
        assert "Done." not in words(answer.text), fields
        assert "nothing was changed" in answer.text.lower() or "Not done." in words(answer.text), fields


def test_a_body_of_a_good_link_with_bad_bytes(unchanged: Engine) -> None:
    case_id, _ = cases(unchanged)[0]
    visitor, mine = Visitor(unchanged), link(unchanged, case_id)

    for body, headers in BODIES:
        answer = visitor.client.post(mine, content=body, headers=headers)
        assert 400 <= answer.status_code < 500, body[:40]
    streamed = visitor.client.post(
        mine, content=iter([b"a" * 10_000] * 100), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert streamed.status_code == 413


def test_a_link_that_is_not_ours_gets_one_answer(unchanged: Engine) -> None:
    case_id, _ = cases(unchanged)[0]
    good, visitor = link(unchanged, case_id), Visitor(unchanged)
    at = int(LATER.timestamp())
    student = rows(unchanged, "SELECT id FROM school.students ORDER BY id LIMIT 1")[0][0]
    key = SETTINGS.secret_key.get_secret_value() if SETTINGS.secret_key else ""
    ours, theirs = (URLSafeSerializer(secret, salt=SALT) for secret in (key, "z" * 32))
    bad = [
        good[:-1], good + "x", good.replace(".", ""), f"/respond/{good[9:].upper()}", "/respond/x",
        *(f"/respond/{serializer.dumps(content)}" for serializer, content in [
            (theirs, [case_id, 1, "student", student, None, at]),
            (URLSafeSerializer(key, salt="another"), [case_id, 1, "student", student, None, at]),
            (ours, [10**9, 1, "student", student, None, at]), (ours, [case_id, 1, "student", 10**9, None, at]),
            (ours, [case_id, 1, "instructor", 10**9, None, at]), (ours, [case_id, 1, "dispatcher", student, None, at]),
            (ours, [case_id, 1, "student"]), (ours, {}), (ours, ["1", 1, "student", student, None, at]),
        ]),
    ]  # fmt: skip

    answers = {(answer.status_code, answer.content) for answer in map(visitor.get, bad)}

    assert [status for status, _ in answers] == [404], "all are answered alike"


def test_one_persons_seal_opens_no_other_persons_form(unchanged: Engine) -> None:
    (first, _), (second, _) = cases(unchanged)[:2]
    visitor = Visitor(unchanged)
    stolen = visitor.form(link(unchanged, first), "accept", number=1)

    for other in (link(unchanged, second), link(unchanged, first, "instructor"), link(unchanged, first, number=1)):
        answer = visitor.send(other, stolen)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (400, True)


def test_another_site_can_send_no_form(unchanged: Engine) -> None:
    case_id, _ = cases(unchanged)[0]
    visitor, mine = Visitor(unchanged), link(unchanged, case_id)
    form = dict(visitor.form(mine, "accept", number=1))

    answer = visitor.client.post(mine, data=form, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


def test_a_thousand_openings_change_nothing(unchanged: Engine) -> None:
    visitor = Visitor(unchanged)
    links = [
        link(unchanged, case_id, role, number)
        for case_id, _ in cases(unchanged)[:2]
        for role, number in (("student", None), ("student", 1), ("student", 3), ("instructor", None))
    ]

    with visitor.client as client:
        for turn in range(1_000):
            path = links[turn % len(links)]
            answer = client.head(path) if turn % 20 else client.get(f"{path}?action=accept&number=1")
            assert answer.status_code == 200


def test_links_are_in_no_log(told_engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    case_id, _ = cases(told_engine)[0]
    caplog.set_level(logging.DEBUG)
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)

    visitor.press(mine, "accept", number=1)
    visitor.get("/status")

    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert any(record.getMessage().startswith("POST /respond/… 303") for record in ours)
    token = mine.rpartition("/")[2]
    assert not [record for record in ours if token[:20] in record.getMessage()]


def test_every_page_has_its_headers(unchanged: Engine) -> None:
    visitor = Visitor(unchanged)
    for path in ("/status", "/nothing", "/healthz", link(unchanged, cases(unchanged)[0][0])):
        headers = visitor.get(path).headers
        assert protection.HEADERS.items() <= headers.items()
        assert headers["cache-control"] == "no-store"
        assert "max-age" in headers["strict-transport-security"], "BASE_URL is https"
        assert "set-cookie" not in headers
    assert "inline" not in protection.POLICY


def test_requests_are_limited_by_link_and_by_address(unchanged: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_moment = partial(RateLimit, clock=lambda: 0.0)  # however long the requests take
    monkeypatch.setattr("flightsched_pipelines.portal.protection.RateLimit", in_one_moment)
    visitor = Visitor(unchanged, limit=50)
    mine = link(unchanged, cases(unchanged)[0][0])

    answers = [visitor.get(mine).status_code for _ in range(11)]
    assert (set(answers[:10]), answers[10]) == ({200}, 429)
    assert visitor.get(link(unchanged, cases(unchanged)[1][0])).status_code == 200, "another link is open"
    others = [visitor.get(f"/respond/{number}").status_code for number in range(60)]
    assert others.count(429) >= 20
    refused = visitor.get("/status")
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
    assert visitor.get("/healthz").status_code == 200


def filled(path: str, strange: str) -> str:
    """Return the path of a route with something strange where a link or a number belongs."""
    return re.sub(r"\{\w+\}", lambda _: strange, path)


def _all_that_people_notice(engine: Engine) -> str:
    """Return a digest of cases, events, offers, bookings, standby, and messages but for those to sign in with."""
    tables = (
        "reschedule_cases",
        "case_events",
        "case_offers",
        "bookings",
        "standby",
        "outbox WHERE event <> 'sign_in'",
    )
    content = [sorted(map(str, rows(engine, f"SELECT * FROM school.{table}"))) for table in tables]  # noqa: S608
    return hashlib.sha256(str(content).encode()).hexdigest()
