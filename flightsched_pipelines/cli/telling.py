"""``flightsched dispatch``, ``deliver``, ``outbox``, ``preview``, ``send-test`` and ``aws``: telling people."""

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from sqlalchemy import Engine

from flightsched_pipelines.cli.console import UsageError, console, say
from flightsched_pipelines.cli.hour import Hour, Json, parse_hour
from flightsched_pipelines.clients import aws
from flightsched_pipelines.clients.mail import read_maildir
from flightsched_pipelines.database import migrations, outbox
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.desk import deadlines, senders, standby
from flightsched_pipelines.desk import deliver as delivery
from flightsched_pipelines.desk import dispatch as dispatching
from flightsched_pipelines.desk.trial import send_trial
from flightsched_pipelines.messages import calendar, email, slack, sms
from flightsched_pipelines.messages.facts import Digest, Notice
from flightsched_pipelines.messages.samples import SAMPLES
from flightsched_pipelines.settings import Settings

aws_app = typer.Typer(no_args_is_help=True, help="Amazon's topics, queues and bucket.")


def dispatch(hour: Hour = None, as_json: Json = False) -> None:
    """Tell people of the newest hour: open, update and close cases, and queue the messages."""
    settings, engine = ready()
    result = dispatching.dispatch(engine, datetime.now(UTC), settings, parse_hour(hour) if hour else None)
    if as_json:
        console.print(json.dumps(asdict(result), default=str), markup=False, soft_wrap=True)
        return
    if result.repeated:
        console.print(
            f"{result.hour_utc:%Y-%m-%d %H}Z, or a newer hour, was dispatched before: nobody was told anything again"
        )
        return
    console.print(f"{result.hour_utc:%Y-%m-%d %H}Z  cases: {_in_words(result.steps)}")
    console.print(f"queued: {_in_words(result.queued)}; held back: {_in_words(result.held_back)}")
    if result.suppressed or result.unchanged:
        console.print(f"not told: {_in_words({**result.suppressed, **result.unchanged})}")


def deliver(as_json: Json = False) -> None:
    """Send what is due, on every channel that is on."""
    settings, engine = ready()
    result = delivered(engine, settings)
    if as_json:
        # Not by asdict(), which makes counters of a counter's items.
        figures = {field.name: getattr(result, field.name) for field in fields(result)}
        console.print(json.dumps(figures), markup=False, soft_wrap=True)
        return
    console.print(
        f"sent: {_in_words(result.sent)}; failed: {_in_words(result.failed)}; given up: {_in_words(result.dead)}; "
        f"suppressed: {_in_words(result.suppressed)}; deadlines: {_in_words(result.deadlines)}"
    )
    for channel, why in result.down.items():
        console.print(f"[yellow]{channel} is down:[/yellow] {why}")


def delivered(engine: Engine, settings: Settings) -> delivery.Delivered:
    """Pass the deadlines, offer freed slots, then send what is due."""
    passed = deadlines.pass_deadlines(engine, datetime.now(UTC), settings)
    standby.offer_freed_slots(engine, datetime.now(UTC), settings)
    with senders.opened(engine, settings) as channels:
        result = delivery.drain(engine, channels, settings)
    result.deadlines = passed
    return result


def show_outbox(
    number: Annotated[int | None, typer.Argument(help="Which mail to show whole, 1 the newest.")] = None,
) -> None:
    """Show how the outbox stands, and the mail that went into the local folder (MAIL_VIA=maildir)."""
    settings, engine = ready()
    mails = read_maildir(settings.flightsched_home / "mail")
    if number is not None:
        if not 1 <= number <= len(mails):
            raise UsageError(f"there is no mail {number}; there are {len(mails)}, 1 the newest")
        _show_mail(mails[number - 1])
        return
    counts = outbox.counts(engine)
    channels = sorted({channel for channel, _ in counts})
    table = Table("channel", *OUTBOX_COLUMNS, box=box.SIMPLE_HEAD)
    for channel in channels:
        table.add_row(channel, *(str(counts[channel, status]) for status in OUTBOX_COLUMNS))
    console.print(table if channels else "nothing was ever queued")
    if mails:
        listed = Table("", "date", "to", "subject", box=box.SIMPLE_HEAD, title=f"{len(mails)} mails, newest first")
        for place, mail in enumerate(mails[:SHOWN_MAILS], start=1):
            listed.add_row(str(place), str(mail["Date"]), str(mail["To"]), str(mail["Subject"]))
        console.print(listed)
        say("flightsched outbox 1 shows the newest whole")


