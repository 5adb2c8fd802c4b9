"""The contract of the analysts' views is true of the database: columns, types, keys, nulls, and rules run as SQL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, text

from flightsched_pipelines.database.data_dictionary import DescribedColumn, described_columns
from flightsched_pipelines_tests.integration.database.conftest import ask

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "analytics-contract.odcs.yaml"
CONTRACT: Mapping[str, Any] = yaml.safe_load(PAGE.read_text(encoding="utf-8"))
VIEWS: Mapping[str, Mapping[str, Any]] = {view["name"]: view for view in CONTRACT["schema"]}
RULES = [(view, rule) for view in VIEWS.values() for rule in view.get("quality", ())]
LOGICAL: Mapping[str, str] = {
    "timestamptz": "timestamp", "timestamp": "timestamp", "text": "string", "bigint": "integer", "integer": "integer",
    "double": "number", "boolean": "boolean", "date": "date",
}  # fmt: skip
PHYSICAL: Mapping[str, str] = {
    "timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp", "double precision": "double",
}  # fmt: skip


def key_of(view: Mapping[str, Any]) -> str:
    keys = [one for one in view["properties"] if one.get("primaryKey")]
    return ", ".join(one["name"] for one in sorted(keys, key=lambda one: one["primaryKeyPosition"]))


def promised(view: str) -> list[tuple[str, str, str, str]]:
    properties: list[dict[str, str]] = VIEWS[view]["properties"]
    return [
        (one["name"], one["logicalType"], PHYSICAL.get(one["physicalType"]) or one["physicalType"], one["description"])
        for one in properties
    ]


def kept(columns: list[DescribedColumn]) -> list[tuple[str, str, str, str]]:
    return [(one.name, LOGICAL[one.type], one.type, one.meaning) for one in columns]


def test_the_contract_is_of_the_standard_and_promises_every_view(engine: Engine) -> None:
    columns = [one for one in described_columns(engine) if one.schema == "analytics"]
    assert (CONTRACT["apiVersion"], CONTRACT["kind"], CONTRACT["status"]) == ("v3.1.0", "DataContract", "active")
    assert set(VIEWS) == {one.relation for one in columns}
    for name, view in VIEWS.items():
        of_view = [one for one in columns if one.relation == name]
        assert promised(name) == kept(of_view), name
        assert view["description"] == of_view[0].about
        assert key_of(view), name
    fresh = [sla["element"] for sla in CONTRACT["slaProperties"] if sla["property"] == "freshness"]
    assert set(fresh) <= {f"{one.relation}.{one.name}" for one in columns}
    assert len(fresh) == 2


@pytest.mark.parametrize("name", VIEWS)
def test_keys_are_unique_and_what_is_required_is_there(lived_in: Engine, name: str) -> None:
    view = VIEWS[name]
    key = key_of(view)
    twice = f"SELECT {key} FROM analytics.{name} GROUP BY {key} HAVING count(*) > 1"  # noqa: S608, names of the contract
    assert ask(lived_in, twice, role="analyst") == []
    required = " OR ".join(f"{one['name']} IS NULL" for one in view["properties"] if one["required"])
    lacking = f"SELECT * FROM analytics.{name} WHERE {required}"  # noqa: S608, as above
    assert ask(lived_in, lacking, role="analyst") == []


def test_the_rules_hold_where_there_are_rows(lived_in: Engine) -> None:
    assert len(RULES) >= len(VIEWS), "each view has one"
    for view, rule in RULES:
        ((found,),) = (tuple(row.values()) for row in ask(lived_in, rule["query"], role="analyst"))
        assert found == rule["mustBe"], (view["name"], rule["name"])
    empty = {name for name in VIEWS if not ask(lived_in, f"TABLE analytics.{name} LIMIT 1")}
    assert empty <= {
        "metrics", "forecast_scores", "forecast_reliability", "temporary_groups", "verdict_scores", "cancellations",
    }, "what these contain is made in other hours, or by imports"  # fmt: skip


def test_a_rule_that_is_broken_is_found(lived_in: Engine) -> None:
    (rule,) = (rule["query"] for _, rule in RULES if rule["name"] == "ends_after_it_began")
    with lived_in.connect() as connection:
        connection.execute(text("UPDATE school.reschedule_cases SET opened_at = closed_at + interval '1 minute' "
                                "WHERE closed_at IS NOT NULL"))  # fmt: skip
        assert connection.execute(text(rule)).scalar_one() > 10
