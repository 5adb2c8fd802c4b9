"""Two students press at the same moment for one slot: one has it, the other is told what is left."""

from playwright.sync_api import expect

from flightsched_pipelines_tests.integration.portal.browser.accessibility import faults
from flightsched_pipelines_tests.integration.portal.browser.conftest import OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal
from flightsched_pipelines_tests.integration.services.helpers import OVERLAPS, cases, held, one, run

OFFER_THE_SAME = """
UPDATE school.case_offers o
SET starts_at_utc = w.starts_at_utc, ends_at_utc = w.ends_at_utc, aircraft_id = w.aircraft_id
FROM school.case_offers w
WHERE w.case_id = :first AND w.number = 1 AND o.case_id = :second AND o.number = 1
"""


def test_two_browsers_race_for_one_slot(portal: LivePortal, open_page: OpenPage) -> None:
    known = cases(portal.engine)[:2]
    run(portal.engine, OFFER_THE_SAME, first=known[0][0], second=known[1][0])
    windows = [(open_page(), case_id) for case_id, _ in known]
    buttons = [page.get_by_role("button", name="Take option 1") for page, _ in windows]
    for page, case_id in windows:
        page.goto(portal.link(case_id))

    for button in buttons:
        button.evaluate("button => button.click()")

    for page, _ in windows:
        expect(page.get_by_role("status").first).to_contain_text("one.")
    won, lost = sorted((page for page, _ in windows), key=lambda page: "Not done." in page.content())
    expect(won.get_by_role("status").first).to_contain_text("Done.")
    expect(lost.get_by_role("status").first).to_contain_text("Not done.")
    expect(lost.get_by_text("No longer available: somebody else has it now.")).to_be_visible()
    expect(lost.get_by_role("button", name="Take option").first).to_be_visible()
    assert faults(lost) == []
    assert sum(held(portal.engine, booking_id) for _, booking_id in known) == 1
    assert one(portal.engine, OVERLAPS) == 0
