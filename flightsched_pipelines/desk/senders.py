"""How each channel that is on sends a message: from its facts to the client's own form."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import partial

from sqlalchemy import Engine

from flightsched_pipelines.clients import aws
from flightsched_pipelines.clients.delivery import Refused
from flightsched_pipelines.clients.mail import Maildir, Mailer, Ses, Smtp
from flightsched_pipelines.clients.redis_events import RedisEvents
from flightsched_pipelines.clients.slack import Slack
from flightsched_pipelines.database import people
from flightsched_pipelines.database.outbox import Message
from flightsched_pipelines.desk import channels
from flightsched_pipelines.desk.deliver import Channel
from flightsched_pipelines.messages import alert, calendar, email, slack, sms
from flightsched_pipelines.messages.facts import Digest, Notice
from flightsched_pipelines.settings import Settings

SNS_PER_SECOND = 30
SLACK_PER_SECOND = 1
TIMEOUT_SECONDS = 15.0
ATTRIBUTES = ("event", "airport", "school", "severity")
"""What subscribers of topics and readers of queues may filter by."""


class Addresses:
    """Where people are reached now, read once for a round of delivery."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as connection:
            self._people = {"student": people.students(connection), "instructor": people.instructors(connection)}
            self._schools = people.schools(connection)

    def mailbox(self, message: Message) -> tuple[str, str]:
        """Name and address of a message's reader.

        Raises:
            Refused: there is no such person any more, or no address.
        """
        if message.role == "dispatcher":
            school = self._schools.get(message.person_id or 0)
            if school is not None and school.dispatch_email:
                return f"{school.name}, dispatch", school.dispatch_email
        elif (person := self._people.get(message.role, {}).get(message.person_id or 0)) is not None and person.email:
            return person.name, person.email
        raise Refused(f"{message.role} {message.person_id} has no e-mail address any more; enter one and redrive")

    def phone(self, message: Message) -> str:
        """Number of a message's reader, digits with a leading plus.

        Raises:
            Refused: there is none.
        """
        person = self._people.get(message.role, {}).get(message.person_id or 0)
        if person is None or not person.phone:
            raise Refused(f"{message.role} {message.person_id} has no phone number any more; enter one and redrive")
        return "+" + "".join(character for character in person.phone if character.isdigit())


@contextmanager
def opened(engine: Engine, settings: Settings) -> Iterator[dict[str, Channel]]:
    """The channels that are on, with their connections open until the block ends."""
    on = channels.configured(settings)
    with ExitStack() as stack:
        addresses = Addresses(engine)
        senders: dict[str, Channel] = {}
        if "email" in on:
            mailer = stack.enter_context(closing(mailer_of(settings)))
            rate = None if settings.mail_via == "maildir" else settings.mail_per_second
            senders["email"] = Channel(partial(_mail, mailer, addresses, settings), rate)
        if settings.aws_region is not None:
            place = settings.aws_region, settings.aws_endpoint_url
            topic = aws.Topic(*place, aws.notifications_topic(settings.environment))
            queue = aws.Queue(*place, aws.alerts_queue(settings.environment))
            operations = aws.Topic(*place, aws.operations_topic(settings.environment))
            senders["sns"] = Channel(partial(_publish, topic, operations), SNS_PER_SECOND)
            senders["sqs"] = Channel(partial(_enqueue, queue))
            if "sms" in on:
                texts = aws.TextMessages(*place)
                senders["sms"] = Channel(partial(_text, texts, addresses), settings.sms_per_second)
        if settings.redis_url is not None:
            events = stack.enter_context(closing(RedisEvents(settings.redis_url.get_secret_value())))
            senders["redis"] = Channel(lambda message: events.publish(message.key, json.dumps(message.payload)))
        if "slack" in on:
            senders["slack"] = Channel(partial(_slack, _slack_of(settings)), SLACK_PER_SECOND)
        yield senders


def mailer_of(settings: Settings) -> Mailer:
    """Where mail goes."""
    if settings.mail_via == "smtp" and settings.smtp_url is not None:
        return Smtp(settings.smtp_url.get_secret_value(), TIMEOUT_SECONDS)
    if settings.mail_via == "ses" and settings.aws_region is not None:
        return Ses(settings.aws_region, settings.aws_endpoint_url)
    return Maildir(settings.flightsched_home / "mail")


def _mail(mailer: Mailer, addresses: Addresses, settings: Settings, message: Message) -> str:
    name, address = addresses.mailbox(message)
    invite, method = None, None
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    if message.event == "digest":
        rendered = email.render_digest(Digest.model_validate(message.payload))
    else:
        notice = Notice.model_validate(message.payload)
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
        )
    except ValueError:
        whose = f"{message.role} {message.person_id}"
        raise Refused(f"the address of {whose} cannot be mailed to; correct it and redrive") from None
    return mailer.send(composed, message.key)


def _text(texts: aws.TextMessages, addresses: Addresses, message: Message) -> str:
    return texts.send(addresses.phone(message), sms.short_text(Notice.model_validate(message.payload)))


def _publish(topic: aws.Topic, operations: aws.Topic, message: Message) -> str:
    if message.event == "alert":
        notice = alert.AlertNotice.model_validate(message.payload)
        return operations.publish(json.dumps(message.payload), _attributes(message), alert.title(notice))
    return topic.publish(json.dumps(message.payload), _attributes(message))


def _enqueue(queue: aws.Queue, message: Message) -> str:
    return queue.send(json.dumps(message.payload), _attributes(message))


def _attributes(message: Message) -> dict[str, str]:
    named = {
        name: str(message.payload[name])
        for name in ("event", "airport", "school", "severity")
        if message.payload.get(name)
    }
    return named | {"idempotency_key": message.key}


def _slack(client: Slack, message: Message) -> str:
    if message.event == "alert":
        return client.post(*alert.blocks(alert.AlertNotice.model_validate(message.payload)))
    text, blocks = slack.blocks(Digest.model_validate(message.payload))
    return client.post(text, blocks)


def _slack_of(settings: Settings) -> Slack:
    webhook, token = settings.slack_webhook_url, settings.slack_bot_token
    return Slack(
        webhook.get_secret_value() if webhook else None,
        token.get_secret_value() if token else None,
        settings.slack_channel,
    )
