"""Show outbox status, and the mail in the local folder: ``flightsched outbox``."""

from email.message import EmailMessage
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import UsageError, console, print_json, print_progress
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.schema import OUTBOX_STATES
from flightsched_pipelines.formatting import plural

SHOWN_MAILS = 20
HEADERS = ("From", "To", "Date", "Subject", "Message-ID")


def show_outbox(
    number: Annotated[int | None, typer.Argument(help="The mail to show in full, 1 the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Show outbox status, and the mail in the local folder (MAIL_VIA=maildir)."""
    settings, engine = open_session()
    mails = read_maildir(settings.flightsched_home / "mail")
    if number is not None:
        if not 1 <= number <= len(mails):
            raise UsageError(f"there is no mail {number}; there are {len(mails)}, 1 the newest")
        _show_mail(mails[number - 1], as_json=as_json)
        return
    counts = outbox.counts(engine)
    channels = sorted({channel for channel, _ in counts})
    if as_json:
        statuses = {channel: {status: counts[channel, status] for status in OUTBOX_STATES} for channel in channels}
        perhaps = outbox.perhaps_delivered(engine)
        print_json({"channels": statuses, "perhaps_delivered": perhaps, "mails": [_headers(mail) for mail in mails]})
        return
    table = Table("channel", *OUTBOX_STATES, box=box.SIMPLE_HEAD)
    for channel in channels:
        table.add_row(channel, *(str(counts[channel, status]) for status in OUTBOX_STATES))
    console.print(table if channels else "no messages yet")
    if perhaps := outbox.perhaps_delivered(engine):
        print_progress(
            f"{perhaps} dead letters may have been delivered; `flightsched redrive --perhaps-delivered` sends them too"
        )
    if mails:
        title = f"{plural(len(mails), 'mail')}, newest first"
        listed = Table("", "date", "to", "subject", box=box.SIMPLE_HEAD, title=title)
        for place, mail in enumerate(mails[:SHOWN_MAILS], start=1):
            listed.add_row(str(place), *(escape(str(mail[header])) for header in ("Date", "To", "Subject")))
        console.print(listed)
        print_progress("`flightsched outbox 1` shows the newest in full")


def _headers(mail: EmailMessage) -> dict[str, str]:
    return {header.lower(): str(mail[header]) for header in HEADERS}


def _show_mail(mail: EmailMessage, *, as_json: bool) -> None:
    body = mail.get_body(("plain",))
    text = body.get_content() if body is not None else "(no text)"
    if as_json:
        print_json(_headers(mail) | {"text": text})
        return
    for header in HEADERS:
        console.print(f"[bold]{header}:[/bold] {escape(str(mail[header]))}")
    console.print(text, markup=False)
