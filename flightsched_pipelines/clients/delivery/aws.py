"""Amazon's topics and queues: names, publishing, polling, and creation."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from flightsched_pipelines.clients.delivery.aws_errors import AWS_ERRORS, disagreement, down_or_refused
from flightsched_pipelines.clients.delivery.delivery_errors import (
    ChannelDownError,
    DeliverySettingsError,
    HandOver,
    unnoted,
)

MAX_RECEIVES = 3
"""After this many receives without a delete a message goes to the dead-letter queue."""

DEAD_LETTERS_KEPT_SECONDS = 14 * 24 * 3600
MAX_SUBJECT_CHARACTERS = 100

ANSWER_SECONDS = 60.0
"""Time limit of the response to a message: longer than Amazon takes, and than botocore's default."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message from a queue, leased until its visibility time ends; delete it when it is processed."""

    receipt_handle: str
    body: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The number of messages waiting in a queue, and the number leased."""

    waiting: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class BootstrapResult:
    """The topics, queues and buckets that were created, and those that existed."""

    created: Sequence[str]
    existing: Sequence[str]


def notifications_topic(environment: str) -> str:
    """Return the topic of every change of a case."""
    return _named("reschedule-notifications", environment)


def operations_topic(environment: str) -> str:
    """Return the topic of alerts to operators."""
    return _named("flight-rescheduler-alerts", environment)


def alerts_queue(environment: str) -> str:
    """Return the queue of newly threatened bookings, for other systems."""
    return _named("weather-alerts", environment)


def alerts_dead_letters(environment: str) -> str:
    """Return the queue of threatened bookings that no system took."""
    return _named("weather-alerts-dlq", environment)


def responses_queue(environment: str) -> str:
    """Return the queue of students' and instructors' responses from other systems."""
    return _named("reschedule-responses", environment)


def responses_dead_letters(environment: str) -> str:
    """Return the queue of responses that could not be applied."""
    return _named("reschedule-responses-dlq", environment)


_boto3_client = cast("Callable[..., Any]", boto3.client)
"""boto3 types its services by literals, and makes the clients' classes at run time."""


def client(service: str, region: str, endpoint_url: str | None) -> Any:  # noqa: ANN401, boto3 makes its clients' types
    """Return a client of one of Amazon's services, with short time limits and two attempts."""
    config = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 2})
    return _boto3_client(service, region_name=region, endpoint_url=endpoint_url, config=config)


def sending_client(service: str, region: str, endpoint_url: str | None) -> Any:  # noqa: ANN401, as above
    """Return a client that sends each request once: the outbox decides about sending it again."""
    config = Config(
        connect_timeout=10, read_timeout=ANSWER_SECONDS, retries={"mode": "standard", "total_max_attempts": 1}
    )
    return _boto3_client(service, region_name=region, endpoint_url=endpoint_url, config=config)


def handed_over(service: str, hand_over: HandOver, request: Callable[[], Any]) -> str:
    """Send a message by one request; returns Amazon's id of it.

    Raises:
        DeliveryError: as classified by `flightsched_pipelines.clients.delivery.aws_errors`.
    """
    hand_over()
    try:
        return str(request())
    except AWS_ERRORS as error:
        raise disagreement(error, service) from None


class Topic:
    """An SNS topic by its name."""

    def __init__(self, region: str, endpoint_url: str | None, name: str) -> None:
        self._client = client("sns", region, endpoint_url)
        self._sender = sending_client("sns", region, endpoint_url)
        self._name = name

    def publish(self, body: str, attributes: Mapping[str, str], hand_over: HandOver, subject: str | None = None) -> str:
        """Publish a message with string attributes, and a subject for mail (ASCII); returns Amazon's id of it."""
        typed = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
        headed = {} if subject is None else {"Subject": subject[:MAX_SUBJECT_CHARACTERS]}
        arn = _request(f"topic {self._name}", lambda: self._arn)
        return handed_over(
            f"Amazon (topic {self._name})",
            hand_over,
            lambda: self._sender.publish(TopicArn=arn, Message=body, MessageAttributes=typed, **headed)["MessageId"],
        )

    @cached_property
    def _arn(self) -> str:
        found = _topics(self._client).get(self._name)
        if found is None:
            raise ChannelDownError(f"topic {self._name} does not exist; run `flightsched aws bootstrap`")
        return found


class TextMessages:
    """Short messages to phones, by SNS."""

    def __init__(self, region: str, endpoint_url: str | None) -> None:
        self._client = sending_client("sns", region, endpoint_url)

    def send(self, phone_e164: str, text: str, hand_over: HandOver) -> str:
        """Send a text; returns Amazon's id of it."""
        kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        return handed_over(
            "Amazon (SNS text messages)",
            hand_over,
            lambda: self._client.publish(PhoneNumber=phone_e164, Message=text, MessageAttributes=kind)["MessageId"],
        )


