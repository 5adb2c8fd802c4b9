"""Two students press at the same moment for one slot: one has it, the other is told what is left."""

import pytest
from playwright.sync_api import expect

from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.services.responses.slot_revalidation import revalidate
from flightsched_pipelines_tests.integration.portal.browser.accessibility import faults
from flightsched_pipelines_tests.integration.portal.browser.conftest import OpenPage
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal
from flightsched_pipelines_tests.integration.services.helpers import OVERLAPS, cases, held, one, rows, run

OFFER_THE_SAME = """
UPDATE school.case_offers o
SET starts_at_utc = w.starts_at_utc, ends_at_utc = w.ends_at_utc, aircraft_id = w.aircraft_id
FROM school.case_offers w
WHERE w.case_id = :first AND w.number = 1 AND o.case_id = :second AND o.number = 1
"""


FIRST_OFFER = """
SELECT b.school_id, b.student_id, o.starts_at_utc, o.ends_at_utc, o.instructor_id, o.aircraft_id
FROM school.case_offers o
JOIN school.reschedule_cases c ON c.id = o.case_id JOIN school.bookings b ON b.id = c.booking_id
WHERE c.id = :case_id AND o.number = 1
"""


def can_take_the_first(portal: LivePortal, case_id: int, booking_id: int) -> bool:
    """Return whether nothing speaks against the first alternative: the lesson's length, its people, the weather."""
    (school_id, student_id, *slot), now = rows(portal.engine, FIRST_OFFER, case_id=case_id)[0], portal.clock()
    with portal.engine.connect() as connection:
        moving = Move(booking_id, Slot(*slot))
        found = revalidate(connection, moving, school_id, student_id, now, now, portal.settings)
    return not found.objections and found.verdict != "missing"


def test_two_browsers_race_for_one_slot(portal: LivePortal, open_page: OpenPage) -> None:
    first, *others = cases(portal.engine)
    for second in others:
        run(portal.engine, OFFER_THE_SAME, first=first[0], second=second[0])
        if can_take_the_first(portal, *second):
            break
    else:
        pytest.fail("no other student could take the slot")
    known = [first, second]
    windows = [open_page(), open_page()]
    for page, (case_id, _) in zip(windows, known, strict=True):
        page.goto(portal.link(case_id))
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
