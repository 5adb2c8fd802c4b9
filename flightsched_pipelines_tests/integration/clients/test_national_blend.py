"""The client of the National Blend of Models: the newest complete cycle, a few stations of thousands."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from flightsched_pipelines.clients.weather.bulletin_stream import BulletinStream
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.clients.weather.national_blend import NationalBlend
from flightsched_pipelines.clients.weather.response_parsing import FetchError
from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request
from flightsched_pipelines.domain.weather.guidance.stations import neighbourhood
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse, read_responses
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines_tests.servers.weather_servers import Body, NationalBlendServer
from flightsched_pipelines_tests.unit.domain.weather.bulletins import block

HOUR_UTC = datetime(2026, 7, 9, 18, tzinfo=UTC)
PATIENT = RetryPolicy(one_attempt=300, total=600, first_wait=0.01, longest_wait=0.02, attempts=2)
AIRPORTS = pd.DataFrame(
    {"airport": ["KAPA", "KBJC", "KSTRIP", "EGKB"], "latitude_deg": [39.6, 39.9, 39.7, 51.3],
     "longitude_deg": [-104.8, -105.1, -104.9, 0.0]}
)  # fmt: skip
STATIONS = ("KAAA", "KAPA", "KAZZ", "KBJC", "KZZZ")


def bulletins(*ages: int, stations: tuple[str, ...] = STATIONS) -> dict[str, Body]:
    """Both bulletins of the cycles of some hours ago."""
    return {
        bulletin_request(source, HOUR_UTC - age * HOUR): "".join(
            block(source, HOUR_UTC - age * HOUR, station) for station in stations
        )
        for source in ("NBH", "NBS")
        for age in ages
    }


def fetched(server: NationalBlendServer, earlier: list[ProviderResponse] | None = None) -> list[ProviderResponse]:
    return NationalBlend(server.url, "ops@example.com", PATIENT).fetch(AIRPORTS, HOUR_UTC, earlier or [])


def test_the_newest_cycle_that_is_there_is_kept_for_the_stations_that_are_needed() -> None:
    with NationalBlendServer(bodies=bulletins(1, 2)) as server:
        answers = fetched(server)

    assert [answer.product for answer in answers] == ["nbh", "nbs"]
    assert [answer.request for answer in answers] == [
        bulletin_request(source, HOUR_UTC - HOUR) for source in ("NBH", "NBS")
    ]
    for answer, source in zip(answers, ("NBH", "NBS"), strict=True):
        assert (answer.outcome, answer.stations) == ("ok", ("KAPA", "KBJC"))
        assert answer.body == "".join(block(source, HOUR_UTC - HOUR, ident) for ident in answer.stations)
    assert not read_responses(answers).problems
    assert [request.path for request in server.requests][:2] == [
        f"/{bulletin_request('NBH', HOUR_UTC)}", f"/{bulletin_request('NBH', HOUR_UTC - HOUR)}"
    ]  # fmt: skip
    assert "ops@example.com" in server.requests[0].headers["user-agent"]


WITH_NEIGHBOUR = ("KAAA", "KBJC", "KBKF", "KAPA", "46012", "KZZZ")
"""KBKF is 4 NM from KSTRIP, and no airport of ours; nobody knows where 46012 is."""


def test_an_airport_without_a_station_has_the_nearest_of_the_whole_bulletin() -> None:
    with NationalBlendServer(bodies=bulletins(1, stations=WITH_NEIGHBOUR)) as server:
        answers = fetched(server)
    for answer, source in zip(answers, ("NBH", "NBS"), strict=True):
        assert answer.stations == ("KAPA", "KBJC", "KBKF")
        kept = "".join(block(source, HOUR_UTC - HOUR, ident) for ident in ("KBJC", "KBKF", "KAPA"))
        assert answer.body == kept, "in the order of the bulletin"


def test_a_neighbour_stays_due_until_no_cycle_has_it() -> None:
    with NationalBlendServer(bodies=bulletins(1, stations=WITH_NEIGHBOUR)) as server:
        earlier = fetched(server)
    with NationalBlendServer("server_error") as server:
        assert {answer.stations for answer in fetched(server, earlier)} == {("KAPA", "KBJC", "KBKF")}
    with NationalBlendServer(bodies=bulletins(0) | bulletins(1, stations=WITH_NEIGHBOUR)) as server:
        assert [answer.request for answer in fetched(server, earlier)] == [answer.request for answer in earlier]
    with NationalBlendServer(bodies=bulletins(*range(7))) as server:
        assert {answer.stations for answer in fetched(server, earlier)} == {("KAPA", "KBJC")}


def test_a_bulletin_whose_connection_broke_is_read_from_its_beginning() -> None:
    near = neighbourhood(AIRPORTS, AIRPORTS, 30)
    text = block("NBH", HOUR_UTC, "KAPA") + block("NBH", HOUR_UTC, "KBJC")
    reader = BulletinStream("NBH", HOUR_UTC, near)
    with pytest.raises(FetchError, match="cut off"):
        reader(iter([text[: text.rindex("VIS")].encode()]))
    assert reader(iter([text.encode()])) == text


def test_a_late_cycle_is_replaced_by_an_older_one_that_says_when_it_was_made() -> None:
    with NationalBlendServer(bodies=bulletins(5)) as server:
        answers = fetched(server)
    issued = {group.issued_at_utc for group in read_responses(answers).groups}
    assert issued == {HOUR_UTC - 5 * HOUR}


def test_without_any_cycle_of_the_last_hours_both_are_missing_in_one_sentence_each() -> None:
    with NationalBlendServer(bodies=bulletins(7)) as server:
        answers = fetched(server)
    assert len(server.requests) == 14
    assert [answer.outcome for answer in answers] == ["rejected"] * 2
    assert (
        answers[1].error == "The National Blend of Models has no bulletin NBS of the last 7 hours; check GUIDANCE_URL"
    )
    assert answers[1].stations == ("KAPA", "KBJC", "KSTRIP"), "any of them may have one"


CUT_OFF = {
    "in a heading": lambda text: text[: text.rindex("GUIDANCE")],
    "after a heading": lambda text: text[: text.rindex(" UTC ")],
    "in the row of hours": lambda text: text[: text.rindex(" UTC ") + 30],
    "in a row": lambda text: text[: text.rindex(" VIS ") + 30],
    "after a row": lambda text: text[: text.rindex(" VIS ")],
    "to nothing": lambda _: "",
    "by another page": lambda _: "<html>maintenance</html>",
    "by a heading that is garbled": lambda text: text.replace("KAZZ", "K#ZZ"),
    "by another cycle": lambda text: text.replace("1700 UTC", "0500 UTC"),
}


@pytest.mark.parametrize("how", CUT_OFF)
def test_a_damaged_bulletin_is_replaced_by_the_cycle_before(how: str) -> None:
    bodies = bulletins(1, 2)
    bodies |= {path: CUT_OFF[how](body) for path, body in bulletins(1).items()}
    with NationalBlendServer(bodies=bodies) as server:
        answers = fetched(server)
    assert [answer.request for answer in answers] == [bulletin_request(s, HOUR_UTC - 2 * HOUR) for s in ("NBH", "NBS")]
    assert {answer.outcome for answer in answers} == {"ok"}


def test_a_damaged_bulletin_without_another_is_missing_and_says_why() -> None:
    bodies = {path: str(body)[: str(body).rindex(" VIS ")] for path, body in bulletins(1).items()}
    with NationalBlendServer(bodies=bodies) as server:
        answers = fetched(server)
    assert {answer.outcome for answer in answers} == {"damaged"}
    assert answers[0].error == "The bulletin NBH of 2026-07-09 17Z is cut off at its end"
    assert read_responses(answers).asked_of_guidance["NBS"] == {"KAPA", "KBJC", "KSTRIP"}


def test_a_station_that_the_bulletin_had_before_makes_one_without_it_incomplete() -> None:
    with NationalBlendServer(bodies=bulletins(1)) as server:
        earlier = fetched(server)
    without = bulletins(0, stations=("KAAA", "KBJC", "KZZZ"))
    with NationalBlendServer(bodies=without | bulletins(1)) as server:
        answers = fetched(server, earlier)
    assert {answer.request for answer in answers} == {answer.request for answer in earlier}


def test_a_station_that_no_cycle_has_any_more_is_given_up() -> None:
    with NationalBlendServer(bodies=bulletins(1)) as server:
        earlier = fetched(server)
    with NationalBlendServer(bodies=bulletins(*range(7), stations=("KBJC", "KZZZ"))) as server:
        answers = fetched(server, earlier)
    assert {answer.stations for answer in answers} == {("KBJC",)}


def test_a_cycle_that_is_unchanged_is_not_sent_again() -> None:
    airports = AIRPORTS[AIRPORTS["airport"].isin(["KAPA", "KBJC"])]
    with NationalBlendServer("etag", bulletins(1)) as server:
        client = NationalBlend(server.url, "ops@example.com", PATIENT)
        earlier = client.fetch(airports, HOUR_UTC)
        again = client.fetch(airports, HOUR_UTC, earlier)
        elsewhere = client.fetch(AIRPORTS, HOUR_UTC, earlier)
    assert [answer.status_code for answer in again] == [304, 304]
    assert [(answer.body, answer.stations) for answer in again] == [(one.body, one.stations) for one in earlier]
    assert [answer.status_code for answer in elsewhere] == [200, 200], "an airport is new, and may be in it"


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("server_error", "server_error"), ("reset", "unreachable"), ("slow", "timeout"), ("moved", "rejected")],
)
def test_a_provider_that_is_down_is_asked_for_no_older_cycle(mode: str, outcome: str) -> None:
    patience = replace(PATIENT, one_attempt=0.15, attempts=1) if mode == "slow" else replace(PATIENT, attempts=1)
    with NationalBlendServer(mode, bulletins(*range(7)), slow_seconds=3_600) as server:
        answers = NationalBlend(server.url, "ops@example.com", patience).fetch(AIRPORTS, HOUR_UTC)
    assert [answer.outcome for answer in answers] == [outcome] * 2
    assert len(server.requests) == 2
    assert all(answer.error and answer.stations == ("KAPA", "KBJC", "KSTRIP") for answer in answers)


def test_a_failure_leaves_due_what_was_due_before() -> None:
    with NationalBlendServer(bodies=bulletins(1)) as server:
        earlier = fetched(server)
    with NationalBlendServer("server_error", bulletins(1)) as server:
        answers = fetched(server, earlier)
    assert {answer.stations for answer in answers} == {("KAPA", "KBJC")}


def test_no_bulletin_is_fetched_for_airports_elsewhere() -> None:
    with NationalBlendServer(bodies=bulletins(1)) as server:
        abroad = AIRPORTS[AIRPORTS["airport"] == "EGKB"]
        assert NationalBlend(server.url, "ops@example.com", PATIENT).fetch(abroad, HOUR_UTC) == []
    assert not server.requests
