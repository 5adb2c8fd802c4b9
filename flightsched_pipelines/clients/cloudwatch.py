"""Publish metrics to Amazon CloudWatch."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from flightsched_pipelines.clients.delivery.aws import client
from flightsched_pipelines.clients.delivery.aws_errors import down_or_refused

MAX_METRICS_PER_REQUEST = 1000


def put_metrics(region: str, endpoint_url: str | None, namespace: str, data: Sequence[dict[str, Any]]) -> None:
    """Put metric data, in the form of PutMetricData.

    Raises:
        ChannelDownError, MessageRefusedError: CloudWatch cannot be reached, denies access, or refuses the data.
    """
    cloudwatch = client("cloudwatch", region, endpoint_url)
    try:
        for start in range(0, len(data), MAX_METRICS_PER_REQUEST):
            cloudwatch.put_metric_data(
                Namespace=namespace, MetricData=list(data[start : start + MAX_METRICS_PER_REQUEST])
            )
    except (BotoCoreError, ClientError) as error:
        raise down_or_refused(error, "CloudWatch") from None
