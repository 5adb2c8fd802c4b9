"""Times, amounts and broken rules in words."""

from datetime import UTC, datetime, timedelta

import pytest

from flightsched_pipelines.messages import formatting
from flightsched_pipelines.messages.models import Shortfall

LA = "America/Los_Angeles"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shortfall(**given: object) -> Shortfall:
    facts = {
        "rule": "visibility", "value": 0.5, "limit": 3.0, "by": 2.5, "unit": "SM", "hazard": None, "airport": "KPAO",
        "from_utc": at("2026-11-24T17:00"), "to_utc": at("2026-11-24T18:00"), "temporary": False,
    }  # fmt: skip
    return Shortfall.model_validate(facts | given)


@pytest.mark.parametrize(
    ("starts", "minutes", "zone", "told"),
    [
        ("2026-11-24T18:00", 90, LA, "Tue 24 Nov 10:00–11:30 PST"),
        ("2026-11-25T07:00", 90, LA, "Tue 24 Nov 23:00–Wed 25 Nov 00:30 PST"),
        ("2026-10-01T06:30", 60, LA, "Wed 30 Sep 23:30–Thu 01 Oct 00:30 PDT"),
        ("2028-02-29T18:00", 60, LA, "Tue 29 Feb 10:00–11:00 PST"),
        ("2028-03-01T07:30", 60, LA, "Tue 29 Feb 23:30–Wed 01 Mar 00:30 PST"),
        ("2026-03-08T09:30", 60, LA, "Sun 08 Mar 01:30 PST–03:30 PDT"),
        ("2026-11-01T08:30", 60, LA, "Sun 01 Nov 01:30 PDT–01:30 PST"),
        ("2026-11-24T18:00", 90, "America/Sao_Paulo", "Tue 24 Nov 15:00–16:30 Sao Paulo time"),
    ],
)
def test_a_time_is_told_on_the_local_clock_with_the_name_of_its_zone(
    starts: str, minutes: int, zone: str, told: str
) -> None:
    assert formatting.format_period(at(starts), at(starts) + timedelta(minutes=minutes), zone) == told


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = at("2026-11-01T08:30"), at("2026-11-01T09:30")
    assert formatting.format_time(first, LA) == "Sun 01 Nov 01:30 PDT"
    assert formatting.format_time(second, LA) == "Sun 01 Nov 01:30 PST"


def test_it_is_told_apart_where_the_zone_has_no_abbreviation_either() -> None:
    first, second = at("2026-04-05T02:30"), at("2026-04-05T03:30")
    assert formatting.format_time(first, "America/Santiago") != formatting.format_time(second, "America/Santiago")


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [(0.5, "SM", "0.5 SM"), (1000.0, "ft", "1,000 ft"), (12.0, "kt", "12 kt"), (30.0, "min", "30 min")],
)
def test_an_amount_has_its_unit(value: float, unit: str, told: str) -> None:
    assert formatting.format_quantity(value, unit) == told


def test_a_minimum_is_missed_from_below() -> None:
    assert formatting.breach_sentence(shortfall(), LA) == (
        "Visibility 0.5 SM, 2.5 SM below the school's minimum of 3 SM: KPAO, Tue 24 Nov 09:00–10:00 PST."
    )


def test_a_maximum_is_missed_from_above() -> None:
    told = formatting.breach_sentence(shortfall(rule="crosswind", value=14.0, limit=8.0, by=6.0, unit="kt"), LA)
    assert "Crosswind 14 kt, 6 kt above the school's maximum of 8 kt" in told


def test_a_temporary_group_is_told_as_at_times() -> None:
    assert "at times 0.5 SM" in formatting.breach_sentence(shortfall(temporary=True), LA)


@pytest.mark.parametrize("rule", ["convection", "thunderstorm"])
def test_a_hazard_has_its_codes_and_no_amount(rule: str) -> None:
    told = formatting.breach_sentence(
        shortfall(rule=rule, value=None, limit=None, by=None, unit=None, hazard="TS CB"), LA
    )
    assert told.startswith("Convection (TS, CB) forecast")
    assert "none allowed" in told


def test_the_limit_of_a_wind_is_called_a_maximum() -> None:
    told = formatting.breach_sentence(shortfall(rule="crosswind", value=14.0, limit=8.0, by=6.0, unit="kt"), LA)
    assert "maximum" in told


def test_a_limit_that_is_only_met_is_not_told_as_missed_by_nothing() -> None:
    told = formatting.breach_sentence(shortfall(value=3.0, by=0.0), LA)
    assert told.startswith("Visibility 3 SM; the school's minimum: more than 3 SM.")


def test_what_a_forecast_lacks_is_told_in_whole_words() -> None:
    lack = shortfall(rule="forecast", value=None, limit=None, by=None, unit="", hazard="no forecast")
    assert "(no, forecast)" not in formatting.breach_sentence(lack, LA)


def test_icing_without_a_code_is_told_in_whole_words() -> None:
    icing = shortfall(rule="icing", value=None, limit=None, by=None, unit="", hazard="moisture below freezing")
    assert "moisture below freezing" in formatting.breach_sentence(icing, LA)


@pytest.mark.parametrize(("hazard", "limit"), [("sunset", 30.0), ("before sunrise", 0.0)])
def test_darkness_is_told_as_minutes_from_the_sun(hazard: str, limit: float) -> None:
    dark = shortfall(rule="daylight", value=-12.0, limit=limit, by=12.0 + limit, unit="min", hazard=hazard)
    told = formatting.breach_sentence(dark, LA)
    assert "-12 min" not in told
    assert "at most" not in told


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formatting.format_time(datetime(2026, 11, 24, 18), LA)  # noqa: DTZ001, it is what is refused
