"""The channels that the settings configure."""

from flightsched_pipelines.settings import Settings

PERSONAL = ("email", "sms")
"""Channels to people; a newer message replaces one that was not sent yet."""


def configured_channels(settings: Settings) -> frozenset[str]:
    """Return the enabled channels."""
    on = {
        "email": settings.mail_via != "off",
        "sms": settings.sms_via != "off",
        "sns": settings.aws_region is not None,
        "sns_alerts": settings.aws_region is not None,
        "sqs": settings.aws_region is not None,
        "redis": settings.redis_url is not None,
        "slack": settings.slack_webhook_url is not None or settings.slack_bot_token is not None,
    }
    return frozenset(channel for channel, is_on in on.items() if is_on)
