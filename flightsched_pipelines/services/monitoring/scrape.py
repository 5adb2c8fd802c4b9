"""The platform's figures where there is no CloudWatch: those of the newest hour's report, and its status now."""

from datetime import datetime
from hmac import compare_digest

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.monitoring import metrics
from flightsched_pipelines.reporting.prometheus import Gauge, exposition, gauge_of_time, gauges_of_hour
from flightsched_pipelines.services.monitoring.status import platform_status
from flightsched_pipelines.settings import Settings


def may_scrape(settings: Settings, authorization: str) -> bool | None:
    """Return whether a request's header has the token; ``None`` if nobody may, since there is no token."""
    if settings.metrics_token is None:
        return None
    wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
    return compare_digest(authorization.encode(), wanted.encode())


def scrape(engine: Engine, now_utc: datetime, settings: Settings) -> str:
    """Return the page that Prometheus reads."""
    status = platform_status(engine, now_utc, settings)
    hour, values = metrics.newest(engine)
    gauges = [
        *gauge_of_time("last_good_hour", "The last hour that was run and validated", status.last_good_hour_utc),
        *gauge_of_time("report_hour", "The hour of the figures of an hour", hour),
        Gauge("open_alerts", "Open alerts", status.open_alerts, "severity"),
        Gauge("open_cases", "Open cases", status.open_cases, "state"),
        Gauge("messages_due", "Messages that are due and not sent", {"": status.backlog.messages}),
        *gauges_of_hour(values),
    ]
    return exposition(gauges, settings.environment)
