"""Schools found by the names that people type."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.services.names import UnknownNameError, school_named


def test_before_the_first_school_a_command_says_how_to_make_one(engine: Engine) -> None:
    with (
        engine.connect() as connection,
        pytest.raises(UnknownNameError, match="there is no school yet; import schools"),
    ):
        school_named(connection, None)
