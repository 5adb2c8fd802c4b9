"""Frame, tables, docs/concepts/weather.md and every other list of forecast columns agree with the declaration."""

from pathlib import Path

import pytest
from sqlalchemy import Boolean, DateTime, Double, Integer
from sqlalchemy.types import ARRAY

from flightsched_pipelines.cli.hourly.weather import JSON_COLUMNS
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.database.schema.base import Kind
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import LOOKED_AT
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST, FORECAST_COLUMNS
from flightsched_pipelines.domain.weather.forecast_quality import REQUIRED_COLUMNS
from flightsched_pipelines.domain.weather.source_selection import hourly_rows

WEATHER_MD = Path(__file__).parents[4] / "docs" / "concepts" / "weather.md"
SQL_TYPES = {"datetime64[us, UTC]": DateTime, "Int64": Integer, "float64": Double, "bool": Boolean, "object": ARRAY}


@pytest.mark.parametrize("name", ["forecasts", "observations"])
def test_the_tables_have_the_declared_columns_types_and_comments(name: str) -> None:
    columns = {column.name: column for column in PIPELINE_TABLES[name].columns if column.name != "partition_hour"}

    assert list(columns) == list(FORECAST)
    for key, declared in FORECAST.items():
        assert (columns[key].comment, columns[key].nullable) == (declared.meaning, declared.nullable), key
        assert isinstance(columns[key].type, SQL_TYPES.get(declared.dtype, columns[key].type.__class__)), key
        assert isinstance(columns[key].type, Kind) == declared.few, key


def test_the_frame_has_the_declared_columns_and_types() -> None:
    assert {str(name): str(dtype) for name, dtype in hourly_rows([]).dtypes.items()} == dict(FORECAST_COLUMNS)


def test_whoever_names_columns_names_declared_ones() -> None:
    shown = {"at_least"}  # the terminal's short name of visibility_at_least
    assert {*LOOKED_AT, *REQUIRED_COLUMNS, *JSON_COLUMNS} - shown <= set(FORECAST)


def test_the_documentation_lists_the_columns() -> None:
    lines = [f"| `{name}` | {column.meaning} |" for name, column in FORECAST.items()]

    assert "\n".join(["| column | meaning |", "|---|---|", *lines]) in WEATHER_MD.read_text()
