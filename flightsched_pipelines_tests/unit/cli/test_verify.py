"""``flightsched verify`` refuses a period that it cannot read, with what to give instead."""

from typing import Any

import pytest

from flightsched_pipelines.cli.console import UsageError
from flightsched_pipelines.cli.hourly.verify import verify


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ({"since": "last week"}, "--since is 'last week'; give a day or a time"),
        ({"until": "today"}, "--until is 'today'; give a day or a time"),
        ({"verdicts": True, "airport": "KPAO"}, "--verdicts and --airport exclude each other"),
        ({"since": "2027-01-11", "until": "2027-01-11"}, "--since must be before --until; got 2027-01-11T00:00Z"),
    ],
)
def test_a_period_that_is_none_is_refused(period: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        verify(**period)
