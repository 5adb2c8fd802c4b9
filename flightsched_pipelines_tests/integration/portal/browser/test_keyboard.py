"""A student answers, and a dispatcher gives an order, with the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from flightsched_pipelines_tests.integration.portal.browser.conftest import OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal, sign_in
from flightsched_pipelines_tests.integration.services.helpers import LATER, cases, held, one, place

FOCUSED = """() => {
  const focused = document.activeElement;
  return (focused.labels?.length ? focused.labels[0] : focused).textContent.trim();
}"""
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"

LESSON = """
SELECT id FROM school.bookings b WHERE school_id = 1 AND status = 'scheduled' AND lower(period) > :now
AND NOT EXISTS (SELECT FROM school.reschedule_cases c WHERE c.booking_id = b.id) ORDER BY id LIMIT 1
"""


def go_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on a control with these words, and see at each where it is."""
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINE) != "none", "the place of the keyboard is seen"
        if page.evaluate(FOCUSED).startswith(words):
            return
    pytest.fail(f"the keyboard does not reach {words}")


def test_a_time_is_taken_with_the_keyboard_alone(portal: LivePortal, open_page: OpenPage) -> None:
    case_id, booking_id = cases(portal.engine)[0]
    page = open_page()
    page.goto(portal.link(case_id))

    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Skip to the content"
    go_to(page, "Take option 2")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Done. Alternative 2")
    assert held(portal.engine, booking_id) == 1


def test_an_order_is_given_with_the_keyboard_alone(portal: LivePortal, open_page: OpenPage) -> None:
    booking_id = one(portal.engine, LESSON, now=LATER)
    page = open_page()
    sign_in(page, portal)
    page.goto(f"{portal.address}/board/lessons/{booking_id}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    go_to(page, "Reason")
    page.keyboard.type("gusts")
    go_to(page, "Put it on weather hold")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("Done.")
    assert place(portal.engine, booking_id)[0] == "weather_hold"
