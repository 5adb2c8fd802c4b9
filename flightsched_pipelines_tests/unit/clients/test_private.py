"""Mails in the local folder are readable by their owner alone, even those that were readable by everybody before."""

import os
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from stat import S_IMODE

import pytest

from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.clients.delivery.delivery_errors import unnoted
from flightsched_pipelines.clients.delivery.mail import Maildir


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def mail() -> EmailMessage:
    message = EmailMessage()
    message["To"] = "ada@example.com"
    message.set_content("Hold")
    return message


def test_a_new_folder_of_mail_and_its_mails_are_their_owners(tmp_path: Path) -> None:
    name = Maildir(tmp_path / "mail").send(mail(), "1", unnoted)
    assert modes(tmp_path) == {"mail": 0o700, "mail/tmp": 0o700, "mail/new": 0o700, "mail/cur": 0o700,
                               f"mail/new/{name}": 0o600}  # fmt: skip


def test_a_folder_that_everybody_could_read_is_closed_with_its_mails(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
        (folder / part / "earlier").write_text("a mail")
    assert modes(tmp_path)["mail/new/earlier"] == 0o644
    Maildir(folder).send(mail(), "1", unnoted)
    assert {S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert {S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())} == {0o700}
    assert (folder / "new" / "earlier").read_text() == "a mail"


def test_a_draft_that_was_left_open_to_all_is_written_anew(tmp_path: Path) -> None:
    draft = tmp_path / "draft"
    draft.write_text("half a mail")
    owner_only_files.write(draft, b"a mail")
    assert (S_IMODE(draft.stat().st_mode), draft.read_bytes()) == (0o600, b"a mail")
