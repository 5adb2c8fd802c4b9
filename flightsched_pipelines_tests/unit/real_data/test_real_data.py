"""Real reports, which are next to a checkout and not in it: collected where they are (``conftest``)."""

import json
from pathlib import Path

import pandas as pd
import pytest

from flightsched_pipelines.database.seed.reference import RUNWAYS, reference_airports
from flightsched_pipelines.domain.weather.provider_responses import read_response, read_responses
from flightsched_pipelines_tests.unit.clients.test_recorded_weather import fetch
from flightsched_pipelines_tests.unit.domain.weather.builders import read_three_ways

REAL_DATA = Path(__file__).parents[4] / "shared" / "data"


def real(path: str) -> str:
    """A real answer's text."""
    return (REAL_DATA / path).read_text()


def test_real_metars_read_as_their_text_says() -> None:
    reading = read_response(real("aviation_weather_center/metars.json"))
    by_station = {group.station: group.conditions for group in reading.groups}

    assert reading.problems == []
    assert {name for name, conditions in by_station.items() if conditions.missing} == {"KABR", "PAOM"}
    assert by_station["KABR"].missing == {"wind"}
    assert by_station["PAOM"].missing == {"thunderstorm"}
    assert by_station["EFHK"].ceiling_ft == 200
    assert by_station["EFHK"].visibility_sm == pytest.approx(0.19)
    assert by_station["KPUB"].hazards == {"TS", "SQ"}
    assert by_station["KBTR"].hazards == {"VCTS"}
    assert by_station["KFUL"].ceiling_ft is None


def test_real_tafs_read_whole() -> None:
    reading = read_response(real("aviation_weather_center/tafs.json"))

    assert reading.problems == []
    assert {one.station for one in reading.groups} == {"KORD", "KMSS", "KTPA", "KPUB"}
    assert not any(one.conditions.missing for one in reading.groups)
    kpub = next(one for one in reading.groups if one.station == "KPUB" and one.change == "PROB")
    assert kpub.conditions.wind_gust_kt == 45
    assert kpub.conditions.visibility_sm == 6, "an empty visibility in PROB30 is inherited"
    assert kpub.probability == 30


def test_real_decoded_groups_and_raw_text_agree() -> None:
    for report in json.loads(real("aviation_weather_center/tafs.json")):
        decoded_alone, raw_alone, both = read_three_ways(report)
        assert decoded_alone == raw_alone == both


def test_a_real_answer_reads_hour_by_hour() -> None:
    groups = read_response(real("open_weather_map/one_call_bolzano.json"), "LIPB").groups

    assert len(groups) == 48
    assert {element for group in groups for element in group.conditions.missing} <= {"visibility"}
    assert max(group.conditions.wind_speed_kt or 0 for group in groups) < 20


def test_real_answers_are_read() -> None:
    for folder, products in (("aviation_weather_center", {"metar", "taf"}), ("open_weather_map", {"one_call"})):
        answers = fetch(REAL_DATA / folder)
        assert {answer.product for answer in answers} == products
        assert read_responses(answers).groups


def test_runways_are_the_real_ones() -> None:
    real = pd.read_csv(REAL_DATA / "ourairports" / "runways.csv")
    for airport, strips in RUNWAYS.items():
        at = real[real["airport_ident"] == airport].set_index("le_ident")
        for low, low_deg, high, _, length_ft, closed in strips:
            strip = at.loc[low].to_dict()
            assert (strip["he_ident"], strip["length_ft"], bool(strip["closed"])) == (high, length_ft, closed)
            assert strip["le_heading_degT"] == pytest.approx(low_deg, abs=1)
    assert set(reference_airports()["airport"]) == set(RUNWAYS)
