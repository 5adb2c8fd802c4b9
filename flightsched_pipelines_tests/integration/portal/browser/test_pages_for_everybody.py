"""Every page in every state: no violation of axe-core's rules in either theme, and nothing wider than the window."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import Engine

from flightsched_pipelines.services.notifications.links import person_url
from flightsched_pipelines_tests.integration.portal.board_visitor import PALO_ALTO
from flightsched_pipelines_tests.integration.portal.browser.accessibility import OPEN_ALL, TOO_WIDE, faults
from flightsched_pipelines_tests.integration.portal.browser.conftest import PHONE, OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal, sign_in, sign_in_link
from flightsched_pipelines_tests.integration.portal.visitor import person
from flightsched_pipelines_tests.integration.services.helpers import LATER, cases, one, run, say

WIDE: ViewportSize = {"width": 1600, "height": 1000}
SCREENS = (360, 768, 1440, 3840)
BOARD = ("/board", "/board/cases", "/board/cases?show=all", "/board/standby")


def nothing(_: Engine, __: int) -> None:
    """Leave a case as it is."""


def accept(engine: Engine, case_id: int) -> None:
    """Take the first alternative that can be taken."""
    assert any(say(engine, case_id, "accept", number=number).applied for number in (1, 2, 3))


def confirm(engine: Engine, case_id: int) -> None:
    """Take an alternative and confirm it."""
    accept(engine, case_id)
    assert say(engine, case_id, "confirm").applied


def keep(engine: Engine, case_id: int) -> None:
    """Keep the lesson as booked."""
    assert say(engine, case_id, "keep", reason="The fog lifts by nine.").applied


def cancel(engine: Engine, case_id: int) -> None:
    """End the case."""
    assert say(engine, case_id, "cancel", role="dispatcher").applied


def ask_for_others(engine: Engine, case_id: int) -> None:
    """Ask for other times."""
    assert say(engine, case_id, "none_suit").applied


def be_late(engine: Engine, case_id: int) -> None:
    """Let the time to answer pass."""
    at = LATER - timedelta(minutes=1)
    run(engine, "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id", at=at, id=case_id)


@dataclass(frozen=True)
class Stage:
    """A state of a case, as one of its people sees it: what happened before, and a part of the page's heading."""

    heading: str
    before: Callable[[Engine, int], None] = nothing
    role: str = "student"
    solo: bool = False


STAGES = {
    "to choose": Stage("Choose another time"),
    "not chosen yet": Stage("has not chosen yet", role="instructor"),
    "held": Stage("Your choice is held", accept),
    "to confirm": Stage("A new time to confirm", accept, "instructor"),
    "to release": Stage("A solo flight to release", accept, "instructor", solo=True),
    "moved": Stage("has moved", confirm),
    "kept": Stage("stays as booked", keep),
    "ended": Stage("has ended", cancel),
    "asked for others": Stage("", ask_for_others),
    "too late": Stage("The time to answer is over", be_late),
}


def test_what_stands_in_somebodys_way_is_found(open_page: OpenPage) -> None:
    page = open_page()
    page.set_content(
        "<html lang=en><style>@media (prefers-color-scheme: dark) { p { color: #222; background: #111 } }</style>"
        "<title>x</title><main><h1>x</h1><p>grey</p><input><div style='width: 900px'>wide</div></main>"
    )
    found = faults(page)
    assert [each.split(":")[:2] for each in found[1:]] == [["light", " label"], ["dark", " color-contrast"]], found
    assert found[0].endswith("too wide")


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_the_response_page(shared_portal: LivePortal, open_page: OpenPage, stage: Stage) -> None:
    engine = shared_portal.engine
    case_id, _ = cases(engine, solo=stage.solo)[0]
    link = shared_portal.link(case_id, "student", 1)
    stage.before(engine, case_id)
    page = open_page()

    page.goto(link if stage.role == "student" else shared_portal.link(case_id, stage.role))

    expect(page.get_by_role("heading", level=1)).to_contain_text(stage.heading)
    assert faults(page) == []


@pytest.mark.parametrize("role", ["student", "instructor"])
def test_a_persons_own_page(shared_portal: LivePortal, open_page: OpenPage, role: str) -> None:
    reader = person(shared_portal.engine, cases(shared_portal.engine)[0][0], role)
    url = person_url(shared_portal.settings, reader, LATER)
    assert url is not None
    page = open_page()

    page.goto(url)

    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("path", ["/status", "/respond/cut-in-two", "/nothing-here", "/board/sign-in"])
def test_pages_without_a_person(shared_portal: LivePortal, open_page: OpenPage, path: str) -> None:
    page = open_page()
    page.goto(shared_portal.address + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert faults(page) == []


@pytest.fixture
def board(shared_portal: LivePortal, open_page: OpenPage) -> Page:
    """A window of a dispatcher who has signed in."""
    page = open_page(WIDE)
    sign_in(page, shared_portal)
    return page


def test_the_dispatch_board(shared_portal: LivePortal, board: Page) -> None:
    engine = shared_portal.engine
    case_id, booking_id = next(
        found for found in cases(engine)
        if one(engine, "SELECT school_id FROM school.bookings WHERE id = :id", id=found[1]) == PALO_ALTO
    )  # fmt: skip
    paths = (*BOARD, f"/board/cases/{case_id}", f"/board/lessons/{booking_id}")
    found: dict[str, list[str]] = {}
    for path in paths:
        board.goto(shared_portal.address + path)
        for size in (WIDE, PHONE):
            board.set_viewport_size(size)
            found[f"{path} {size['width']}"] = faults(board)
    assert not any(found.values()), found


def test_no_page_is_wider_than_its_screen(shared_portal: LivePortal, board: Page) -> None:
    engine = shared_portal.engine
    case_id, booking_id = cases(engine)[0]
    own = person_url(shared_portal.settings, person(engine, case_id, "student"), LATER)
    assert own is not None
    links = [shared_portal.link(case_id), shared_portal.link(case_id, "instructor"), own]
    paths = ("/status", *BOARD, f"/board/lessons/{booking_id}")
    found: dict[str, int] = {}
    for page in [*links, *(shared_portal.address + path for path in paths)]:
        board.goto(page)
        board.evaluate(OPEN_ALL)
        for width in SCREENS:
            board.set_viewport_size({"width": width, "height": 900})
            found[f"{page} {width}"] = board.evaluate(TOO_WIDE)
    assert max(found.values()) <= 0, found


def test_the_page_of_a_sign_in_link(shared_portal: LivePortal, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(sign_in_link(page, shared_portal))
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert faults(page) == []
