"""Send mail by Amazon SES."""

from email import policy
from email.message import EmailMessage

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import HandOver


class Ses:
    """Amazon SES, version 2 of its API, raw MIME.

    Args:
        region: Amazon's region.
        endpoint_url: base URL of a compatible server.
    """

    def __init__(self, region: str, endpoint_url: str | None) -> None:
        self._client = aws.sending_client("sesv2", region, endpoint_url)

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:  # noqa: ARG002, SES knows no keys
        """Send the mail; returns Amazon's id of it."""
        raw = message.as_bytes(policy=policy.SMTP)
        return aws.handed_over(
            "Amazon SES", hand_over, lambda: self._client.send_email(Content={"Raw": {"Data": raw}})["MessageId"]
        )

    def close(self) -> None:
        """Close connections."""
        self._client.close()
