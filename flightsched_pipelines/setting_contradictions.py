"""Settings that need another one: each rule is a sentence that says which, and what to set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flightsched_pipelines.domain.retention.windows import PIPELINE, archived_tables

if TYPE_CHECKING:
    from flightsched_pipelines.settings import Settings


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each setting that lacks the one it needs."""
    if settings.base_url and (settings.secret_key is None or len(settings.secret_key.get_secret_value()) < 32):
        yield "BASE_URL is set without a SECRET_KEY of 32 characters or more; set one to sign the links"
    if settings.secret_key_previous is not None and settings.secret_key is None:
        yield "SECRET_KEY_PREVIOUS is set without a SECRET_KEY; set the key that signs from now on, too"
    if settings.reschedule_earliest_hours >= 24 * settings.reschedule_horizon_days:
        yield (
            f"RESCHEDULE_EARLIEST_HOURS is {settings.reschedule_earliest_hours}, which is beyond the "
            f"RESCHEDULE_HORIZON_DAYS of {settings.reschedule_horizon_days}; lower the one, or raise the other"
        )
    yield from _of_channels(settings)
    if settings.archive is None and (tables := archived_tables(settings.keep_days)):
        names = sorted(set(settings.keep_days) & {PIPELINE, *tables})
        listed = ", ".join(f"KEEP_DAYS__{name.upper()}" for name in names)
        yield f"{listed} is set without ARCHIVE; set it to dir:PATH or s3://BUCKET/PREFIX, where such hours go"
    if settings.run_launcher == "ecs" and settings.run_task_definition is None:
        yield "RUN_LAUNCHER is ecs without RUN_TASK_DEFINITION; set the family of the task definition of a run"


def _of_channels(settings: Settings) -> Iterator[str]:
    if settings.mail_via == "smtp" and settings.smtp_url is None:
        yield "MAIL_VIA is smtp without SMTP_URL; set it to smtp://user:password@host:587"
    if settings.aws_region is None:
        if settings.mail_via == "ses":
            yield "MAIL_VIA is ses without AWS_REGION; set the region"
        if settings.schedule_feed is not None and settings.schedule_feed.startswith("s3:"):
            yield "SCHEDULE_FEED is on S3 without AWS_REGION; set the region"
        if settings.archive is not None and settings.archive.startswith("s3:"):
            yield "ARCHIVE is on S3 without AWS_REGION; set the region"
        if settings.reports_bucket is not None:
            yield "REPORTS_BUCKET is set without AWS_REGION; set the region"
        if settings.sms_via == "sns":
            yield "SMS_VIA is sns without AWS_REGION; set the region"
    if settings.slack_bot_token and not settings.slack_channel and not settings.slack_webhook_url:
        yield "SLACK_BOT_TOKEN is set without SLACK_CHANNEL; set the channel that the bot posts to"
