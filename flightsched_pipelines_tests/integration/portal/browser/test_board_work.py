"""A dispatcher's work: sign in by the mailed link, act on a case on behalf of its people, sign out."""

from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from flightsched_pipelines_tests.integration.portal.board_visitor import PALO_ALTO, address_of
from flightsched_pipelines_tests.integration.portal.browser.conftest import PHONE, OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal, html_of
from flightsched_pipelines_tests.integration.services.helpers import cases, offer, one, place, rows

WIDE: ViewportSize = {"width": 1600, "height": 1000}
RECORD = "SELECT action, role, door, dispatcher, reason, outcome FROM school.responses WHERE case_id = :id ORDER BY id"


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
        ("accept", "dispatcher", "board", "Dee Dispatch", "rang at nine, wants the second", "applied"),
        ("confirm", "dispatcher", "board", "Dee Dispatch", "said yes in the hangar", "applied"),
    ]

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the dispatch board")
    page.goto(f"{portal.address}/board/cases")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the dispatch board")
    assert one(engine, "SELECT count(*) FROM school.dispatcher_sessions WHERE ended_at IS NULL") == 0
