"""Every environment variable of the platform: its name, meaning, default and whether it is a secret.

Only the layers that touch the outside world read settings; the pure layers get values.
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.retention.windows import kept_days
from flightsched_pipelines.setting_contradictions import contradictions
from flightsched_pipelines.setting_sources import SecretReferences, variables_of
from flightsched_pipelines.setting_types import (
    Evening,
    Feed,
    FullHour,
    KeepDays,
    Limits,
    MailServer,
    RedisAddress,
    Region,
    Secret,
    SecretWebAddress,
    Sender,
    WebAddress,
)
from flightsched_pipelines.weather_settings import WeatherSettings


class Settings(WeatherSettings):
    """Settings from the environment (or a ``.env`` file), each with a default that works with nothing set."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, env_nested_delimiter="__", extra="ignore", frozen=True
    )

    flightsched_demo: bool = Field(
        default=False,
        description="Work on the demo's data, in FLIGHTSCHED_HOME/demo; no messages leave the machine; "
        "set by `flightsched --demo`.",
    )
    database_url: Secret | None = Field(
        default=None, description="PostgreSQL URL; unset, an embedded server is started under FLIGHTSCHED_HOME."
    )
    dagster_postgres_url: Secret | None = Field(
        default=None, description="URL of Dagster's own database; unset, beside DATABASE_URL's, named <name>_dagster."
    )
    flightsched_home: Path = Field(
        default=Path(".flightsched"), description="Folder for the embedded database and Dagster's local files."
    )
    database_pool_size: Annotated[int, Field(ge=1, le=100)] = Field(
        default=5, description="Connections kept open by each process."
    )
    database_statement_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60, description="A statement that runs longer is cancelled."
    )
    database_connect_attempts: Annotated[int, Field(ge=1, le=20)] = Field(
        default=6, description="Attempts to connect, with back-off, before giving up."
    )

    schedule_feed: Feed | None = Field(
        default=None,
        description="Where the school's scheduler drops its files: dir:PATH or s3://BUCKET/PREFIX; unset, nowhere.",
    )
    schedule_feed_times: Literal["offset", "local", "utc"] = Field(
        default="offset",
        description="What a time without offset means in a file of the feed: none may be, the airport's clock, or UTC.",
    )
    schedule_feed_complete: bool = Field(
        default=False,
        description="Whether a file of bookings in the feed has all lessons from its first to its last: the others are "
        "cancelled.",
    )

    archive: Feed | None = Field(
        default=None,
        description="Where hours are archived before they are deleted: dir:PATH or s3://BUCKET/PREFIX; unset, nowhere, "
        "and no hour is deleted.",
    )
    keep_days: KeepDays = Field(
        default={}, description="Days for which records are kept: KEEP_DAYS__<NAME>; see docs/how-to/retention.md."
    )

    lookahead_hours: Annotated[int, Field(ge=1, le=168)] = Field(
        default=72, description="Hours ahead for which bookings are checked against the forecast."
    )
    booking_buffer_minutes: Annotated[int, Field(ge=0, le=180)] = Field(
        default=30, description="Weather this long before and after a lesson counts too."
    )
    reschedule_horizon_days: Annotated[int, Field(ge=1, le=60)] = Field(
        default=14, description="Days ahead in which alternatives are searched."
    )
    reschedule_earliest_hours: Annotated[int, Field(ge=0)] = Field(
        default=6, description="Minimum notice before a new time."
    )

    solver_effort: Annotated[float, Field(ge=0, le=600)] = Field(
        default=40,
        description="Limit of the solver's work in an hour, in units of half a second or less; 0: greedy rule only.",
    )
    school_shards: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1,
        description="Processes among which an hour's search, choice and validation are divided by school; 1: none but "
        "the run's own.",
    )

    openai_api_key: Secret | None = Field(
        default=None, description="Key for OpenAI; unset, the planner ranks the alternatives."
    )
    openai_base_url: WebAddress | None = Field(default=None, description="Base URL of a compatible API.")
    openai_model: str = Field(default="gpt-6-luna", description="Model that ranks the alternatives.")
    openai_reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max", "omit"] = Field(
        default="none",
        description="The model's reasoning effort; omit leaves it out, for models that do not reason.",
    )
    openai_input_usd: Annotated[float, Field(ge=0, le=10_000)] = Field(
        default=0.125,
        description="The model's price, US dollars for a million tokens of input; the dearest, that of a cache write.",
    )
    openai_cached_usd: Annotated[float, Field(ge=0, le=10_000)] = Field(
        default=0.01, description="The model's price, US dollars for a million tokens of cached input."
    )
    openai_output_usd: Annotated[float, Field(ge=0, le=10_000)] = Field(
        default=0.50, description="The model's price, US dollars for a million tokens of output."
    )
    openai_daily_budget_usd: Annotated[float, Field(ge=0)] = Field(
        default=5, description="Maximum cost of the LLM in a UTC day; beyond it the planner ranks."
    )
    openai_requests_at_once: Annotated[int, Field(ge=1, le=500)] = Field(
        default=50, description="Maximum concurrent requests."
    )
    openai_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=30, description="Time limit of one request; it is tried three times."
    )
    openai_deadline_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=300, description="Time limit for all requests of an hour; the planner ranks the rest."
    )

    environment: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")] = Field(
        default="development", description="Name of this deployment, part of the names of topics and queues."
    )
    base_url: WebAddress | None = Field(
        default=None,
        description="Base URL of the portal; unset, messages contain no links, or links to the portal of this machine "
        "if all messages stay on it.",
    )
    secret_key: Secret | None = Field(
        default=None,
        description="Signs the links in messages; at least 32 characters, needed with BASE_URL. Unset, one is created "
        "in FLIGHTSCHED_HOME.",
    )
    secret_key_previous: Secret | None = Field(
        default=None, description="The SECRET_KEY before the current one: links signed with it stay valid."
    )
    link_days: Annotated[float, Field(gt=0, le=366)] = Field(
        default=14, description="Maximum age of a link in days; its case may end it sooner."
    )
    portal_port: Annotated[int, Field(ge=1, le=65_535)] = Field(
        default=3002, description="Port of the portal, of `flightsched portal` and `flightsched dev`."
    )
    portal_trusted_proxies: str | None = Field(
        default=None,
        description="Addresses or networks of proxies whose X-Forwarded-For is trusted, separated by commas.",
    )
    portal_requests_per_minute: Annotated[int, Field(ge=10, le=1_000_000)] = Field(
        default=300, description="Maximum requests to the portal per address and minute; per link a fifth."
    )
    session_hours: Annotated[float, Field(gt=0, le=168)] = Field(
        default=12, description="Hours after which a dispatcher's session ends, and another sign-in is needed."
    )
    mail_via: Literal["maildir", "smtp", "ses", "off"] = Field(
        default="maildir", description="Mail channel: a folder, SMTP, Amazon SES, or none."
    )
    mail_from: Sender = Field(
        default="Flight School Scheduling <scheduling@example.com>", description="Sender of the mail."
    )
    smtp_url: MailServer | None = Field(
        default=None, description="smtp://user:password@host:587, or smtps:// for TLS from the start."
    )
    smtp_allow_plaintext: bool = Field(
        default=False,
        description="Whether password and mails may go unencrypted to another machine that offers no STARTTLS.",
    )
    sms_via: Literal["sns", "off"] = Field(default="off", description="Text message channel; sns needs AWS_REGION.")
    aws_region: Region | None = Field(
        default=None, description="Region of Amazon's services; unset, topics and queues are off."
    )
    aws_endpoint_url: WebAddress | None = Field(default=None, description="Base URL of a compatible server.")
    compute_logs_bucket: str | None = Field(
        default=None, description="S3 bucket for the output of runs' steps; unset, it stays under FLIGHTSCHED_HOME."
    )
    reports_bucket: str | None = Field(
        default=None, description="S3 bucket to which the pages of the operations reports are copied; unset, to none."
    )
    run_launcher: Literal["process", "ecs"] = Field(
        default="process", description="A run is a process of the code location, or a task of Amazon ECS."
    )
    run_task_definition: str | None = Field(
        default=None, description="Family of the task definition of a run, its container named `run`; with ecs."
    )
    redis_url: RedisAddress | None = Field(
        default=None, description="Redis server for other applications; unset, nothing is published."
    )
    slack_webhook_url: SecretWebAddress | None = Field(
        default=None, description="Slack webhook for the dispatchers' digest."
    )
    slack_bot_token: Secret | None = Field(default=None, description="Or a bot's token, with SLACK_CHANNEL.")
    slack_channel: str | None = Field(default=None, description="Channel that the bot posts to.")

    case_answer_hours: Annotated[float, Field(gt=0, le=336)] = Field(
        default=12, description="Time to answer, from when people may be notified."
    )
    case_closes_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        default=30, description="A case closes this long before the lesson at the latest."
    )
    hold_hours: Annotated[float, Field(gt=0, le=336)] = Field(
        default=2, description="How long a chosen slot is held for its instructor's confirmation."
    )
    withdraw_minutes: Annotated[float, Field(ge=0, le=1440)] = Field(
        default=5, description="How long a student can withdraw a choice; auto-confirmation waits as long."
    )
    reminder_minutes: Annotated[float, Field(ge=0, le=1440)] = Field(
        default=60, description="People who have not answered are reminded once, this long before the deadline."
    )
    standby_answer_minutes: Annotated[float, Field(gt=0, le=10080)] = Field(
        default=60, description="How long a freed slot is offered to one lesson on standby, before the next lesson."
    )
    reschedule_new_rounds: Annotated[int, Field(ge=0)] = Field(
        default=2, description="How often new alternatives are offered when none suits; then a dispatcher takes over."
    )
    quiet_override_hours: Annotated[float, Field(ge=0, le=336)] = Field(
        default=12, description="Quiet hours do not apply to a lesson that starts within this time."
    )
    missing_weather_hours: Annotated[float, Field(ge=1, le=72)] = Field(
        default=3, description="Dispatchers are notified once weather has been missing for this long."
    )
    evening_message_at: Evening = Field(
        default=time(18),
        description="Local time from which people hear of tomorrow's lessons, each once; off for no such message.",
    )
    dispatch_max_age_hours: Annotated[float, Field(gt=0, le=336)] = Field(
        default=3, description="No messages are sent about an hour that began longer ago."
    )
    outbox_max_attempts: Annotated[int, Field(ge=1, le=50)] = Field(
        default=8, description="After this many attempts a message becomes a dead letter."
    )
    outbox_lease_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=120, description="After this time without renewal, a message's lease passes to another worker."
    )
    mail_per_second: Annotated[int, Field(ge=1)] = Field(
        default=14, description="Mails a second of a worker, by SMTP or SES."
    )
    sms_per_second: Annotated[int, Field(ge=1)] = Field(default=1, description="Text messages a second of a worker.")

    alarms: Limits = Field(
        default={}, description="Limits of checks other than the default: ALARMS__<NAME>; see docs/reference/alerts.md."
    )
    metrics_token: Secret | None = Field(
        default=None, description="Bearer token for the portal's /metrics; unset, there is no such page."
    )
    log_format: Literal["colored", "json"] = Field(
        default="colored",
        description="Form of the logs of portal and Dagster's services; json also turns on the runs' lines, as "
        "AWS_REGION does.",
    )
    otlp_endpoint: WebAddress | None = Field(
        default=None, description="OpenTelemetry collector for the traces of runs, by OTLP over HTTP; unset, no traces."
    )
    heartbeat_url: SecretWebAddress | None = Field(
        default=None, description="Dead-man's-switch URL, pinged after each successful hour."
    )
    runbook_url: str = Field(default="docs/how-to/runbook.md", description="Runbook to whose sections alerts link.")

    first_hour: FullHour | None = Field(
        default=None,
        description="First hourly partition in the Dagster UI, UTC, such as 2026-11-24T13; unset, the first hour that "
        "is stored, or the running one.",
    )
    pages_url: str | None = Field(
        default=None, description="Where a web server of yours has the folders reports and docs; for links in the UI."
    )
    report_folder: Path | None = Field(
        default=None, description="Folder of the hourly operations reports; unset, FLIGHTSCHED_HOME/reports."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003, pydantic's, which knows one folder only
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from: the first one that has a setting counts."""
        references = SecretReferences(settings_cls, variables_of(env_settings, dotenv_settings))
        return init_settings, references, env_settings, dotenv_settings

    def limit(self, alarm: str) -> float:
        """Return the limit of a check by its name."""
        return self.alarms.get(alarm, CHECKS[alarm].limit)

    def kept_days(self, name: str) -> float | None:
        """Return the days for which a kind of record is kept; ``None``: for ever."""
        return kept_days(name, self.keep_days)

    @property
    def portal_url(self) -> str | None:
        """Return the portal's address, without a slash at its end; ``None`` if messages are to carry no links.

        With nothing set it is the portal of this machine, as long as no message leaves it.
        """
        if self.base_url is not None:
            return self.base_url.rstrip("/")
        stays_here = self.database_url is None and self.mail_via == "maildir" and self.sms_via == "off"
        return f"http://127.0.0.1:{self.portal_port}" if stays_here else None

    @property
    def given_home(self) -> Path:
        """Return FLIGHTSCHED_HOME as it was given; the demo's home is in it."""
        return self.flightsched_home.parent if self.flightsched_demo else self.flightsched_home

    @property
    def runbook_link(self) -> str:
        """Return the runbook's place: an address if RUNBOOK_URL is one or the pages have one, else a path."""
        if "://" in self.runbook_url or self.pages_url is None:
            return self.runbook_url
        return f"{self.pages_url.rstrip('/')}/{self.runbook_url}"

    @model_validator(mode="before")
    @classmethod
    def _apart_from_the_demo(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Give the demo its own home and let it keep the LLM: nothing else may lead to a school's data or people."""
        if not TypeAdapter(bool).validate_python(values.get("flightsched_demo", False)):
            return values
        home = Path(values.get("flightsched_home", cls.model_fields["flightsched_home"].default))
        of_the_demo = ("flightsched_demo", "openai_", "pages_", "portal_")
        kept = {name: value for name, value in values.items() if name.startswith(of_the_demo)}
        return kept | {"flightsched_home": home / "demo"}

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        """Check that settings which need another one have it; names all that do not at once."""
        if faults := list(contradictions(self)):
            raise ValueError("\n".join(faults))
        return self
