"""Amazon's protocols over HTTP, by moto: topics, queues and mail, forgotten when the test ends."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
from moto.server import ThreadedMotoServer

from flightsched_pipelines.clients.delivery import aws

REGION = "us-east-1"


@contextmanager
def running() -> Generator[str]:
    """The address of a server of the test's own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    reset(url)
    try:
        yield url
    finally:
        server.stop()


def reset(url: str) -> None:
    """Have it forget everything."""
    httpx.post(f"{url}/moto-api/reset")


def kept(url: str, service: str, model: str) -> list[dict[str, Any]]:
    """Return the server's content of a service's model."""
    return httpx.get(f"{url}/moto-api/data.json").json().get(service, {}).get(model, [])


def listening(url: str, topic: str) -> aws.Queue:
    """Return a queue that gets everything published to a topic from now on."""
    sns, sqs = aws.client("sns", REGION, url), aws.client("sqs", REGION, url)
    queue_url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=sns.create_topic(Name=topic)["TopicArn"], Protocol="sqs", Endpoint=arn)
    return aws.Queue(REGION, url, "listener")
