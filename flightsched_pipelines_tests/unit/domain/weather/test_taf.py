"""TAFs, group by group."""

import json
from typing import Any

import pytest

from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.database.seed.reference import reference_airports
from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.reports.json_fields import FieldError
from flightsched_pipelines.domain.weather.reports.taf import read_taf
from flightsched_pipelines_tests.unit.domain.weather.builders import at, fair, group, hour, read_three_ways, taf


def prevailing(groups: list[ForecastGroup]) -> list[ForecastGroup]:
    return [one for one in groups if one.layer == "prevailing"]


def temporary(groups: list[ForecastGroup]) -> list[ForecastGroup]:
    return [one for one in groups if one.layer == "temporary"]


def test_fm_replaces_everything() -> None:
    groups = read_taf(taf(fair(0, 12, wxString="-RA"), fair(12, 24, "FM", visib=4)))

    before, after = prevailing(groups)
    assert (before.from_utc, before.to_utc) == (hour(0), hour(12))
    assert (after.from_utc, after.to_utc) == (hour(12), hour(24))
    assert after.conditions.weather == ""
    assert after.conditions.visibility_sm == 4


def test_becmg_holds_both_old_and_new_while_it_lasts_and_then_the_new() -> None:
    groups = read_taf(
        taf(fair(0, 24, visib=2), fair(10, 24, "BECMG", timeBec=at(12), clouds=[], visib="6+", wspd=None))
    )

    old, new = prevailing(groups)
    assert (old.from_utc, old.to_utc) == (hour(0), hour(12))
    assert (new.from_utc, new.to_utc) == (hour(10), hour(24))
    assert new.conditions.visibility_sm == 6
    assert new.conditions.wind_speed_kt == 6, "what BECMG does not list stays"


def test_tempo_inherits_what_it_does_not_list() -> None:
    tempo = group(3, 5, "TEMPO", visib=1, wxString="TSRA")
    (found,) = temporary(read_taf(taf(fair(0, 24, wspd=14), tempo)))

    assert found.conditions.wind_speed_kt == 14
    assert found.conditions.visibility_sm == 1
    assert found.conditions.hazards == {"TS"}
    assert not found.conditions.missing


def test_a_temporary_group_is_split_where_the_prevailing_changes_beneath_it() -> None:
    tempo = group(10, 14, "TEMPO", visib=2)
    first, second = temporary(read_taf(taf(fair(0, 12, wspd=5), fair(12, 24, "FM", wspd=15), tempo)))

    assert (first.to_utc, first.conditions.wind_speed_kt) == (hour(12), 5)
    assert (second.from_utc, second.conditions.wind_speed_kt) == (hour(12), 15)


def test_nsw_ends_the_weather() -> None:
    groups = read_taf(taf(fair(0, 24, wxString="TSRA"), group(6, 8, "TEMPO", wxString="NSW")))

    assert temporary(groups)[0].conditions.hazards == set()


def test_few_and_scattered_are_no_ceiling() -> None:
    clouds = [{"cover": "FEW", "base": 500}, {"cover": "SCT", "base": 900}]
    (found,) = read_taf(taf(fair(0, 24, clouds=clouds)))

    assert found.conditions.ceiling_ft is None
    assert not found.conditions.missing


def test_vertical_visibility_is_a_ceiling_in_hundreds_of_feet() -> None:
    (found,) = read_taf(taf(fair(0, 24, clouds=[], vertVis=2)))

    assert found.conditions.ceiling_ft == 200


@pytest.mark.parametrize(
    ("lost", "element"),
    [
        ({"visib": ""}, "visibility"),
        ({"visib": "garbage"}, "visibility"),
        ({"wspd": None}, "wind"),
        ({"wspd": -4}, "wind"),
        ({"wspd": True}, "wind"),
        ({"wgst": "many"}, "wind"),
        ({"clouds": []}, "ceiling"),
        ({"clouds": None}, "ceiling"),
        ({"clouds": [{"cover": "BKN", "base": None}]}, "ceiling"),
        ({"clouds": [{"cover": "???", "base": 900}]}, "ceiling"),
        ({"clouds": "BKN009"}, "ceiling"),
        ({"wxString": "TSQQ"}, "weather"),
        ({"wxString": 7}, "weather"),
    ],
)
def test_a_prevailing_element_that_cannot_be_read_is_missing_not_fine(lost: dict[str, Any], element: str) -> None:
    (found,) = read_taf(taf(fair(0, 24, **lost)))

    assert element in found.conditions.missing


