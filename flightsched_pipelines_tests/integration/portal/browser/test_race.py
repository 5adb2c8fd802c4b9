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
    first, *others = cases(portal.engine)
    second = others[0]
    one_window, another = open_page(), open_page()
    one_window.goto(portal.link(first[0]))
    for second in others:  # up to one whose student and instructor have time then
        run(portal.engine, OFFER_THE_SAME, first=first[0], second=second[0])
        another.goto(portal.link(second[0]))
        if another.get_by_role("button", name="Take option 1").count():
            break
    known = [first, second]
    windows = [one_window, another]
    buttons = [page.get_by_role("button", name="Take option 1") for page in windows]
    for button in buttons:
        expect(button).to_be_visible()

    for button in buttons:
        button.evaluate("button => button.click()")

    for page in windows:
        expect(page.get_by_role("status").first).to_contain_text("one.")
    won, lost = sorted(windows, key=lambda page: "Not done." in page.content())
    expect(won.get_by_role("status").first).to_contain_text("Done.")
    expect(lost.get_by_role("status").first).to_contain_text("Not done.")
    expect(lost.get_by_text("No longer available: somebody else has it now.")).to_be_visible()
    expect(lost.get_by_role("button", name="Take option").first).to_be_visible()
    assert faults(lost) == []
    assert sum(held(portal.engine, booking_id) for _, booking_id in known) == 1
    assert one(portal.engine, OVERLAPS) == 0
