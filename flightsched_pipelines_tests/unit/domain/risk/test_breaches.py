"""The rows of breaches, and their explanation."""

import re
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.domain.risk.breaches import BROKEN_COLUMNS
from flightsched_pipelines_tests.unit.domain.risk.builders import RUNWAYS, at, fine, hold, lesson, minimum, weather

SOLO = lesson(solo=True)


def broken(a_lesson: dict[str, Any], *args: Any, **facts: Any) -> pd.DataFrame:
    return hold([a_lesson], *args, **facts).broken


def words(a_lesson: dict[str, Any], *args: Any, **facts: Any) -> str:
    return hold([a_lesson], *args, **facts).words(0)


def test_a_broken_rule_is_told_with_value_limit_place_hour_group_and_reference() -> None:
    sky = [*fine(), weather(1, ceiling_ft=900.0, station="KSJC", station_distance_nm=10.2)]
    rows = broken(lesson(booking_id=42), sky)
    assert list(rows.columns) == list(BROKEN_COLUMNS)
    assert rows.dtypes.astype(str).to_dict() == dict(BROKEN_COLUMNS)
    row = rows.iloc[0].to_dict()
    assert pd.isna(row["probability"])
    assert row | {"explanation": "", "reference": "", "probability": None} == {
        "booking_id": 42,
        "verdict": "at_risk",
        "breach_rank": 1,
        "rule": "ceiling",
        "effect": "block",
        "value": 900.0,
        "at_least": False,
        "limit_value": 5000.0,
        "margin": -4100.0,
        "unit": "ft",
        "hazard": row["hazard"],
        "airport": "KPAO",
        "hour_utc": at(1),
        "layer": "prevailing",
        "change": "FM",
        "probability": None,
        "source": "TAF",
        "station": "KSJC",
        "station_distance_nm": 10.2,
        "group_from_utc": at(-2),
        "group_to_utc": at(24),
        "reference": "",
        "authority": "default",
        "explanation": "",
    }
    assert len(rows) == 1


def test_the_worst_hour_of_each_rule_place_and_layer_is_told_and_the_gravest_first() -> None:
    sky = [
        *fine("KPAO", "KSQL"),
        weather(1, visibility_sm=4.0),
        weather(2, visibility_sm=2.0),
        weather(2, visibility_sm=1.0, layer="temporary"),
        weather(1, "KSQL", visibility_sm=3.0),
    ]
    rows = broken(lesson(route=["KSQL", "KPAO"]), sky)
    told = list(zip(rows["airport"], rows["layer"], rows["value"], rows["hour_utc"], strict=True))
    assert told == [
        ("KPAO", "prevailing", 2.0, at(2)),
        ("KSQL", "prevailing", 3.0, at(1)),
        ("KPAO", "temporary", 1.0, at(2)),
    ]


def test_a_fine_lesson_has_no_rows() -> None:
    assert broken(lesson(), fine()).empty


def test_an_unknown_lesson_tells_what_is_missing_and_from_when() -> None:
    sky = [*fine(), weather(2, missing=["wind", "ceiling"], wind_speed_kt=None), weather(1, missing=["visibility"])]
    row = broken(lesson(), sky).iloc[0]
    assert (row["rule"], row["hazard"], row["hour_utc"]) == ("forecast", "wind, visibility, ceiling", at(1))
    late = broken(lesson(starts_at_utc=at(9), ends_at_utc=at(10)), fine()).iloc[0]
    assert (late["hazard"], late["hour_utc"]) == ("no forecast", at(10))
    far = broken(lesson(starts_at_utc=at(40), ends_at_utc=at(41)), fine()).iloc[0]
    assert (far["hazard"], far["hour_utc"]) == ("no forecast", at(39))


def test_each_unknown_airport_has_a_row_of_its_own() -> None:
    rows = broken(lesson(route=["KXXX", "KYYY", "KXXX"]), fine())
    assert rows["airport"].tolist() == ["KXXX", "KYYY"]
    assert set(rows["hazard"]) == {"no forecast"}


def test_a_late_landing_is_told_with_its_minutes() -> None:
    rows = broken(SOLO | {"starts_at_utc": at(10), "ends_at_utc": at(10.75)}, [weather(h) for h in range(24)])
    row = rows.iloc[0]
    assert (row["rule"], row["unit"], row["limit_value"], row["hour_utc"]) == ("daylight", "min", 60.0, at(10))
    assert 30 < row["value"] < 45
    assert row["margin"] == pytest.approx(row["value"] - 60)
    assert re.fullmatch(
        r"At risk: landing at KPAO \d\d min before sunset; the school's minimum "
        r"for student pilots flying solo is 60 min before sunset\.",
        words(SOLO | {"starts_at_utc": at(10), "ends_at_utc": at(10.75)}, [weather(h) for h in range(24)]),
    )


def test_a_landing_after_sunset_says_so() -> None:
    said = words(SOLO | {"starts_at_utc": at(11), "ends_at_utc": at(13)}, [weather(h) for h in range(24)])
    assert "min after sunset; the school's minimum" in said


def test_words_name_value_place_local_time_group_minimum_and_difference() -> None:
    sky = [*fine(), weather(1, ceiling_ft=900.0, station="KSJC", station_distance_nm=10.2)]
    assert words(lesson(), sky) == (
        "At risk: ceiling 900 ft, 4,100 ft below the school's minimum of 5,000 ft for student pilots: "
        "KPAO, Mon 1 Jun 10:00–11:00 PDT (FM group of the TAF of KSJC, 10 NM away)."
    )


