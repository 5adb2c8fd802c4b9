"""The pages of a lesson that can keep its slot without flying: cards of its own, and what it is afterwards."""

from datetime import timedelta

from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.portal.visitor import Visitor, forms_of, link, words
from flightsched_pipelines_tests.integration.services.helpers import NOW, place, run
from flightsched_pipelines_tests.integration.services.responses.test_kept_slots import kept


def test_a_student_keeps_the_time_on_the_ground_by_a_card_of_its_own(told_engine: Engine) -> None:
    case_id, booking_id, number = kept(told_engine, "ground")
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)

    shown = visitor.get(mine).text
    page = words(shown)
    assert page.index("Times that you can choose") < page.index("Or keep your time without flying")
    card = page[page.index("Or keep your time without flying") :]
    assert "Ground lesson with" in card
    assert "It does not depend on the weather." in card
    assert "Newest forecast: It does not depend" not in page
    assert "Keep this time as a ground lesson" in card
    assert str(number) in [form["number"] for form in forms_of(shown) if form["action"] == "accept"]

    assert "Done. Alternative" in words(visitor.press(mine, "accept", number=number).text)
    theirs = link(told_engine, case_id, "instructor")
    asked = words(visitor.get(theirs).text)
    assert "A lesson without flying to confirm" in asked
    assert "The same time, without flying" in asked
    assert "Done. The lesson keeps its time, as a ground lesson," in words(visitor.press(theirs, "confirm").text)
    assert place(told_engine, booking_id)[3] is None
    assert "This is a ground lesson now" in words(visitor.get(mine).text)


def test_a_page_with_nothing_but_the_own_slot_says_so(told_engine: Engine) -> None:
    case_id, _, _ = kept(told_engine, "ground")
    gone = (
        "UPDATE school.case_offers o SET withdrawn_hour = :hour FROM school.reschedule_cases c "
        "WHERE c.id = o.case_id AND c.id = :id AND o.starts_at_utc <> c.starts_at_utc"
    )
    run(told_engine, gone, id=case_id, hour=NOW - timedelta(minutes=8))
    page = words(Visitor(told_engine).get(link(told_engine, case_id)).text)
    assert "Keep your time without flying?" in page
    assert "No other time can be offered at present" in page
    assert "Times that you can choose" not in page
