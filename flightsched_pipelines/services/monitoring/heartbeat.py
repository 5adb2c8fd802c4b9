"""The heartbeat after a completed hour: the service behind HEARTBEAT_URL alerts when it stays away."""

from datetime import datetime, timedelta

from flightsched_pipelines.clients.heartbeat import ping
from flightsched_pipelines.settings import Settings


def report_hour(hour_utc: datetime | None, now_utc: datetime, settings: Settings) -> str | None:
    """Ping HEARTBEAT_URL for a completed hour; an old hour that was run again does not count.

    Returns:
        Why no ping was sent; ``None`` after a ping.

    Raises:
        HeartbeatError: the ping was not taken.
    """
    if settings.heartbeat_url is None:
        return "HEARTBEAT_URL is not set"
    if hour_utc is None or now_utc - hour_utc > timedelta(hours=settings.dispatch_max_age_hours):
        return "the hour is an old one"
    ping(settings.heartbeat_url.get_secret_value())
    return None
