"""A model that is not listed, or is shut down soon, is found; its dated snapshots count for its name."""

import json
from datetime import date

import pytest

from flightsched_pipelines.clients.openai_models import ModelListError, read_models
from flightsched_pipelines.domain.monitoring.llm_model import faults_of_model

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("listed", "fault"),
    [
        ({"m": None}, None),
        ({"m": "2027-01-26"}, None),
        ({"m": "2027-01-25"}, "is shut down on 2027-01-25"),
        ({"m": "2026-11-20"}, "is shut down on 2026-11-20"),
        ({"m": None, "m-2025-04-14": "2027-01-14"}, "is shut down on 2027-01-14"),
        ({"m": None, "m-2025-04-14": "2027-01-14", "m-2026-08-01": None}, None),
        ({"m": None, "m-nano-2025-04-14": "2027-01-14"}, None),
        ({"m-2025-04-14": None}, "is not listed by the server, which has 1 model"),
        ({}, "is not listed by the server, which has 0 models"),
    ],
)
def test_a_model_is_faulty_when_it_is_not_listed_or_ends_within_60_days(
    listed: dict[str, str | None], fault: str | None
) -> None:
    body = json.dumps(
        {"object": "list", "data": [{"id": name, "shutdown_date": ends} for name, ends in listed.items()]}
    )

    found = faults_of_model("m", read_models(body.encode()), TODAY)

    if fault is None:
        assert found == []
    else:
        assert fault in "".join(found)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"data": {}}', b'{"data": [{"id": "m", "shutdown_date": "soon"}]}', b"[" * 100_000,
     b'{"data": [{"id": "m", "shutdown_date": 20270114.5}]}'],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_none(body: bytes) -> None:
    with pytest.raises(ModelListError):
        read_models(body)
