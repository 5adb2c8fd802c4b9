"""Recorded responses: distinguished by their content, returned unchanged."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from flightsched_pipelines.clients.weather.recorded_weather import RecordedWeather
from flightsched_pipelines.clients.weather.weather_source import WeatherSourceError, weather_source
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse, read_responses
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.unit.domain.weather.bulletins import block

HOUR_UTC = datetime(2026, 7, 9, 22, tzinfo=UTC)
DATA = Path(__file__).parents[3] / "../shared/data"
AIRPORTS = pd.DataFrame(
    {"airport": ["KAPA", "PASY", "LIPB"], "latitude_deg": [39.57, 52.71, 46.46], "longitude_deg": [-104.8, 174.1, 11.3]}
)


def fetch(folder: Path) -> list[ProviderResponse]:
    return RecordedWeather(folder).fetch(AIRPORTS, HOUR_UTC)


def one_call(latitude_deg: float, longitude_deg: float) -> str:
    return json.dumps({"lat": latitude_deg, "lon": longitude_deg, "hourly": []})


def test_reports_are_told_apart_by_their_keys_and_kept_verbatim(tmp_path: Path) -> None:
    metars, tafs = '[ {"icaoId": "KAPA", "rawOb": "METAR KAPA"} ]', '[{"icaoId": "KAPA",\n"rawTAF": "TAF KAPA"}]'
    (tmp_path / "a.json").write_text(tafs)
    (tmp_path / "b.json").write_text(metars)
    (tmp_path / "notes.txt").write_text("not weather")
    answers = fetch(tmp_path)
    assert [(a.product, a.body, a.stations) for a in answers] == [
        ("taf", tafs, ("KAPA",)),
        ("metar", metars, ("KAPA",)),
    ]


def test_areas_are_told_apart_by_the_names_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "airsigmet_1.json").write_text('[ {"hazard": "ICE"}]')
    (tmp_path / "cwa.json").write_text("[]")
    (tmp_path / "gairmet.json").write_text('[{"haz')
    (tmp_path / "tcf.json").write_text('{"features": []}')
    assert [(a.product, a.outcome, a.stations) for a in fetch(tmp_path)] == [
        ("airsigmet", "ok", ()), ("cwa", "empty", ()), ("gairmet", "not_json", ()), ("tcf", "ok", ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "place", "station"),
    [
        ("one_call_KAPA.json", (46.49, 11.33), "KAPA"),
        ("one_call_bolzano.json", (46.49, 11.33), "LIPB"),
        ("anything.json", (52.0, -179.5), "PASY"),
    ],
)
def test_a_one_call_answer_speaks_for_the_airport_it_names_or_the_nearest(
    tmp_path: Path, name: str, place: tuple[float, float], station: str
) -> None:
    (tmp_path / name).write_text(one_call(*place))
    (answer,) = fetch(tmp_path)
    assert (answer.product, answer.stations, answer.outcome) == ("one_call", (station,), "ok")


@pytest.mark.parametrize("body", ["", "<html>", '[{"rawOb": ', "17", '{"message": "no"}', "[" * 100_000, "\0\0"])
def test_a_file_that_is_no_weather_fails_for_every_airport(tmp_path: Path, body: str) -> None:
    (tmp_path / "taf.json").write_text(body)
    (answer,) = fetch(tmp_path)
    assert (answer.failed, answer.stations) == (True, ("KAPA", "PASY", "LIPB"))
    assert "taf.json" in (answer.error or "")
    assert "\0" not in (answer.body or "")


def test_a_file_that_cannot_be_opened_fails_and_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    (tmp_path / "b.json").write_text('[{"icaoId": "KAPA", "rawTAF": "TAF KAPA"}]')
    folder, tafs = fetch(tmp_path)
    assert "not readable" in (folder.error or "")
    assert (folder.failed, tafs.outcome) == (True, "ok")


def test_an_empty_list_is_an_empty_answer(tmp_path: Path) -> None:
    (tmp_path / "tafs.json").write_text("[]")
    (answer,) = fetch(tmp_path)
    assert (answer.product, answer.outcome) == ("taf", "empty")


def test_a_missing_or_empty_folder_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(WeatherSourceError, match="does not exist"):
        weather_source(Settings.model_validate({"weather_source": f"recorded:{tmp_path / 'nowhere'}"}))
    with pytest.raises(WeatherSourceError, match=r"contains no \*\.json"):
        weather_source(Settings.model_validate({"weather_source": f"recorded:{tmp_path}"}))


def test_the_settings_choose_the_source(tmp_path: Path) -> None:
    (tmp_path / "metars.json").write_text("[]")
    for chosen, supports_backfill in (("simulated", True), (f"recorded:{tmp_path}", True), ("live", False)):
        assert (
            weather_source(Settings.model_validate({"weather_source": chosen})).supports_backfill is supports_backfill
        )


def test_an_airport_that_a_recorded_bulletin_does_not_name_has_its_nearest_station(tmp_path: Path) -> None:
    (tmp_path / "blend_nbhtx.t21z").write_text(
        "".join(block("NBH", HOUR_UTC - HOUR, ident) for ident in ("KBJC", "KBKF", "PASY"))
    )
    (answer,) = fetch(tmp_path)
    assert answer.stations == ("KBKF", "PASY")
    assert {group.station for group in read_responses([answer]).groups} == {"KBKF", "PASY"}


def test_a_recorded_bulletin_is_kept_for_the_airports_that_it_names(tmp_path: Path) -> None:
    cycle = HOUR_UTC - HOUR
    (tmp_path / "blend_nbstx.t21z").write_text(block("NBS", cycle, "KAAA") + block("NBS", cycle, "KAPA"))
    (tmp_path / "blend_nbhtx.t21z").write_text("maintenance")
    broken, answer = fetch(tmp_path)

    assert (answer.product, answer.stations, answer.outcome) == ("nbs", ("KAPA",), "ok")
    assert answer.body == block("NBS", cycle, "KAPA").rstrip("\n") + "\n"
    assert (broken.product, broken.outcome, broken.stations) == ("nbh", "damaged", ("KAPA", "PASY", "LIPB"))
    assert "is not a bulletin" in str(broken.error)
    reading = read_responses([broken, answer])
    assert {group.station for group in reading.groups} == {"KAPA"}
    assert reading.asked_of_guidance["NBH"] == {"KAPA", "PASY", "LIPB"}
