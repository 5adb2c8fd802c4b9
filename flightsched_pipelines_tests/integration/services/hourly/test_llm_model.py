"""The hourly check of the configured model against the list of its server."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.services.hourly.ranking import keep_lessons, rank, settings_with
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        (None, []),
        (65, []),
        (55, ["OPENAI_MODEL fake-llm is shut down on"]),
        ("unlisted", ["OPENAI_MODEL fake-llm is not listed by the server, which has 1 model"]),
        ("soon", ["GET /models gives a shutdown_date that is not a date"]),
    ],
)
def test_a_model_that_does_not_stay_is_warned_of(
    ticked_engine: Engine, ends: int | str | None, found: list[str]
) -> None:
    keep_lessons(ticked_engine, 1)
    with OpenAIServer() as server:
        day = f"{datetime.now(UTC) + timedelta(days=ends):%Y-%m-%d}" if isinstance(ends, int) else None
        server.models = {"another": None} if ends == "unlisted" else {"fake-llm": "soon" if ends == "soon" else day}
        result, _ = rank(ticked_engine, settings_with(server))

    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "llm_model_stays"]
    told = check.metadata["found"].value
    assert isinstance(told, list)
    assert check.passed is (found == [])
    assert [str(words).startswith(start) for words, start in zip(told, found, strict=True)] == [True] * len(found)
