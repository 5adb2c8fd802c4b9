"""Amazon's topics and queues: names, publishing, polling, and making what is missing."""

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
"""After so many receives without a delete a message goes to the dead-letter queue."""

DEAD_LETTERS_KEPT_SECONDS = 14 * 24 * 3600
MAX_SUBJECT_CHARACTERS = 100

ANSWER_SECONDS = 60.0
"""How long the answer to a message may take: longer than Amazon takes, and what botocore waits of itself."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message from a queue, ours until its visibility time ends; delete it when it is done with."""

    receipt_handle: str
    body: str
    attributes: Mapping[str, str]
    receive_count: int


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages wait in a queue, and how many somebody has."""

    waiting: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class BootstrapResult:
    """Which topics, queues and buckets were made, and which were there."""

    created: Sequence[str]
    existing: Sequence[str]


def notifications_topic(environment: str) -> str:
    """Every change of a case."""
    return _named("reschedule-notifications", environment)


def operations_topic(environment: str) -> str:
    """Alerts to operators."""
    return _named("flight-rescheduler-alerts", environment)


def alerts_queue(environment: str) -> str:
    """Newly threatened bookings, for other systems."""
    return _named("weather-alerts", environment)


def alerts_dead_letters(environment: str) -> str:
    """Those that no system could take."""
    return _named("weather-alerts-dlq", environment)


def responses_queue(environment: str) -> str:
    """Answers of students and instructors from other systems."""
    return _named("reschedule-responses", environment)


def responses_dead_letters(environment: str) -> str:
    """Answers that could not be applied."""
    return _named("reschedule-responses-dlq", environment)


_boto3_client = cast("Callable[..., Any]", boto3.client)
"""boto3 types its services by literals, and makes the clients' classes at run time."""


def client(service: str, region: str, endpoint_url: str | None) -> Any:  # noqa: ANN401, boto3 makes its clients' types
    """A client of one of Amazon's services, with short time limits and two tries."""
    config = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 2})
    return _boto3_client(service, region_name=region, endpoint_url=endpoint_url, config=config)


def sending_client(service: str, region: str, endpoint_url: str | None) -> Any:  # noqa: ANN401, as above
    """A client that sends each request once: whether it is sent again is the outbox's to decide."""
    config = Config(
        connect_timeout=10, read_timeout=ANSWER_SECONDS, retries={"mode": "standard", "total_max_attempts": 1}
    )
    return _boto3_client(service, region_name=region, endpoint_url=endpoint_url, config=config)


def handed_over(service: str, hand_over: HandOver, request: Callable[[], Any]) -> str:
    """Send a message by one request; returns Amazon's id of it.

    Raises:
        DeliveryError: what became of it, as `flightsched_pipelines.clients.delivery.aws_errors` judges.
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
            raise ChannelDownError(f"there is no topic {self._name}; run `flightsched aws bootstrap`")
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
        """Put a message in; returns Amazon's id of it."""
        typed = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
        url = self._ask(lambda: self._url)
        return handed_over(
            f"Amazon (queue {self.name})",
            hand_over,
            lambda: self._sender.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=typed)["MessageId"],
        )

    def receive(self, most: int = 10, wait_seconds: int = 0, visible_after_seconds: int = 60) -> list[QueueMessage]:
        """Take up to ten messages, nobody else's for ``visible_after_seconds``."""
        answer = self._ask(
            lambda: self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(most, 10),
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=visible_after_seconds,
                MessageAttributeNames=["All"],
                AttributeNames=["ApproximateReceiveCount"],
            )
        )
        return [
            QueueMessage(
                found["ReceiptHandle"],
                found["Body"],
                {key: value.get("StringValue", "") for key, value in found.get("MessageAttributes", {}).items()},
                int(found.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for found in answer.get("Messages", [])
        ]

    def delete(self, received: QueueMessage) -> None:
        """Be done with a message."""
        self._ask(lambda: self._client.delete_message(QueueUrl=self._url, ReceiptHandle=received.receipt_handle))

    def depth(self) -> QueueDepth:
        """How full it is, as far as Amazon knows."""
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
            raise ChannelDownError(f"there is no queue {self.name}; run `flightsched aws bootstrap`") from None


def bootstrap(region: str, endpoint_url: str | None, environment: str, bucket: str | None = None) -> BootstrapResult:
    """Make the topics, the queues and the bucket that are missing; what is there stays as it is.

    Raises:
        ChannelDown: Amazon cannot be reached, or does not let us.
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


def redrive(region: str, endpoint_url: str | None, queue_name: str, dead_letters_name: str, most: int) -> int:
    """Put messages of a dead-letter queue back: received, sent, then deleted; returns how many.

    Stopped between sending and deleting, a message is in both: none is ever lost.
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
    """Make a bucket unless it is there; one that is somebody else's is an error of Amazon's."""
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
