"""The list of lessons that lack what their school requires, at the terminal."""

import json

from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines_tests.integration.cli.conftest import Type

REQUIRED = (
    "INSERT INTO school.requirements (school_id, requirement, effect, reference) "
    "SELECT school_id, 'annual', 'block', 'ours' FROM school.bookings"
)
SOON = (
    "UPDATE school.bookings SET period = tstzrange(now() + interval '1 day', now() + interval '25 hours') WHERE id = 1"
)


def test_lessons_that_lack_something_are_listed_as_text_and_as_json(flightsched: Type, seeded: Engine) -> None:
    assert "No lesson of the next 14 days lacks what its school requires." in flightsched("credentials").out
    with seeded.begin() as connection:
        connection.execute(text("DELETE FROM school.bookings WHERE id > 1"))
        reference = connection.execute(text(f"{SOON} RETURNING reference")).scalar_one()
        connection.execute(text(REQUIRED))
    shown = flightsched("credentials")
    assert shown.code == 0, shown.err
    for word in (reference, "annual inspection", "aircraft", "block"):
        assert word in shown.out
    (lapse,) = json.loads(flightsched("credentials", "--days", "2", "--json").out)
    assert tuple(lapse) == JSON_FIELDS["credentials"][1]
    assert (lapse["reference"], lapse["requirement"], lapse["effect"]) == (reference, "annual", "block")
    unknown = flightsched("credentials", "--school", "Nowhere")
    assert unknown.code == 2
    assert "there is no school named 'Nowhere'" in unknown.err