class Queue:
    """An SQS queue by its name."""

    def __init__(self, region: str, endpoint_url: str | None, name: str) -> None:
        self._client = client("sqs", region, endpoint_url)
        self._sender = sending_client("sqs", region, endpoint_url)
        self.name = name

    def send(self, body: str, attributes: Mapping[str, str], hand_over: HandOver = unnoted) -> str:
        """Send a message; returns Amazon's id of it."""
        typed = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
        url = self._ask(lambda: self._url)
        return handed_over(
            f"Amazon (queue {self.name})",
            hand_over,
            lambda: self._sender.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=typed)["MessageId"],
        )

    def receive(self, most: int = 10, wait_seconds: int = 0, visible_after_seconds: int = 60) -> list[QueueMessage]:
        """Receive up to ten messages, leased for ``visible_after_seconds``."""
        answer = self._ask(
            lambda: self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(most, 10),
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=visible_after_seconds,
                MessageAttributeNames=["All"],
            )
        )
        return [
            QueueMessage(
                found["ReceiptHandle"],
                found["Body"],
                {key: value.get("StringValue", "") for key, value in found.get("MessageAttributes", {}).items()},
            )
            for found in answer.get("Messages", [])
        ]

    def delete(self, received: QueueMessage) -> None:
        """Delete a message that is processed."""
        self._ask(lambda: self._client.delete_message(QueueUrl=self._url, ReceiptHandle=received.receipt_handle))

    def depth(self) -> QueueDepth:
        """Return the approximate number of messages."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._ask(lambda: self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=names))
        return QueueDepth(*(int(found["Attributes"][name]) for name in names))

    def _ask(self, question: Callable[[], Any]) -> Any:  # noqa: ANN401, boto3's answers
        return _request(f"queue {self.name}", question)

    @cached_property
    def _url(self) -> str:
        try:
            return str(self._client.get_queue_url(QueueName=self.name)["QueueUrl"])
        except self._client.exceptions.QueueDoesNotExist:
            raise ChannelDownError(f"queue {self.name} does not exist; run `flightsched aws bootstrap`") from None


def bootstrap(region: str, endpoint_url: str | None, environment: str, bucket: str | None = None) -> BootstrapResult:
    """Create the topics, the queues and the bucket that are missing; existing ones are not changed.

    Raises:
        ChannelDownError: Amazon cannot be reached, or denies access.
    """
    sns, sqs = client("sns", region, endpoint_url), client("sqs", region, endpoint_url)
    created: list[str] = []
    existing: list[str] = []

    def make() -> None:
        topics = _topics(sns)
        for name in (notifications_topic(environment), operations_topic(environment)):
            (existing if name in topics else created).append(name)
            sns.create_topic(Name=name)
        for name, dead in (
            (alerts_queue(environment), alerts_dead_letters(environment)),
            (responses_queue(environment), responses_dead_letters(environment)),
        ):
            kept = {"MessageRetentionPeriod": str(DEAD_LETTERS_KEPT_SECONDS), "SqsManagedSseEnabled": "true"}
            dead_url = _make_queue(sqs, dead, kept, created, existing)
            arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
            _make_queue(sqs, name, {"RedrivePolicy": policy, "SqsManagedSseEnabled": "true"}, created, existing)
        if bucket is not None:
            made = _make_bucket(client("s3", region, endpoint_url), region, bucket)
            (created if made else existing).append(bucket)

    _request("topics and queues", make)
    return BootstrapResult(created, existing)


def reachable(region: str, endpoint_url: str | None, environment: str) -> bool:
    """Return whether the topics of an environment are there.

    Raises:
        DeliveryError: Amazon cannot be reached, or refuses.
    """
    found = _request("SNS", lambda: _topics(client("sns", region, endpoint_url)))
    return {notifications_topic(environment), operations_topic(environment)} <= found.keys()


def may_send_as(region: str, endpoint_url: str | None, identities: Sequence[str]) -> bool:
    """Return whether SES has one of these identities, an address or a domain, and has verified it.

    Raises:
        DeliveryError: Amazon cannot be reached, or refuses.
    """
    ses = client("sesv2", region, endpoint_url)

    def is_verified(identity: str) -> bool:
        try:
            return bool(ses.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"])
        except ses.exceptions.NotFoundException:
            return False

    return bool(_request("SES", lambda: any(is_verified(identity) for identity in identities)))


def redrive(region: str, endpoint_url: str | None, queue_name: str, dead_letters_name: str, most: int) -> int:
    """Move messages of a dead-letter queue back: receive, send, then delete; returns their number.

    A message is in both queues if the process stops between sending and deleting: none is ever lost.
    """
    queue, dead = Queue(region, endpoint_url, queue_name), Queue(region, endpoint_url, dead_letters_name)
    moved = 0
    while moved < most and (found := dead.receive(min(10, most - moved))):
        for message in found:
            queue.send(message.body, message.attributes)
            dead.delete(message)
            moved += 1
    return moved


def _request(what: str, question: Callable[[], Any]) -> Any:  # noqa: ANN401, boto3's answers
    try:
        return question()
    except AWS_ERRORS as error:
        raise down_or_refused(error, f"Amazon ({what})") from None


def _named(name: str, environment: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,20}", environment):
        raise DeliverySettingsError(f"ENVIRONMENT is '{environment}'; use up to 20 of a-z, 0-9 and -")
    return f"{name}-{environment}"


def _topics(sns: Any) -> dict[str, str]:  # noqa: ANN401, a client
    pages = sns.get_paginator("list_topics").paginate()
    return {topic["TopicArn"].rpartition(":")[2]: topic["TopicArn"] for page in pages for topic in page["Topics"]}


def _make_queue(
    sqs: Any,  # noqa: ANN401, a client
    name: str,
    attributes: Mapping[str, str],
    created: list[str],
    existing: list[str],
) -> str:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        created.append(name)
        return str(sqs.create_queue(QueueName=name, Attributes=dict(attributes))["QueueUrl"])
    existing.append(name)
    return str(url)


def _make_bucket(s3: Any, region: str, name: str) -> bool:  # noqa: ANN401, a client
    """Create a bucket unless it exists; one of another account is an error of Amazon's."""
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
    else:
        return False
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place)
    return True
