"""The pages under `flightsched dev`: what is linked opens, and nothing else is served."""

from pathlib import Path

import httpx
import pytest

from flightsched_pipelines.cli.setup.pages import DOCS, find_page, serve_pages
from flightsched_pipelines.domain.monitoring.check_definition import Section
from flightsched_pipelines_tests.servers.ports import free_port


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/docs/../pyproject.toml", "/docs/%2e%2e/pyproject.toml", "/reports/x.py",
     "/docs/missing.md", "//etc/passwd"],
)  # fmt: skip
def test_nothing_else_is_served(path: str) -> None:
    assert find_page(path, {"docs": DOCS, "reports": DOCS}) is None


@pytest.mark.parametrize("section", Section)
def test_a_link_to_the_runbook_leads_to_its_section(section: Section) -> None:
    page = find_page("/docs/how-to/runbook.md", {"docs": DOCS})
    assert page is not None
    assert f'<h2 id="{section}">' in page


def test_a_report_opens_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "2026-11-10T14.html").write_text("<h1>14:00Z</h1>")
    port = free_port()
    with serve_pages("127.0.0.1", port, tmp_path):
        found = httpx.get(f"http://127.0.0.1:{port}/reports/2026-11-10T14.html")
        missing = httpx.get(f"http://127.0.0.1:{port}/reports/2026-11-10T15.html")
    assert (found.status_code, found.text) == (200, "<h1>14:00Z</h1>")
    assert missing.status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/reports/2026-11-10T14.html")
