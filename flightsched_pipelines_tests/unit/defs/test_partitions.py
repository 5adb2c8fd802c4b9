"""The partitions begin with the installation's first hour, and no hour before it is lost."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from flightsched_pipelines.database.schema import FIRST_HOUR_UTC
from flightsched_pipelines.defs.partitions import first_hour

SCRIPT = (
    "from flightsched_pipelines.defs.partitions import HOURLY, hours_of_run; print(HOURLY.start.isoformat(), "
    "hours_of_run({'dagster/partition': '2026-11-20-08:00'})[0].isoformat())"
)


@pytest.mark.parametrize("given", [None, "", "yesterday", "2026-11-24", "2026-11-24T13:30"])
def test_without_a_first_hour_they_begin_before_every_installation(given: str | None) -> None:
    assert first_hour(given) == FIRST_HOUR_UTC


def test_an_hour_before_the_first_one_is_still_read_from_a_run() -> None:
    """A person may run an older hour by hand: its checks and alerts work all the same."""
    environment = {"FIRST_HOUR": "2026-11-24T13"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == ["2026-11-24T13:00:00+00:00", "2026-11-20T08:00:00+00:00"]
    assert first_hour("2026-11-24T13") == datetime(2026, 11, 24, 13, tzinfo=UTC)
