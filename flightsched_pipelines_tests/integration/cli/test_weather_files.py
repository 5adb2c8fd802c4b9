"""Files of weather in the terminal: bulletins of the National Blend of Models."""

from datetime import UTC, datetime
from pathlib import Path

from flightsched_pipelines_tests.integration.cli.conftest import Type
from flightsched_pipelines_tests.unit.domain.weather.bulletins import block


def test_weather_shows_a_bulletin_of_the_blend(flightsched: Type, tmp_path: Path) -> None:
    file = tmp_path / "blend_nbhtx.t12z"
    file.write_text(block("NBH", datetime(2026, 7, 9, 12, tzinfo=UTC), "KPAO"))
    shown = flightsched("weather", str(file))
    assert shown.code == 0
    assert len([line for line in shown.out.splitlines() if "KPAO" in line and "HOURLY " in line]) == 24
    assert "None" not in shown.out
