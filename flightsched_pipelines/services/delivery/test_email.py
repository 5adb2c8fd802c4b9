"""Send a test email through the configured channel."""

from contextlib import closing
from datetime import datetime
from email.utils import parseaddr

from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.delivery_errors import DeliveryError, unnoted
from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.messages import email
from flightsched_pipelines.messages.models import Notice
from flightsched_pipelines.services.delivery.channel_senders import mailer_of
from flightsched_pipelines.settings import Settings


class TestEmailError(PlainError, ValueError):
    """The test mail could not be sent; the message contains the reason and the remedy."""


def send_test_email(settings: Settings, address: str, now_utc: datetime) -> str:
    """Send a sample notice to an address; returns the channel's receipt.

    Raises:
        TestEmailError: the address is invalid, mail is off, or the channel does not take it.
    """
    parsed = parseaddr(address)[1]
    if "@" not in parsed or parsed != address.strip():
        raise TestEmailError(f"'{address}' is not a valid email address; give one such as ops@example.com")
    if settings.mail_via == "off":
        raise TestEmailError("MAIL_VIA is off; set it to maildir, smtp or ses")
    from flightsched_pipelines.services.notifications.samples import SAMPLES  # noqa: PLC0415, they are made at import

    sample = SAMPLES["opened-student"]
    assert isinstance(sample, Notice)  # noqa: S101, for the type checker
    rendered = email.render_notice(sample)
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    key = f"test-{now_utc:%Y%m%dT%H%M%S%f}"
    try:
        composed = email.compose(
            email.Rendered(f"[Test] {rendered.subject}", rendered.text, rendered.html),
            to_name="",
            to_address=parsed,
            sender=settings.mail_from,
            message_id=f"<{key}@{domain}>",
            date_utc=now_utc,
        )
    except ValueError:
        raise TestEmailError(f"'{address}' cannot be mailed to; give an address in ASCII, with a domain") from None
    try:
        with closing(mailer_of(settings)) as mailer:
            return mailer.send(composed, key, unnoted)
    except DeliveryError as error:
        raise TestEmailError(f"the test mail was not sent by {settings.mail_via}: {error}") from None


def send_trial_to_dispatchers(engine: Engine, settings: Settings, school_id: int, now_utc: datetime) -> str:
    """Send a sample notice to the dispatchers of a school; returns the channel's receipt.

    Raises:
        TestEmailError: the school does not exist or has no address, or as for `send_test_email`.
    """
    with engine.connect() as connection:
        known = contacts.schools(connection)
    if school_id not in known:
        raise TestEmailError(
            f"there is no school {school_id}; there are {', '.join(map(str, sorted(known))) or 'none'}"
        )
    address = known[school_id].dispatch_email
    if address is None:
        raise TestEmailError(f"school {school_id} has no dispatch_email in school.schools; enter one")
    return send_test_email(settings, address, now_utc)
