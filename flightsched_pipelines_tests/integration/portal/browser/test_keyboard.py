"""A student answers with the keyboard alone."""

from playwright.sync_api import expect

from flightsched_pipelines_tests.integration.portal.browser.conftest import OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal
from flightsched_pipelines_tests.integration.services.helpers import cases, held

FOCUSED = "() => document.activeElement.textContent.trim()"
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"


def test_a_time_is_taken_with_the_keyboard_alone(portal: LivePortal, open_page: OpenPage) -> None:
    case_id, booking_id = cases(portal.engine)[0]
    page = open_page()
    page.goto(portal.link(case_id))

    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Skip to the content"
    for _ in range(10):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINE) != "none", "the place of the keyboard is seen"
        if page.evaluate(FOCUSED).startswith("Take option 2"):
            break
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Done. Alternative 2")
    assert held(portal.engine, booking_id) == 1
