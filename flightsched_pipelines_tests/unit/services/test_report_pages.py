"""The folder of the reports' pages: what is kept there, and who may read it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE

import pytest

from flightsched_pipelines.services.monitoring.report_pages import NEWEST, page_path, write_page
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.unit.reporting.builders import empty

HOUR = timedelta(hours=1)
FORTNIGHT = 14 * 24
NEWEST_HOUR = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return S_IMODE(path.stat().st_mode)


def test_pages_are_kept_for_a_fortnight_and_the_newest_is_the_latest(tmp_path: Path) -> None:
    settings = settings_for(report_folder=tmp_path)
    for n in range(FORTNIGHT + 3):
        (tmp_path / f"{NEWEST_HOUR - (n + 1) * HOUR:%Y-%m-%dT%H}.html").write_text("old")
    path = write_page(empty(NEWEST_HOUR), settings)
    assert (tmp_path / NEWEST).read_text() == path.read_text()
    assert len(list(tmp_path.glob("*T*.html"))) == FORTNIGHT
    write_page(empty(NEWEST_HOUR), settings_for(report_folder=tmp_path, keep_days={"reports": 2}))
    assert len(list(tmp_path.glob("*T*.html"))) == 48
    write_page(empty(NEWEST_HOUR - 5 * HOUR), settings)
    assert (tmp_path / NEWEST).read_text() == path.read_text(), "an older hour made again is not the latest"


@pytest.mark.parametrize("existing", [False, True])
def test_our_own_folder_is_its_owners_alone_with_the_pages_that_were_open(existing: bool, tmp_path: Path) -> None:
    settings = settings_for(flightsched_home=tmp_path / "home")
    folder = page_path(NEWEST_HOUR, settings).parent
    if existing:
        folder.mkdir(parents=True)
        (folder / f"{NEWEST_HOUR - HOUR:%Y-%m-%dT%H}.html").write_text("old")
    write_page(empty(NEWEST_HOUR), settings)
    assert (mode(folder), {mode(path) for path in folder.iterdir()}) == (0o700, {0o600})


@pytest.mark.parametrize(("made", "then"), [(None, (0o700, 0o600)), (0o700, (0o700, 0o600)), (0o750, (0o750, 0o640)),
                                            (0o755, (0o755, 0o644)), (0o777, (0o777, 0o644))])  # fmt: skip
def test_pages_in_a_folder_that_was_chosen_are_as_open_as_it_is(
    made: int | None, then: tuple[int, int], tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    if made is not None:
        folder.mkdir()
        folder.chmod(made)
    path = write_page(empty(NEWEST_HOUR), settings_for(report_folder=folder))
    assert (mode(folder), mode(path)) == then
