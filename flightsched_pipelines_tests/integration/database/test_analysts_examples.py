"""Run as it is what analysts copy: the dashboard's queries, the notebook, and the reading of the archive."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from sqlalchemy import Engine, select

from flightsched_pipelines.database import parquet
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.services.retention.archive import file_of
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.database.conftest import ask

ROOT = Path(__file__).parents[3]
EVIDENCE = ROOT / "examples" / "evidence"
NOTEBOOK = ROOT / "examples" / "notebook" / "risk-by-hour.ipynb"
GUIDE = ROOT / "docs" / "how-to" / "business-intelligence.md"
QUERIES = {file.stem: file.read_text(encoding="utf-8") for file in (EVIDENCE / "sources").rglob("*.sql")}


def test_the_dashboards_queries_are_answered_to_the_analyst_and_the_page_uses_their_columns(lived_in: Engine) -> None:
    answers = {name: ask(lived_in, query, role="analyst") for name, query in QUERIES.items()}
    assert {name for name, rows in answers.items() if not rows} == {"cancellations"}, "nothing is cancelled here"
    columns = {name: set(rows[0]) for name, rows in answers.items() if rows}
    columns["cancellations"] = {"cause", "lessons", "hours"}
    page = (EVIDENCE / "pages" / "index.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sql (\w+)\nSELECT (.+?) FROM flightsched\.(\w+)\n```", page)
    selected = {name: (set(re.findall(r"(?:AS )?(\w+)(?:,|$)", what)), source) for name, what, source in blocks}
    assert {source for _, source in selected.values()} == set(QUERIES)
    for name, (found, source) in selected.items():
        assert found <= columns[source], name
    shown = re.findall(r"<\w+ data=\{(\w+)\}([^>]*)>", page)
    assert len(shown) == 9
    for name, attributes in shown:
        assert set(re.findall(r"(?:x|y|series|value)=(\w+)", attributes)) <= selected[name][0], name


def test_the_notebook_draws_the_risk_by_hour_in_ten_lines(lived_in: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code" for line in cell["source"]]
    assert len([line for line in lines if line.strip()]) == 10
    monkeypatch.setenv("FLIGHTSCHED_DEMO", "no")
    monkeypatch.setenv("DATABASE_URL", lived_in.url.render_as_string(hide_password=False))
    known: dict[str, Any] = {}
    exec("".join(lines[:-1]), known)  # noqa: S102, the example itself
    drawn = eval(lines[-1], known).to_html()  # noqa: S307, as above
    risk: pd.DataFrame = known["risk"]
    assert "linear-gradient" in drawn
    (stored,) = ask(
        lived_in,
        "SELECT count(*) AS lessons, count(*) FILTER (WHERE verdict = 'at_risk') AS below FROM analytics.assessments",
    )
    assert risk["lessons"].sum() == stored["lessons"] > 50
    assert risk["below_minimums"].sum() == stored["below"] > 0


def archived(engine: Engine, folder: Path) -> None:
    """Write an hour's breaches as the archive has them."""
    table = PIPELINE_TABLES["at_risk_bookings"]
    file = folder / "archive" / file_of(table.name, SEED_HOUR)
    file.parent.mkdir(parents=True)
    with engine.connect() as connection:
        rows = connection.execute(select(table).where(table.c.partition_hour == SEED_HOUR)).all()
    file.write_bytes(parquet.encode(table, [tuple(row) for row in rows]))


def blocks(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.+?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (block,) = found
    return str(block)


def test_pandas_reads_the_archive_as_documented(
    lived_in: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archived(lived_in, tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(blocks("python"), {})  # noqa: S102, the example itself
    assert "thunderstorm" in capsys.readouterr().out


def test_duckdb_reads_the_archive_as_documented(
    lived_in: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived(lived_in, tmp_path)
    monkeypatch.chdir(tmp_path)
    found = duckdb.sql(blocks("sql"))
    assert found is not None
    counted = dict(found.fetchall())
    stored = ask(
        lived_in,
        "SELECT rule, count(DISTINCT booking_id) AS lessons FROM pipeline.at_risk_bookings "
        "WHERE partition_hour = :hour AND verdict = 'at_risk' GROUP BY rule",
        hour=SEED_HOUR,
    )
    assert counted == {row["rule"]: row["lessons"] for row in stored} != {}