def test_each_row_explains_itself_in_a_sentence() -> None:
    sky = [*fine(), weather(1, ceiling_ft=900.0, visibility_sm=1.5)]
    rows = broken(lesson(), sky)
    assert all(text[0].isupper() and text.endswith(".") for text in rows["explanation"])
    assert words(lesson(), sky).count("the school's minimum") == len(rows) == 2


def test_only_the_gravest_are_told_and_the_rest_counted() -> None:
    sky = [*fine(), weather(1, ceiling_ft=900.0, visibility_sm=1.5, wind_speed_kt=30.0, hazards=["TS", "FZRA"])]
    said = words(lesson(), sky)
    assert len(broken(lesson(), sky)) == 6
    assert said.count("(FM group of the TAF of KPAO)") == 4
    assert said.endswith("Besides these, 2 more.")


@pytest.mark.parametrize(
    ("sky", "said"),
    [
        (
            weather(1, wind_speed_kt=12.0),
            "wind 12 kt, 2 kt above the school's maximum of 10 kt for student pilots: KPAO",
        ),
        (
            weather(1, wind_speed_kt=10.0),
            "wind 10 kt, only the school's maximum of 10 kt for student pilots, and must be less",
        ),
        (
            weather(1, hazards=["TS", "CB"]),
            "convection (CB, TS) forecast; the school's minimums for student pilots allow none: KPAO",
        ),
        (weather(1, hazards=["FZRA"]), "icing (FZRA) forecast;"),
        (weather(1, temperature_c=-1.0, weather="-SN"), "icing (moisture below freezing) forecast;"),
        (
            weather(1, layer="temporary", change="TEMPO", visibility_sm=1.5),
            "visibility at times 1 1/2 SM, 3 1/2 SM below",
        ),
        (weather(1, layer="temporary", change="PROB", probability=30, hazards=["TS"]), "PROB 30 % group of the TAF"),
        (weather(1, source="METAR", change="METAR", visibility_sm=1.5), "(METAR of KPAO)"),
        (weather(1, source="OpenWeatherMap", change="HOURLY", visibility_sm=1.5), "(OpenWeatherMap of KPAO)"),
    ],
)
def test_words_for_each_kind_of_finding(sky: dict[str, Any], said: str) -> None:
    assert said in words(lesson(), [*fine(), sky])


def test_a_regulation_and_a_field_and_an_aircraft_are_named() -> None:
    rules = [minimum("visibility", ">=", 3, authority="regulation", reference="14 CFR 91.155")]
    assert "below the minimum of 3 SM for student pilots in 14 CFR 91.155" in words(
        lesson(), fine(visibility_sm=1.0), rules
    )
    instrument = lesson(training_level="instrument_rated")
    assert "below the approach minimum of KPAO, 600 ft" in words(instrument, fine(ceiling_ft=550.0))
    gusty = fine(wind_direction_deg=224.0, wind_gust_kt=11.0)
    said = words(lesson(aircraft_crosswind_kt=9.0), gusty)
    assert said.startswith("Watch: crosswind 11 kt")
    assert "2 kt above the aircraft's demonstrated crosswind of 9 kt" in said


def test_without_a_known_runway_the_full_wind_is_said_to_count() -> None:
    along, rules = fine(wind_direction_deg=134.0, wind_speed_kt=9.0), [minimum("crosswind", "<", 8)]
    assert hold([lesson()], along, rules).verdicts.iloc[0] == "ok"
    said = words(lesson(), along, rules, runways=RUNWAYS.assign(closed=True))
    assert said.startswith("At risk: crosswind 9 kt (no open runway is known, so the full wind counts), 1 kt above")


def test_words_for_what_is_not_known() -> None:
    assert words(lesson(), []) == "Unknown: no forecast reaches KPAO for Mon 1 Jun 09:00 PDT."
    sky = [*fine(), weather(1, missing=["thunderstorm", "wind"])]
    assert words(lesson(), sky) == (
        "Unknown: the forecast for KPAO lacks, from Mon 1 Jun 10:00 PDT: wind, thunderstorms."
    )
    assert words(lesson(), fine(), []) == "Unknown: no minimums are on record for this lesson."


def test_a_fine_lesson_is_told_what_comes_closest() -> None:
    assert words(lesson(), [*fine(), weather(1, visibility_sm=6.0)]) == (
        "Nothing in the forecast is below the school's minimums; the closest is visibility 6 SM at KPAO, "
        "Mon 1 Jun 10:00–11:00 PDT (FM group of the TAF of KPAO), against the school's minimum of 5 SM."
    )


@pytest.mark.parametrize(
    ("zone", "month", "said"),
    [
        ("America/Los_Angeles", "2026-11-01T08:30Z", "Sun 1 Nov 01:00 PDT–01:00 PST"),
        ("America/Los_Angeles", "2026-03-08T09:30Z", "Sun 8 Mar 01:00 PST–03:00 PDT"),
        ("America/Sao_Paulo", "2026-06-30T23:30Z", "Tue 30 Jun 20:00–21:00 Sao Paulo time"),
        ("Asia/Kolkata", "2028-02-29T18:00Z", "Tue 29 Feb 23:30–Wed 1 Mar 00:30 IST"),
    ],
)
def test_local_time_is_told_with_its_zone_across_dst_month_ends_and_leap_days(zone: str, month: str, said: str) -> None:
    starts = pd.Timestamp(month)
    hour = starts.floor("h")
    flight = lesson(starts_at_utc=starts, ends_at_utc=starts + pd.Timedelta(minutes=20), time_zone=zone)
    sky = [weather(0, hour_utc=hour, visibility_sm=1.0)]
    rules = [minimum("visibility", ">", 5)]
    assert said in broken(flight, sky, rules, first_hour_utc=hour.to_pydatetime(), buffer_minutes=0)["explanation"][0]
