"""Settings are listed in the README, and rejected with a sentence."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from flightsched_pipelines.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LISTED = {name for names in re.findall(r"^\| (`[A-Z].*?`) \|", README, re.MULTILINE) for name in names.split("`")}


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_the_readme_lists_every_variable(name: str) -> None:
    assert any(listed == name or listed.startswith(f"{name}__") for listed in LISTED)


@pytest.mark.parametrize(
    "name", ["base_url", "aviation_weather_url", "open_weather_map_url", "openai_base_url", "heartbeat_url"]
)
def test_what_is_no_web_address_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ValidationError, match="give a web address, such as"):
        Settings.model_validate({name: "foo", "secret_key": "x" * 32})


def test_notice_beyond_the_horizon_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValidationError, match=r"RESCHEDULE_EARLIEST_HOURS is 48, .* raise the other"):
        Settings(reschedule_earliest_hours=48, reschedule_horizon_days=2)