OUTBOX_COLUMNS = ("waiting", "sending", "sent", "suppressed", "dead")
SHOWN_MAILS = 20


def _show_mail(mail: EmailMessage) -> None:
    for header in ("From", "To", "Date", "Subject", "Message-ID"):
        console.print(f"[bold]{header}:[/bold] {mail[header]}")
    body = mail.get_body(("plain",))
    console.print(body.get_content() if body is not None else "(no text)", markup=False)


def preview(
    name: Annotated[str | None, typer.Argument(help="Which message; unset, their names are listed.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--html", help="A folder to write every message's HTML into, to look at.")
    ] = None,
) -> None:
    """Show what people are told, made of sample facts."""
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for key in SAMPLES:
                (folder / f"{key}.html").write_text(_rendered(key).html, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{folder} cannot be written to: {error.strerror}; name another folder") from None
        console.print(f"{len(SAMPLES)} messages are in {folder}")
        return
    if name is None:
        console.print("\n".join(SAMPLES))
        return
    if name not in SAMPLES:
        raise UsageError(f"there is no message '{name}'; there are {', '.join(SAMPLES)}")
    rendered, sample = _rendered(name), SAMPLES[name]
    console.print(f"[bold]Subject:[/bold] {rendered.subject}\n")
    console.print(rendered.text, markup=False)
    for part, words in _beside_the_mail(sample).items():
        console.print(f"[bold]{part}:[/bold] ", end="")
        console.print(words, markup=False, soft_wrap=True)


def _beside_the_mail(sample: Notice | Digest) -> dict[str, str]:
    """The same message on the other channels, as text."""
    if isinstance(sample, Digest):
        _, blocks = slack.blocks(sample)
        parts = [block["text"] if "text" in block else block["elements"][0] for block in blocks]
        return {"Slack": "\n".join(part["text"] for part in parts)}
    if not calendar.changes_entry(sample):
        return {"SMS": sms.short_text(sample)}
    entry, method = calendar.entry(
        sample, organizer="school@example.com", attendee="reader@example.com", base_uid_domain="example.com"
    )
    return {"SMS": sms.short_text(sample), f"Calendar entry, {method}": "\n" + entry.decode().replace("\r\n", "\n")}


def _rendered(name: str) -> email.Rendered:
    sample = SAMPLES[name]
    return email.render_digest(sample) if isinstance(sample, Digest) else email.render_notice(sample)


def send_test(address: Annotated[str, typer.Argument(help="An address whose mail you can read.")]) -> None:
    """Send one test mail, the way that all mail goes."""
    settings = Settings()
    receipt = send_trial(settings, address, datetime.now(UTC))
    console.print(f"sent by {settings.mail_via}: {receipt}")


@aws_app.callback()
def _aws() -> None:
    """A command of its own for each task."""


@aws_app.command()
def bootstrap() -> None:
    """Make the topics, the queues and the bucket for logs that are missing."""
    settings = Settings()
    made = aws.bootstrap(
        region_of(settings), settings.aws_endpoint_url, settings.environment, settings.compute_logs_bucket
    )
    console.print(
        f"made: {', '.join(made.created) or 'nothing'}; there already: {', '.join(made.existing) or 'nothing'}"
    )


def region_of(settings: Settings) -> str:
    """The region that Amazon's services are in.

    Raises:
        UsageError: none is set.
    """
    if settings.aws_region is None:
        raise UsageError("AWS_REGION is not set, so Amazon's services are off; set it, such as us-east-1")
    return settings.aws_region


def ready() -> tuple[Settings, Engine]:
    """The settings, and a database whose schema is the newest."""
    settings = Settings()
    engine = connect(settings)
    migrations.require_current(engine)
    return settings, engine


def _in_words(counts: object) -> str:
    items = dict(counts)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return ", ".join(f"{number} {name}" for name, number in items.items() if number) or "none"
