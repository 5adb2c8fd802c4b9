"""Dispatch and delivery from the terminal: messages sent, output shown, and refusals in one sentence."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel
from sqlalchemy import DateTime, Engine, Table, func, text, update

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.database.schema import PIPELINE_TABLES, bookings, partitions
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.notifications.samples import SAMPLES
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.cli.conftest import Type
from flightsched_pipelines_tests.servers import moto_server, smtp_server

STORED = ("booking_snapshot", "lesson_verdicts", "at_risk_bookings", "reschedule_candidates", "reschedule_proposals")


@pytest.fixture
def ticked(monkeypatch: pytest.MonkeyPatch, ticked_engine: Engine, tmp_path: Path) -> Engine:
    """Return the commands' database, in which the running hour was run."""
    by = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - SEED_HOUR
    with ticked_engine.begin() as connection:
        for table in (*(PIPELINE_TABLES[name] for name in STORED), partitions):
            connection.execute(_shifted(table, by))
        starts, ends = func.lower(bookings.c.period), func.upper(bookings.c.period)
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        connection.execute(update(bookings).values(period=func.tstzrange(starts + by, ends + by)))
    monkeypatch.setenv("DATABASE_URL", ticked_engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "home"))
    return ticked_engine


def _shifted(table: Table, by: timedelta):  # noqa: ANN202, a statement
    return update(table).values({c.name: c + by for c in table.columns if isinstance(c.type, DateTime)})


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Amazon, as the settings name it."""
    with moto_server.running() as url:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": moto_server.REGION,
            "AWS_ENDPOINT_URL": url, "ENVIRONMENT": "test",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield url


OF_SOME = {"track_record", "uncertainty"}
"""Facts that need a record of forecasts, or a forecast that disagrees."""


def assert_is_like_the_sample(engine: Engine) -> None:
    """A real mail has the facts that its sample has, and each reason has its form."""
    with engine.connect() as connection:
        query = "SELECT payload FROM school.outbox WHERE event = 'opened' AND channel = 'email' AND role = 'student'"
        payloads = connection.execute(text(query)).scalars().all()
    sample = SAMPLES["opened-student"]
    assert isinstance(sample, Notice)
    offered = [one for one in map(Notice.model_validate, payloads) if one.offers and one.lesson.instructor]
    assert offered
    for notice in offered:
        facts = _given(notice) - OF_SOME
        assert facts | {"case_url", "person_url"} == _given(sample) - OF_SOME, "links need a base URL"
        assert _given(notice.offers[0]) | {"accept_url"} == _given(sample.offers[0])
        assert _given(notice.lesson) == _given(sample.lesson)
    form = re.compile(r"(Main reasons: .+\. )?(Same|Another) [^;]+, [^;]+; [^;]*forecast [^;]+")
    for notice in (*offered, sample):
        flown = [offer.reason for offer in notice.offers if offer.form == "flight"]
        assert flown
        assert all(form.fullmatch(reason) for reason in flown), flown


def _given(model: BaseModel) -> set[str]:
    return {name for name, value in model.model_dump().items() if value not in (None, [], {}, False)}


def test_a_delivery_says_how_many_cases_passed_their_deadline(ticked: Engine, flightsched: Type) -> None:
    assert flightsched("dispatch").code == 0
    with ticked.begin() as connection:
        ahead = "SELECT c.id FROM school.reschedule_cases c WHERE c.starts_at_utc > now() + interval '1 day' LIMIT 1"
        connection.execute(text(f"UPDATE school.reschedule_cases SET deadline_utc = now() WHERE id = ({ahead})"))  # noqa: S608, our own

    assert "deadlines: cases expired 1" in flightsched("deliver").out


def test_people_are_told_of_the_newest_hour_once(ticked: Engine, flightsched: Type, tmp_path: Path) -> None:
    assert "no messages yet" in flightsched("outbox").out
    told = flightsched("dispatch")
    assert told.code == 0, told.err
    assert "opened" in told.out
    assert "queued: " in told.out
    assert "was dispatched before" in flightsched("dispatch").out
    dispatched = json.loads(flightsched("dispatch", "--json").out)
    assert tuple(dispatched) == JSON_FIELDS["dispatch"][1]
    assert dispatched["repeated"]

    delivered = json.loads(flightsched("deliver", "--json").out)
    assert tuple(delivered) == JSON_FIELDS["deliver"][1]
    sent = delivered["sent"]["email"]
    assert sent == len(read_maildir(tmp_path / "home" / "mail")) > 0
    assert "sent: none" in flightsched("deliver").out
    assert outbox.counts(ticked)["email", "sent"] == sent
    assert {mail["Reply-To"] for mail in read_maildir(tmp_path / "home" / "mail")} <= {
        "frontdesk.pao@example.com", "frontdesk.apa@example.com",
    }  # fmt: skip
    assert_is_like_the_sample(ticked)

    assert f"{sent} mails, newest first" in flightsched("outbox").out
    whole = flightsched("outbox", "1").out
    assert "Subject: Weather" in whole
    assert "The pilot in command decides on every flight." in whole
    assert f"there are {sent}, 1 the newest" in flightsched("outbox", "0").err


def test_a_hour_that_nobody_is_to_be_told_of_is_refused(
    ticked: Engine, flightsched: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "give a full hour in UTC" in flightsched("dispatch", "--hour", "yesterday").err
    old = datetime.now(UTC) - timedelta(hours=5)
    assert "not the newest validated hour" in flightsched("dispatch", "--hour", f"{old:%Y-%m-%dT%H}").err
    monkeypatch.setenv("DISPATCH_MAX_AGE_HOURS", "0.000001")
    refused = flightsched("dispatch")
    assert refused.code == 2
    assert "DISPATCH_MAX_AGE_HOURS" in refused.err
    with ticked.begin() as connection:
        connection.execute(text("DELETE FROM pipeline.partitions"))
    assert "run `flightsched tick` first" in flightsched("dispatch").err


def test_what_was_given_up_is_put_back_and_sent(ticked: Engine, flightsched: Type) -> None:
    flightsched("dispatch")
    with ticked.begin() as connection:
        connection.execute(
            text("UPDATE school.outbox SET status = 'dead', settled_at = now() WHERE role = 'dispatcher'")
        )
    assert flightsched("outbox").out.split()[-1] == "2"
    redriven = json.loads(flightsched("redrive", "--json").out)
    assert tuple(redriven) == JSON_FIELDS["redrive"][1]
    assert redriven["messages_put_back"] == 2
    assert "0 messages put back" in flightsched("redrive").out


def test_a_channel_that_is_down_is_named(ticked: Engine, flightsched: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    with ticked.begin() as connection:
        outbox.queue(connection, [Queued("a/redis", "redis", None, None, "opened", "system", 1, {}, now, None)], now)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    assert "redis is down: Redis cannot be used" in flightsched("deliver").out


@pytest.mark.parametrize("name", SAMPLES)
def test_every_message_has_a_preview_on_each_of_its_channels(flightsched: Type, name: str) -> None:
    shown = flightsched("preview", name).out
    on_standby, to_dispatchers = name.startswith("standby"), isinstance(SAMPLES[name], Digest)
    subject = "Standby" if on_standby else "Palo Alto Flight School" if name == "school-week" else "Weather"
    assert f"Subject: {subject}" in shown
    assert ("SMS: PAO-1016" in shown) != to_dispatchers
    assert ("Slack: " in shown) == (name in {"digest", "weather-missing", "weather-back"})
    for part in ("BEGIN:VCALENDAR", "SEQUENCE:"):
        assert (part in shown) != (on_standby or to_dispatchers), "a slot is an offer, and no entry of a calendar"


def test_previews_are_listed_and_written_to_a_folder(flightsched: Type, tmp_path: Path) -> None:
    assert flightsched("preview").out.split() == list(SAMPLES)
    assert flightsched("preview", "--html", str(tmp_path / "previews")).code == 0
    assert {path.stem for path in (tmp_path / "previews").iterdir()} == set(SAMPLES)
    (tmp_path / "file").write_text("in the way")
    assert "name another folder" in flightsched("preview", "--html", str(tmp_path / "file")).err
    assert "there is no message 'nothing'; there are opened-student" in flightsched("preview", "nothing").err


def test_a_test_mail_goes_by_the_way_that_is_set(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path))
    assert "sent by maildir" in flightsched("send-test", "ops@example.com").out
    with smtp_server.running() as server:
        monkeypatch.setenv("MAIL_VIA", "smtp")
        monkeypatch.setenv("SMTP_URL", server.url)
        assert "sent by smtp" in flightsched("send-test", "ops@example.com").out
        server.mode = "refuse"
        assert "does not accept mail for this reader" in flightsched("send-test", "ops@example.com").err
        (mail,) = server.mails
    assert str(mail["Subject"]).startswith("[Test] Weather: ")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nobody", "is not a valid email address"),
        ("@", "is not a valid email address"),
        ("a@x.example, b@x.example", "is not a valid email address"),
        ("a@x.example\nBcc: b@x.example", "is not a valid email address"),
        ("ünï@exämple.com", "cannot be mailed to"),
    ],
)
def test_an_address_that_is_none_is_said_so(flightsched: Type, address: str, words: str) -> None:
    told = flightsched("send-test", address)
    assert told.code == 2
    assert words in told.err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MAIL_VIA", "off", "MAIL_VIA is off"),
        ("MAIL_VIA", "carrier pigeon", "MAIL_VIA"),
        ("MAIL_VIA", "smtp", "SMTP_URL"),
        ("MAIL_VIA", "ses", "AWS_REGION"),
        ("SMTP_URL", "mail.example.com", "give a mail server"),
        ("MAIL_FROM", "nobody", "give name and address"),
        ("MAIL_FROM", "Ops <ops@exa mple.com>", "give name and address"),
        ("BASE_URL", "flights.example.com", "give a web address"),
        ("BASE_URL", "https://flights.example.com", "SECRET_KEY of 32 characters"),
        ("AWS_ENDPOINT_URL", "localhost", "give a web address"),
        ("AWS_REGION", "us east", "give a region"),
        ("REDIS_URL", "http://redis", "give the address of a server"),
        ("SLACK_WEBHOOK_URL", "hooks.slack.com", "give a web address"),
        ("SLACK_BOT_TOKEN", "xoxb-1", "SLACK_CHANNEL"),
        ("FLIGHTSCHED_HOME", "/dev/null/home", "mail cannot be written"),
    ],
)
def test_a_setting_that_no_channel_can_use_is_named(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    told = flightsched("send-test", "ops@example.com")
    assert told.code == 2
    assert words in told.err


def test_topics_and_queues_are_made_and_dead_letters_go_back(amazon: str, flightsched: Type) -> None:
    assert "run `flightsched aws bootstrap`" in flightsched("redrive", "--queue").err
    assert "created: reschedule-notifications-test" in flightsched("aws", "bootstrap").out
    assert "created: nothing" in flightsched("aws", "bootstrap").out
    dead = aws.Queue(moto_server.REGION, amazon, aws.alerts_dead_letters("test"))
    dead.send("poison", {"event": "opened"})
    assert "1 message moved back into weather-alerts-test" in flightsched("redrive", "--queue").out
    assert json.loads(flightsched("redrive", "--queue", "--json").out) == {"moved": 0}


@pytest.mark.parametrize("command", [("aws", "bootstrap"), ("redrive", "--queue")])
def test_amazon_that_is_off_or_away_is_said_so(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    assert "AWS_REGION is not set" in flightsched(*command).err
    for name, value in {
        "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert "cannot be reached" in flightsched(*command).err
