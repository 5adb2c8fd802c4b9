"""Weather codes by exact token."""

import pytest

from flightsched_pipelines.domain.weather.reports.words.weather_codes import is_weather, read_weather


@pytest.mark.parametrize(
    ("codes", "hazards"),
    [
        ("", set()),
        ("BR", set()),
        ("-RA BR", set()),
        ("+TSRA SQ", {"TS", "SQ"}),
        ("TSRAGR", {"TS", "GR"}),
        ("VCTS", {"VCTS"}),
        ("VCSH", set()),
        ("TS HZ", {"TS"}),
        ("-FZRA", {"FZRA"}),
        ("FZDZ BR", {"FZDZ"}),
        ("FZRAPL", {"FZRA", "PL"}),
        ("FZFG", {"FZFG"}),
        ("FG", {"FG"}),
        ("BCFG", set()),
        ("MIFG", set()),
        ("VCFG", set()),
        ("FC", {"FC"}),
        ("+FC", {"+FC"}),
        ("NSW", set()),
        ("RETSRA", set()),
        ("SN", set()),
    ],
)
def test_each_code_yields_its_own_hazards(codes: str, hazards: set[str]) -> None:
    weather = read_weather(codes)

    assert weather.hazards == hazards
    assert weather.legible


@pytest.mark.parametrize("token", ["KSNA", "XX", "//", "TSXX", "RAR", "-", "+", "VC"])
def test_what_is_no_code_is_illegible_and_no_weather(token: str) -> None:
    assert not is_weather(token)
    assert not read_weather(token).legible


def test_freezing_rain_is_not_filed_under_rain() -> None:
    assert read_weather("-FZRA").hazards == {"FZRA"}
    assert read_weather("-RA").hazards == set()


@pytest.mark.parametrize(
    ("codes", "falls"), [("-RA", True), ("SN", True), ("BR", False), ("VCSH", False), ("TS", False)]
)
def test_precipitation_is_what_falls_here(codes: str, falls: bool) -> None:
    assert read_weather(codes).precipitation is falls
