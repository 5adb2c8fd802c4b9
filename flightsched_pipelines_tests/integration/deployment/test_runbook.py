"""Everything that the runbook names exists; test_compose.py runs its runnable blocks."""

import re

from flightsched_pipelines.database.schema import metadata
from flightsched_pipelines.definitions import defs
from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.check_definition import Section
from flightsched_pipelines.reporting.metrics import METRICS
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.integration.deployment.commands import exists
from flightsched_pipelines_tests.integration.deployment.runbook import COMMANDS, RUNBOOK
from flightsched_pipelines_tests.servers.compose import ROOT

NEITHER = {"database_class", "env_file", "max_connections", "rate_limited"}
OF_OTHERS = {
    "POSTGRES_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_TRACES_SAMPLER",
}  # fmt: skip
"""Variables of PostgreSQL's image and of the libraries of Amazon and OpenTelemetry."""


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_other_command_exists() -> None:
    for words in COMMANDS:
        exists(words)


def test_every_section_that_an_alarm_links_to_is_there() -> None:
    assert set(Section) <= anchors(RUNBOOK)


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", RUNBOOK):
        page, _, anchor = target.partition("#")
        file = ROOT / "docs" / "how-to" / (page or "runbook.md")
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text()), target


def test_every_alarm_of_before_has_its_check_with_its_threshold() -> None:
    rows = re.findall(r"^\| `((?:weather|ai)-[a-z-]+)` \| `(\w+)` \| \D*(\d+)", RUNBOOK, re.MULTILINE)
    assert len(rows) == 6
    for before, check, threshold in rows:
        assert (CHECKS[check].counterpart, CHECKS[check].limit) == (before, float(threshold))


def test_every_check_and_variable_that_is_named_exists() -> None:
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", RUNBOOK))
    columns = {column.name for table in metadata.tables.values() for column in table.columns}
    assets = {key.path[-1] for key in defs.resolve_all_asset_keys()}
    of_dagster = {job.name for job in defs.resolve_all_job_defs()} | {sensor.name for sensor in defs.sensors or ()}
    known = columns | assets | of_dagster | CHECKS.keys() | METRICS.keys()
    assert named - NEITHER <= known
    variables = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", RUNBOOK))
    limits = {f"ALARMS__{check.upper()}" for check in CHECKS}
    assert variables - OF_OTHERS <= limits | {field.upper() for field in Settings.model_fields}
