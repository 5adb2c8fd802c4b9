"""The weather of pages: read once an hour and school, before anybody asks, and anew when the hour is written again."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Engine, event

from flightsched_pipelines.services.pages.school_weather import prepare
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, link, words
from flightsched_pipelines_tests.integration.services.helpers import SETTINGS, cases, one, run

SCHOOLS = (
    "SELECT count(DISTINCT school_id) FROM school.bookings b JOIN school.reschedule_cases c ON c.booking_id = b.id "
    "WHERE c.closed_at IS NULL"
)


@contextmanager
def readings_of_forecasts(engine: Engine) -> Generator[list[str]]:
    """Collect the statements that read forecasts."""
    found: list[str] = []

    def note(*arguments: object) -> None:
        found.extend(str(each) for each in arguments[2:3] if "pipeline.forecasts" in str(each))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_an_hour_is_read_once_and_again_if_it_is_written_again(told_engine: Engine) -> None:
    visitor, links = Visitor(told_engine), [link(told_engine, case_id) for case_id, _ in cases(told_engine)[:3]]
    schools = one(told_engine, SCHOOLS)

    with readings_of_forecasts(told_engine) as found:
        prepare(told_engine, SETTINGS)
        assert len(found) == schools == 2
        prepare(told_engine, SETTINGS)
        pages = [words(visitor.get(each).text) for each in links]
        assert len(found) == schools
        run(told_engine, "UPDATE pipeline.partitions SET at = at + interval '1 s' WHERE name = 'at_risk_bookings'")
        assert [words(visitor.get(each).text) for each in links] == pages
        assert schools < len(found) <= 2 * schools
    assert all("Forecast of" in page for page in pages)
