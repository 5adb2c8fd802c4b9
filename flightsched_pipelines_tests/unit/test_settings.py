"""Settings are named where people look for them."""

import re
from pathlib import Path

import pytest

from flightsched_pipelines.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LISTED = {name for names in re.findall(r"^\| (`[A-Z].*?`) \|", README, re.MULTILINE) for name in names.split("`")}


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_the_readme_lists_every_variable(name: str) -> None:
    assert any(listed == name or listed.startswith(f"{name}__") for listed in LISTED)
