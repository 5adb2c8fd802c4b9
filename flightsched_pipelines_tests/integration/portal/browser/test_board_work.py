"""A dispatcher's work: sign in by the mailed link, act on cases and lessons, see what others do, print, sign out."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from flightsched_pipelines_tests.integration.portal.board_visitor import PALO_ALTO, WHO, address_of
from flightsched_pipelines_tests.integration.portal.browser.conftest import PHONE, OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal, html_of, sign_in
from flightsched_pipelines_tests.integration.services.helpers import LATER, cases, offer, one, place, rows

WIDE: ViewportSize = {"width": 1600, "height": 1000}
RECORD = "SELECT action, role, door, dispatcher, reason, outcome FROM school.responses WHERE case_id = :id ORDER BY id"

FREE_LESSON = """
SELECT id, reference, (lower(period) AT TIME ZONE 'America/Los_Angeles')::date FROM school.bookings b
WHERE school_id = 1 AND status = 'scheduled' AND lower(period) > :now
AND NOT EXISTS (SELECT FROM school.reschedule_cases c WHERE c.booking_id = b.id) ORDER BY id LIMIT 1
"""
OF_THE_SCHOOL = """
SELECT c.id FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id
WHERE b.school_id = 1 AND NOT b.solo AND c.state = 'proposed' ORDER BY c.id LIMIT 2
"""


def press(page: Page, button: str, reason: str) -> None:
    """Fill in the reason of the form with a button, and press it."""
    form = page.locator("form", has=page.get_by_role("button", name=button, exact=True))
    form.locator("textarea").fill(reason)
    form.get_by_role("button", name=button, exact=True).click()


def said(page: Page, words: str) -> None:
    """Wait for the outcome of an order."""
    expect(page.locator(".notice")).to_contain_text(words)


@pytest.mark.parametrize(("size", "script"), [(WIDE, True), (PHONE, False)], ids=["desk", "phone without script"])
def test_from_the_mail_to_the_board_and_out_again(
    portal: LivePortal, open_page: OpenPage, tmp_path: Path, size: ViewportSize, script: bool
) -> None:
    engine = portal.engine
    at = "SELECT school_id, reference FROM school.bookings WHERE id = :id"
    case_id, booking_id = next(
        one for one in cases(engine) if rows(engine, at, id=one[1])[0][0] == PALO_ALTO
    )  # fmt: skip
    reference, chosen = rows(engine, at, id=booking_id)[0][1], offer(engine, case_id, 2)

    page = open_page(size, script=script)
    page.goto(f"{portal.address}/board")
    page.get_by_label("e-mail address").fill(address_of(engine, PALO_ALTO))
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Look into the dispatchers' mail")
    [mail] = portal.mails(tmp_path)
    page = open_page(size, script=script)
    page.set_content(html_of(mail))
    page.get_by_role("link", name="Open the sign-in page").click()
    page.get_by_label("Your name").fill("Dee Dispatch")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("link", name="Cases").click()
    page.get_by_label("Reference, person or aircraft").fill(reference.lower())
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=reference).click()
    page.get_by_label("Reason", exact=True).first.fill("rang at nine, wants the second")
    page.get_by_role("button", name="Take option 2").click()
    expect(page.get_by_role("status").first).to_contain_text("Done.")
    page.get_by_label("Reason", exact=True).first.fill("said yes in the hangar")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status").first).to_contain_text("The lesson has moved")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("said yes in the hangar")

    assert place(engine, booking_id) == ("scheduled", *chosen)
    assert rows(engine, RECORD, id=case_id) == [
        ("accept", "dispatcher", "board", WHO, "rang at nine, wants the second", "applied"),
        ("confirm", "dispatcher", "board", WHO, "said yes in the hangar", "applied"),
    ]

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the dispatch board")
    page.goto(f"{portal.address}/board/cases")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the dispatch board")
    assert one(engine, "SELECT count(*) FROM school.dispatcher_sessions WHERE ended_at IS NULL") == 0


def test_hold_release_and_standby_while_another_dispatcher_looks(portal: LivePortal, open_page: OpenPage) -> None:
    engine = portal.engine
    booking_id, reference, day = rows(engine, FREE_LESSON, now=LATER)[0]
    page, other = open_page(WIDE), open_page(WIDE)
    sign_in(page, portal)
    sign_in(other, portal, "Olu Other")
    other.goto(f"{portal.address}/board?day={day}")
    other.evaluate("document.title = 'not loaded again'")
    lesson = other.locator("a.lesson", has_text=reference).first
    expect(lesson).to_be_visible()
    page.goto(f"{portal.address}/board/lessons/{booking_id}")

    press(page, "Put it on weather hold", "fog bank off the coast")
    said(page, "Done.")
    expect(lesson).to_contain_text("on hold")
    press(page, "Take it off weather hold", "it has moved out")
    said(page, "Done.")
    expect(lesson).not_to_contain_text("on hold")
    assert other.title() == "not loaded again"
    assert place(engine, booking_id)[0] == "scheduled"

    page.get_by_label("Last day that suits").fill("2026-12-24")
    press(page, "Put it on the list", "would take any slot")
    said(page, "Done.")
    page.get_by_role("link", name="Standby").click()
    page.get_by_role("link", name=reference).click()
    expect(page.get_by_text("On the standby list since")).to_be_visible()
    press(page, "Take it off the list", "found one")
    said(page, "Done.")
    assert one(engine, "SELECT count(DISTINCT dispatcher) FROM school.responses") == 1


def test_what_is_typed_stays_while_another_dispatcher_adds_a_note(portal: LivePortal, open_page: OpenPage) -> None:
    case_id = one(portal.engine, OF_THE_SCHOOL)
    page, other = open_page(WIDE), open_page(PHONE)
    for each, name in ((page, "Dee Dispatch"), (other, "Olu Other")):
        sign_in(each, portal, name)
        each.goto(f"{portal.address}/board/cases/{case_id}")
    typed = page.locator("#reason")
    typed.press_sequentially("rang at ni")

    other.get_by_text("Add a note for other dispatchers").click()
    press(other, "Add the note", "rings back at ten")
    said(other, "The note is recorded.")

    expect(page.locator("#live")).to_contain_text("Something has changed at the school")
    expect(typed).to_have_value("rang at ni")
    page.reload()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("rings back at ten")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Olu Other")


def test_two_lessons_swap(portal: LivePortal, open_page: OpenPage) -> None:
    first, second = (row[0] for row in rows(portal.engine, OF_THE_SCHOOL))
    page = open_page(WIDE)
    sign_in(page, portal)
    page.goto(f"{portal.address}/board/cases/{first}")
    page.get_by_text("Swap with another lesson").click()
    page.get_by_label("The other case").select_option(str(second))
    press(page, "Swap the two lessons", "both agreed")

    said(page, "one.")
    for case_id in (first, second):
        assert rows(portal.engine, RECORD, id=case_id)[0][:5] == ("swap", "dispatcher", "board", WHO, "both agreed")


def test_a_day_prints_as_a_timeline_without_buttons(shared_portal: LivePortal, open_page: OpenPage) -> None:
    page = open_page(WIDE)
    sign_in(page, shared_portal)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.get_by_role("link", name="Day after")).to_be_hidden()
    expect(page.locator("a.lesson b").first).to_be_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
