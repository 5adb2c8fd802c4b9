"""METARs."""

import pytest

from flightsched_pipelines.domain.weather.reports.json_fields import FieldError
from flightsched_pipelines.domain.weather.reports.metar import read_metar
from flightsched_pipelines_tests.unit.domain.weather.builders import hour, metar


def test_an_observation_speaks_for_the_hour_in_which_it_was_taken() -> None:
    group = read_metar(metar())

    assert (group.from_utc, group.to_utc) == (hour(11), hour(12))


def test_convective_clouds_that_the_fields_drop_are_read_from_the_text() -> None:
    raw = "METAR KXYZ 101153Z 24006KT 10SM FEW030TCU BKN090CB 20/08 A3000 RMK AO2 CB DSNT NW"

    assert read_metar(metar(raw)).conditions.hazards == {"TCU", "CB"}


def test_remarks_and_trend_are_not_present_weather() -> None:
    raw = "METAR KXYZ 101153Z 24006KT 10SM FEW060 20/08 Q1012 TEMPO 0300 FG VV001 RMK CB DSNT TS"

    conditions = read_metar(metar(raw)).conditions
    assert conditions.hazards == set()
    assert conditions.visibility_sm == 10


def test_a_thunderstorm_sensor_that_is_out_leaves_thunderstorms_unknown() -> None:
    raw = "METAR KXYZ 101153Z AUTO 24006KT 10SM CLR 20/08 A3000 RMK AO2 TSNO"

    assert read_metar(metar(raw)).conditions.missing == {"thunderstorm"}


def test_a_thunderstorm_that_is_seen_needs_no_sensor() -> None:
    raw = "METAR KXYZ 101153Z 24006KT 10SM TS CLR 20/08 A3000 RMK AO2 TSNO"

    assert read_metar(metar(raw, wxString="TS")).conditions.missing == set()


def test_no_wind_reported_is_a_missing_wind() -> None:
    assert read_metar(metar(wdir=None, wspd=None)).conditions.missing == {"wind"}


def test_a_variable_wind_has_no_direction_and_is_not_missing() -> None:
    conditions = read_metar(metar(wdir="VRB", wspd=4)).conditions

    assert conditions.wind_direction_deg is None
    assert conditions.wind_speed_kt == 4
    assert not conditions.missing


def test_a_clear_sky_is_an_unlimited_ceiling_and_nothing_is_missing() -> None:
    conditions = read_metar(metar(clouds=[], cover="CLR")).conditions

    assert conditions.ceiling_ft is None
    assert not conditions.missing


def test_clouds_that_were_dropped_are_not_a_clear_sky() -> None:
    assert "ceiling" in read_metar(metar(clouds=[], cover=None)).conditions.missing


def test_a_temperature_is_only_missed_where_there_is_moisture_to_freeze() -> None:
    low = [{"cover": "OVC", "base": 2000}]

    assert "temperature" in read_metar(metar(temp=None, clouds=low, cover="OVC")).conditions.missing
    assert "temperature" not in read_metar(metar(temp=None)).conditions.missing


@pytest.mark.parametrize("lost", [{"obsTime": None}, {"obsTime": "noon"}, {"icaoId": None}, {"icaoId": "<b>"}])
def test_a_report_without_time_or_station_is_named(lost: dict[str, object]) -> None:
    with pytest.raises(FieldError):
        read_metar(metar() | lost)
