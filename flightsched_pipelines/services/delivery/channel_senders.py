"""Send messages on each enabled channel: from their facts to the client's own form.

Redis and the mail folder recognize by its key a message that they have. Topics and queues carry the key as an
attribute, for subscribers and readers to recognize. Mail servers, phones and Slack do not.
"""

import json
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import partial

from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import HandOver, MessageRefusedError
from flightsched_pipelines.clients.delivery.mail import Maildir, Mailer
from flightsched_pipelines.clients.delivery.redis_events import RedisEvents
from flightsched_pipelines.clients.delivery.ses import Ses
from flightsched_pipelines.clients.delivery.slack import Slack
from flightsched_pipelines.clients.delivery.smtp import Smtp
from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.messages import alert, calendar, email, slack, sms
from flightsched_pipelines.messages.models import Contact, Digest, Notice, SignIn
from flightsched_pipelines.services.delivery.outbox_worker import Channel
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.services.notifications.links import sign_in_url
from flightsched_pipelines.settings import Settings

SNS_PER_SECOND = 30
SLACK_PER_SECOND = 1
AT_ONCE = 3
"""Messages handed over to a mail server, or for phones, at the same time: one that hangs does not block the others.

Exchange Online accepts at most three connections of a mailbox.
"""

SCHOOLS = {"dispatcher": "dispatch", "manager": "manager"}
"""Roles whose person is a school, and what its mailbox is called."""

ATTRIBUTES = ("event", "airport", "school", "severity")
"""Attributes by which subscribers of topics and readers of queues may filter."""


