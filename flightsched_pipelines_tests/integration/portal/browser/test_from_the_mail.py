"""From the mail in the folder to the moved booking: a student takes a time, the instructor confirms it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from flightsched_pipelines_tests.integration.portal.browser.conftest import OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal, html_of
from flightsched_pipelines_tests.integration.portal.visitor import person
from flightsched_pipelines_tests.integration.services.helpers import cases, offer, place, state


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_from_the_mail_to_the_moved_booking(
    mailing_portal: LivePortal, open_page: OpenPage, tmp_path: Path, script: bool
) -> None:
    portal = mailing_portal
    case_id, booking_id = cases(portal.engine)[0]
    chosen, student = offer(portal.engine, case_id, 2), person(portal.engine, case_id, "student")
    mail = next(one for one in portal.mails(tmp_path, case_id=case_id) if student.email in str(one["To"]))

    page = open_page(script=script)
    page.set_content(html_of(mail))
    page.get_by_role("link", name="2").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose another time for your lesson")
    assert state(portal.engine, case_id) == "proposed", "to open a page changes nothing"
    page.get_by_role("button", name="Take option 2").click()
    expect(page.get_by_role("status")).to_contain_text("Done. Alternative 2")

    instructor = person(portal.engine, case_id, "instructor")
    mail = next(one for one in portal.mails(tmp_path, case_id=case_id) if instructor.email in str(one["To"]))
    page = open_page(script=script)
    page.set_content(html_of(mail))
    page.get_by_role("link", name="Confirm").first.click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("The lesson has moved")

    assert place(portal.engine, booking_id) == ("scheduled", *chosen)
