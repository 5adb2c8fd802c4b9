"""The pictures of the how-to pages, as the pages are now; ``make images`` writes them to docs/images."""

import os
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect

from flightsched_pipelines.services.notifications.links import person_url
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.portal.board_visitor import PALO_ALTO
from flightsched_pipelines_tests.integration.portal.browser.accessibility import faults
from flightsched_pipelines_tests.integration.portal.browser.conftest import OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal, sign_in
from flightsched_pipelines_tests.integration.portal.visitor import person
from flightsched_pipelines_tests.integration.services.helpers import LATER, cases, one, run

FOLDER = "PORTAL_PICTURES"
"""The variable that names the folder for the pictures; without it they are only looked at, and dropped."""

IMAGES = Path(__file__).parents[4] / "docs" / "images"
MAX_BYTES = 200_000
PHONE: ViewportSize = {"width": 390, "height": 844}
TALL: ViewportSize = {"width": 390, "height": 1_250}
DESK: ViewportSize = {"width": 1_280, "height": 860}
EARLIER = """
INSERT INTO pipeline.{table}
SELECT (jsonb_populate_record(t, jsonb_build_object('partition_hour', t.partition_hour - :hours * interval '1 h'))).*
FROM pipeline.{table} t WHERE partition_hour = :seed
"""
CLEARER = "UPDATE pipeline.lesson_verdicts SET verdict = 'watch' WHERE partition_hour = :hour AND verdict = 'at_risk'"


def test_the_pictures_of_the_how_to_pages(portal: LivePortal, open_page: OpenPage, tmp_path: Path) -> None:
    engine, folder = portal.engine, Path(os.environ.get(FOLDER, tmp_path))
    case_id, _ = next(
        found for found in cases(engine)
        if one(engine, "SELECT school_id FROM school.bookings WHERE id = :id", id=found[1]) == PALO_ALTO
    )  # fmt: skip
    for hours in (1, 2, 3):
        for table in ("booking_snapshot", "lesson_verdicts"):
            run(engine, EARLIER.format(table=table), hours=hours, seed=SEED_HOUR)
    run(engine, CLEARER, hour=SEED_HOUR - timedelta(hours=3))

    desk = open_page(DESK)
    sign_in(desk, portal)
    picture(desk, folder / "board-day.png")
    desk.goto(f"{portal.address}/board/cases")
    picture(desk, folder / "board-cases.png")
    desk.goto(f"{portal.address}/board/cases/{case_id}")
    picture(desk, folder / "board-case.png")

    phone = open_page(TALL)
    phone.goto(portal.link(case_id))
    picture(phone, folder / "portal-choose.png")
    phone.get_by_role("button", name="Take option 2").click()
    expect(phone.get_by_role("status")).to_contain_text("Done.")
    phone.set_viewport_size(PHONE)
    picture(phone, folder / "portal-chosen.png")
    phone.set_viewport_size(TALL)
    own = person_url(portal.settings, person(engine, case_id, "student"), LATER)
    phone.goto(own or "")
    picture(phone, folder / "portal-own-page.png")
    phone.set_viewport_size(PHONE)
    phone.goto(portal.link(case_id, "instructor"))
    picture(phone, folder / "portal-confirm.png")
    phone.goto(own or "")
    expect(phone.get_by_role("list", name="The last hours").first).to_be_visible()
    assert faults(phone) == [], "elsewhere no lesson has a trend"


def picture(page: Page, path: Path) -> None:
    """Take a picture of a window, which is in the folder of the documentation too."""
    page.mouse.move(0, 0)
    page.screenshot(path=path, animations="disabled")
    assert path.stat().st_size < MAX_BYTES, "choose a smaller window"
    assert (IMAGES / path.name).exists(), "run `make images`"