def test_what_the_decoded_fields_lack_the_raw_text_gives() -> None:
    raw = "TAF KXYZ 092330Z 1000/1024 24006KT 2SM TSRA BKN009CB"
    (found,) = read_taf(taf(fair(0, 24, visib=None, wxString=None, clouds=None, wspd="?"), raw=raw))

    assert found.conditions.visibility_sm == 2
    assert found.conditions.ceiling_ft == 900
    assert found.conditions.hazards == {"TS", "CB"}
    assert found.conditions.wind_speed_kt == 6


def test_a_group_that_only_the_raw_text_gives_is_not_lost() -> None:
    raw = "TAF KXYZ 092330Z 1000/1024 24006KT P6SM FEW060 TEMPO 1003/1005 1SM TSRA BKN009CB"
    (found,) = temporary(read_taf(taf(fair(0, 24), raw=raw)))

    assert (found.from_utc, found.to_utc) == (hour(3), hour(5))
    assert found.conditions.hazards == {"TS", "CB"}


def test_where_raw_text_and_fields_disagree_the_worse_holds() -> None:
    raw = "TAF KXYZ 092330Z 1000/1024 24018G30KT 3SM BKN012"
    clouds = [{"cover": "BKN", "base": 12_000, "type": None}]
    (found,) = read_taf(taf(fair(0, 24, wspd=8, visib="6+", clouds=clouds), raw=raw))

    assert (found.conditions.wind_speed_kt, found.conditions.wind_gust_kt) == (18, 30)
    assert (found.conditions.visibility_sm, found.conditions.ceiling_ft) == (3, 1_200)


def test_wind_shear_is_a_hazard() -> None:
    raw = "TAF KXYZ 092330Z 1000/1024 24006KT P6SM FEW060 WS020/24045KT"

    assert read_taf(taf(fair(0, 24), raw=raw))[0].conditions.hazards == {"LLWS"}
    assert read_taf(taf(fair(0, 24, wshearHgt=20, wshearSpd=45)))[0].conditions.hazards == {"LLWS"}


@pytest.mark.parametrize("raw", ["TAF KXYZ 092330Z NIL", "TAF AMD KXYZ 092330Z 1000/1024 CNL"])
def test_a_cancelled_taf_says_nothing(raw: str) -> None:
    groups = read_taf(taf(raw=raw))

    assert all({"wind", "visibility", "ceiling"} <= one.conditions.missing for one in groups)
    assert groups


def test_a_taf_without_validity_is_named() -> None:
    report = taf(fair(0, 24)) | {"validTimeTo": "soon"}

    with pytest.raises(FieldError, match="KXYZ"):
        read_taf(report)


def test_prob30_tempo_is_one_group() -> None:
    raw = "TAF KXYZ 092330Z 1000/1024 24006KT P6SM FEW060 PROB30 TEMPO 1003/1005 1SM TSRA BKN009CB"
    (found,) = temporary(read_taf(taf(raw=raw)))

    assert (found.change, found.probability) == ("PROB", 30)


@pytest.mark.parametrize("day", range(20))
def test_decoded_groups_and_raw_text_of_simulated_tafs_agree(day: int) -> None:
    airports = reference_airports()
    tafs = next(one for one in SimulatedWeather().fetch(airports, hour(24 * day)) if one.product == "taf")
    reports = json.loads(tafs.body or "")
    assert len(reports) == airports["issues_taf"].sum()
    for report in reports:
        decoded_alone, raw_alone, both = read_three_ways(report)
        assert decoded_alone == raw_alone == both