class Addresses:
    """People's current addresses, read once for a round of delivery."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as connection:
            self._people = {"student": contacts.students(connection), "instructor": contacts.instructors(connection)}
            self._schools = contacts.schools(connection)

    def mailbox(self, message: Message) -> tuple[str, str]:
        """Return name and address of a message's reader.

        Raises:
            MessageRefusedError: the person does not exist any more, or has no address.
        """
        if message.role in SCHOOLS:
            school = self._schools.get(message.person_id or 0)
            address = school and (school.manager_email if message.role == "manager" else school.dispatch_email)
            if school is not None and address:
                return f"{school.name}, {SCHOOLS[message.role]}", address
        elif (person := self._people.get(message.role, {}).get(message.person_id or 0)) is not None and person.email:
            return person.name, person.email
        raise MessageRefusedError(
            f"{message.role} {message.person_id} has no email address any more; enter one and redrive"
        )

    def phone(self, message: Message) -> str:
        """Return the number of a message's reader, digits with a leading plus.

        Raises:
            MessageRefusedError: there is none.
        """
        person = self._people.get(message.role, {}).get(message.person_id or 0)
        if person is None or not person.phone:
            raise MessageRefusedError(
                f"{message.role} {message.person_id} has no phone number any more; enter one and redrive"
            )
        return "+" + "".join(character for character in person.phone if character.isdigit())


@contextmanager
def open_channels(engine: Engine, settings: Settings) -> Generator[dict[str, Channel]]:
    """Yield the enabled channels, with their connections open until the block ends."""
    on = channels.configured_channels(settings)
    with ExitStack() as stack:
        addresses = Addresses(engine)
        senders: dict[str, Channel] = {}
        if "email" in on:
            mailer = stack.enter_context(closing(mailer_of(settings)))
            send_mail = partial(_mail, mailer, addresses, settings)
            if settings.mail_via == "maildir":
                senders["email"] = Channel(send_mail, knows_keys=True)
            else:
                senders["email"] = Channel(send_mail, False, settings.mail_per_second, AT_ONCE)
        if settings.aws_region is not None:
            place = settings.aws_region, settings.aws_endpoint_url
            topic = aws.Topic(*place, aws.notifications_topic(settings.environment))
            operations = aws.Topic(*place, aws.operations_topic(settings.environment))
            queue = aws.Queue(*place, aws.alerts_queue(settings.environment))
            senders["sns"] = Channel(partial(_publish, topic), True, SNS_PER_SECOND)
            senders["sns_alerts"] = Channel(partial(_publish_alert, operations), True, SNS_PER_SECOND)
            senders["sqs"] = Channel(partial(_enqueue, queue), knows_keys=True)
            if "sms" in on:
                texts = aws.TextMessages(*place)
                senders["sms"] = Channel(partial(_text, texts, addresses), False, settings.sms_per_second, AT_ONCE)
        if settings.redis_url is not None:
            events = stack.enter_context(closing(RedisEvents(settings.redis_url.get_secret_value())))
            senders["redis"] = Channel(partial(_stream, events), knows_keys=True)
        if "slack" in on:
            senders["slack"] = Channel(partial(_slack, _slack_of(settings)), False, SLACK_PER_SECOND)
        yield senders


def mailer_of(settings: Settings) -> Mailer:
    """Return the mailer that the settings choose."""
    if settings.mail_via == "smtp" and settings.smtp_url is not None:
        return Smtp(settings.smtp_url.get_secret_value(), allow_plaintext=settings.smtp_allow_plaintext)
    if settings.mail_via == "ses" and settings.aws_region is not None:
        return Ses(settings.aws_region, settings.aws_endpoint_url)
    return Maildir(settings.flightsched_home / "mail")


def _mail(mailer: Mailer, addresses: Addresses, settings: Settings, message: Message, hand_over: HandOver) -> str:
    name, address = addresses.mailbox(message)
    invite, method = None, None
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    if message.event == "digest":
        digest = Digest.model_validate(message.payload)
        rendered, contact = email.render_digest(digest), digest.contact
    elif message.event == "sign_in":
        rendered, contact = _sign_in(SignIn.model_validate(message.payload), settings), Contact()
    else:
        notice = Notice.model_validate(message.payload)
        contact = notice.contact
        rendered = email.render_notice(notice)
        organizer = parseaddr(settings.mail_from)[1]
        if calendar.changes_entry(notice):
            invite, method = calendar.entry(notice, organizer=organizer, attendee=address, base_uid_domain=domain)
    try:
        composed = email.compose(
            rendered,
            to_name=name,
            to_address=address,
            sender=settings.mail_from,
            message_id=f"<{message.key.replace('/', '.')}@{domain}>",
            date_utc=datetime.now(UTC),
            calendar=invite,
            method=method,
            reply_to=contact.reply_to,
        )
    except ValueError:
        whose = f"{message.role} {message.person_id}"
        raise MessageRefusedError(f"the address of {whose} cannot be mailed to; correct it and redrive") from None
    return mailer.send(composed, message.key, hand_over)


def _sign_in(mail: SignIn, settings: Settings) -> email.Rendered:
    url = sign_in_url(settings, mail.link_id)
    if url is None:
        raise MessageRefusedError("BASE_URL is not set, so there is no page to sign in on; set it and redrive")
    return email.render_sign_in(mail, url)


def _text(texts: aws.TextMessages, addresses: Addresses, message: Message, hand_over: HandOver) -> str:
    return texts.send(addresses.phone(message), sms.sms_text(Notice.model_validate(message.payload)), hand_over)


def _publish(topic: aws.Topic, message: Message, hand_over: HandOver) -> str:
    return topic.publish(json.dumps(message.payload), _attributes(message), hand_over)


def _publish_alert(topic: aws.Topic, message: Message, hand_over: HandOver) -> str:
    title = alert.title(alert.AlertNotice.model_validate(message.payload))
    return topic.publish(json.dumps(message.payload), _attributes(message), hand_over, title)


def _enqueue(queue: aws.Queue, message: Message, hand_over: HandOver) -> str:
    return queue.send(json.dumps(message.payload), _attributes(message), hand_over)


def _stream(events: RedisEvents, message: Message, hand_over: HandOver) -> str:
    hand_over()
    return events.publish(message.key, json.dumps(message.payload))


def _attributes(message: Message) -> dict[str, str]:
    named = {name: str(message.payload[name]) for name in ATTRIBUTES if message.payload.get(name)}
    return named | {"idempotency_key": message.key}


def _slack(client: Slack, message: Message, hand_over: HandOver) -> str:
    if message.event == "alert":
        return client.post(*alert.blocks(alert.AlertNotice.model_validate(message.payload)), hand_over)
    return client.post(*slack.blocks(Digest.model_validate(message.payload)), hand_over)


def _slack_of(settings: Settings) -> Slack:
    webhook, token = settings.slack_webhook_url, settings.slack_bot_token
    return Slack(
        webhook.get_secret_value() if webhook else None,
        token.get_secret_value() if token else None,
        settings.slack_channel,
    )
