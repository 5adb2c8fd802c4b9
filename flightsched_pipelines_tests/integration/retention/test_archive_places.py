"""The places of an archive: a bucket's rights, a folder's entries on the disk, and files of different columns."""

import os
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text

from flightsched_pipelines.clients.archive.bucket import BucketArchive
from flightsched_pipelines.clients.archive.folder import FolderArchive
from flightsched_pipelines.clients.archive.store import ArchiveError
from flightsched_pipelines.database import parquet
from flightsched_pipelines.services.retention import archive
from flightsched_pipelines_tests.conftest import SEED_HOUR

ROOT = Path(__file__).parents[3]
HOURS = [SEED_HOUR, SEED_HOUR + timedelta(hours=1)]


def test_a_bucket_that_may_not_be_listed_says_which_right_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    class Denies(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, the base's name
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Denies) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        store = BucketArchive("archive", "", "us-east-1", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(ArchiveError, match=r"^table=x in the bucket of ARCHIVE cannot be read: .*s3:ListBucket"):
            store.read("table=x")
        server.shutdown()


def test_the_disk_keeps_the_entries_of_new_folders_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def noted(opened: int) -> None:
        synced.append(os.fstat(opened).st_ino)
        fsync(opened)

    monkeypatch.setattr(os, "fsync", noted)
    store, name = FolderArchive(tmp_path / "new" / "archive"), archive.file_of("forecasts", HOURS[0])
    for again in (
        False,
        True,
    ):  # the second time only the file is new, and an earlier attempt may have made the folders
        synced.clear()
        store.add(name, b"rows")
        file = tmp_path / "new" / "archive" / name
        folders = [*file.parents][: 4 if again else 6]
        assert synced[1:] == [folder.stat().st_ino for folder in folders]
        file.unlink()


def test_hours_of_different_columns_are_read_as_one_table(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "retention.md").read_text()
    recipe = page.partition("```python\n")[2].partition("```")[0]
    store = FolderArchive(tmp_path)
    earlier, later = (Table("forecasts", MetaData(), *columns) for columns in (
        [Column("airport", Text)], [Column("airport", Text), Column("added", Integer, comment="New.")],
    ))  # fmt: skip
    store.add(archive.file_of("forecasts", HOURS[0]), parquet.encode(earlier, [("KPAO",)]))
    store.add(archive.file_of("forecasts", HOURS[1]), parquet.encode(later, [("KSQL", 7)]))
    found: dict[str, Any] = {}
    exec(recipe.replace("archive/table", f"{tmp_path}/table"), found)  # noqa: S102, the page's own words
    frame = found["forecasts"].sort_values("airport")
    assert frame["airport"].tolist() == ["KPAO", "KSQL"]
    assert frame["added"].isna().tolist() == [True, False]
    assert [str(day) for day in frame["date"]] == [f"{SEED_HOUR:%Y-%m-%d}"] * 2
