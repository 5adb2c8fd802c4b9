"""Check that everything this installation is set up with can be reached: for ``flightsched doctor``.

Each check tries one thing once, changes nothing, sends nothing, and names no secret.
"""

import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import pandas as pd
from pydantic import SecretStr
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import DeliveryError
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.clients.weather.open_weather_map import OpenWeatherMap
from flightsched_pipelines.database import advisory_locks, analyst_role, migrations, table_counts
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.settings import Settings

TIMEOUT_SECONDS = 5
REFUSED = 401
MAX_CLOCK_DIFFERENCE_SECONDS = 30
MIN_FREE_BYTES = 1_000_000_000
DEFAULT_PORTS: Mapping[str, int] = {"https": 443, "http": 80, "smtp": 587, "smtps": 465, "redis": 6379, "rediss": 6379}
OPENAI_URL = "https://api.openai.com/v1"

State = Literal["ok", "off", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was tried, what was found, and what to do if it is wrong."""

    name: str
    state: State
    tried: str
    found: str
    remedy: str = ""


def diagnose(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Finding]:
    """Check one thing after the other; what depends on a database that is away is left out."""
    engine = None
    try:
        engine = connect(settings.model_copy(update={"database_connect_attempts": 1}))
    except PlainError as error:
        yield Finding("database", "wrong", "connect", str(error), "start the server, or correct DATABASE_URL")
    if engine is not None:
        yield from _of_database(engine, settings, now)
        engine.dispose()
    yield _folder("Dagster home", settings.flightsched_home / "dagster", "set FLIGHTSCHED_HOME, or DAGSTER_HOME")
    yield _disk(settings.flightsched_home)
    yield _weather(settings)
    yield _open_weather_map(settings)
    yield _guidance(settings)
    yield _openai(settings)
    yield _mail(settings)
    yield _aws(settings)
    yield _reached("Redis", _shown(settings.redis_url), "REDIS_URL")
    yield _slack(settings)
    yield _portal(settings)


def _of_database(engine: Engine, settings: Settings, now: Callable[[], datetime]) -> Iterator[Finding]:
    where = f"{engine.url.host or 'localhost'}:{engine.url.port or 5432}/{engine.url.database}"
    kind = "embedded, " if settings.database_url is None else ""
    yield Finding("database", "ok", "connect", f"{kind}{where} responds")
    state = migrations.status(engine)
    if state.current != state.newest:
        found = f"revision {state.current or 'none'}; the newest is {state.newest}"
        remedy = "run the later version that made it" if state.is_later else "run `flightsched db upgrade`"
        yield Finding("schema", "wrong", "read its revision", found, remedy)
    else:
        yield Finding("schema", "ok", "read its revision", f"revision {state.newest}, the newest")
        has_schools = table_counts.has_schools(engine)
        remedy = "" if has_schools else "run `flightsched init`, or `flightsched demo` for two samples"
        yield Finding(
            "school", "ok" if has_schools else "wrong", "look for one", "found" if has_schools else "none", remedy
        )
        yield _analysts(engine)
    with engine.connect() as connection:
        there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    apart = abs((there - now()).total_seconds())
    is_near = apart <= MAX_CLOCK_DIFFERENCE_SECONDS
    yield Finding(
        "clock", "ok" if is_near else "wrong", "compare with the database's clock", f"{apart:.0f} s apart",
        "" if is_near else "set both clocks by NTP",
    )  # fmt: skip


def _analysts(engine: Engine) -> Finding:
    with engine.connect() as connection:
        found = advisory_locks.analysts_who_may_lock(connection, analyst_role.ROLE)
    tried = "look for logins that may take the platform's locks"
    if not found:
        return Finding("analysts", "ok", tried, "no analyst may take them")
    remedy = "let a superuser run `flightsched db upgrade`; where there is none, give analysts a replica"
    return Finding("analysts", "wrong", tried, ", ".join(found), remedy)


def _folder(name: str, folder: Path, remedy: str) -> Finding:
    place = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    writable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    found = f"{folder} can be written to" if writable else f"{place} cannot be written to"
    return Finding(name, "ok" if writable else "wrong", "look for write permission", found, "" if writable else remedy)


def _disk(folder: Path) -> Finding:
    place = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free at {place}"
    if free >= MIN_FREE_BYTES:
        return Finding("disk", "ok", "measure free space", found)
    return Finding("disk", "wrong", "measure free space", found, "make room, or move FLIGHTSCHED_HOME")


def _weather(settings: Settings) -> Finding:
    kind, _, folder = settings.weather_source.partition(":")
    if kind == "simulated":
        return Finding("weather", "ok", "nothing", "simulated; WEATHER_SOURCE=live asks the real services")
    if kind == "recorded":
        is_there = Path(folder).is_dir()
        found = f"the folder {folder} is {'there' if is_there else 'missing'}"
        return Finding("weather", "ok" if is_there else "wrong", "look for the folder", found,
                       "" if is_there else "correct WEATHER_SOURCE")  # fmt: skip
    return _reached("weather", settings.aviation_weather_url, "AVIATION_WEATHER_URL")


def _open_weather_map(settings: Settings) -> Finding:
    if settings.weather_source != "live" or settings.openweathermap_api_key is None:
        is_live = settings.weather_source == "live"
        why = "OPENWEATHERMAP_API_KEY is not set" if is_live else f"WEATHER_SOURCE is {settings.weather_source}"
        return Finding("OpenWeatherMap", "off", "nothing", why)
    client = OpenWeatherMap(
        settings.open_weather_map_url,
        settings.openweathermap_api_key.get_secret_value(),
        RetryPolicy(one_attempt=TIMEOUT_SECONDS, attempts=1),
    )
    somewhere = pd.DataFrame({"airport": ["doctor"], "latitude_deg": [37.5], "longitude_deg": [-122.1]})
    (response,) = client.fetch(somewhere)
    tried = f"request one forecast of {_place(settings.open_weather_map_url)}"
    if response.failed:
        return Finding(
            "OpenWeatherMap", "wrong", tried, str(response.error), "correct OPENWEATHERMAP_API_KEY or its URL"
        )
    return Finding("OpenWeatherMap", "ok", tried, "it responds with a forecast")


def _guidance(settings: Settings) -> Finding:
    if settings.weather_source != "live" or settings.guidance_url is None:
        why = "GUIDANCE_URL is off" if settings.guidance_url is None else f"WEATHER_SOURCE is {settings.weather_source}"
        return Finding("guidance", "off", "nothing", why)
    return _reached("guidance", settings.guidance_url, "GUIDANCE_URL")


def _openai(settings: Settings) -> Finding:
    if settings.openai_api_key is None:
        return Finding("OpenAI", "off", "nothing", "OPENAI_API_KEY is not set: the planner ranks")
    base = (settings.openai_base_url or OPENAI_URL).rstrip("/")
    tried = f"list the models of {_place(base)}"
    try:
        key = settings.openai_api_key.get_secret_value()
        answer = httpx.get(f"{base}/models", headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        return Finding("OpenAI", "wrong", tried, type(error).__name__, "check the network, or OPENAI_BASE_URL")
    if answer.status_code == REFUSED:
        return Finding("OpenAI", "wrong", tried, "the key is refused", "correct OPENAI_API_KEY")
    return Finding("OpenAI", "ok", tried, f"HTTP {answer.status_code}; model {settings.openai_model}")


def _mail(settings: Settings) -> Finding:
    match settings.mail_via:
        case "off":
            return Finding("mail", "off", "nothing", "MAIL_VIA is off")
        case "maildir":
            return _folder("mail", settings.flightsched_home / "mail", "set FLIGHTSCHED_HOME")
        case "ses":
            return _ses(settings)
        case "smtp":
            return _reached("mail", _shown(settings.smtp_url), "SMTP_URL")


def _ses(settings: Settings) -> Finding:
    address = parseaddr(settings.mail_from)[1]
    domain = address.rpartition("@")[2]
    tried = f"look for {address} or {domain} in SES"
    try:
        is_verified = aws.may_send_as(settings.aws_region or "", settings.aws_endpoint_url, [address, domain])
    except DeliveryError as error:
        return Finding("mail", "wrong", tried, str(error), "check the credentials, AWS_REGION and AWS_ENDPOINT_URL")
    if not is_verified:
        return Finding("mail", "wrong", tried, "neither is verified", "verify one in SES, or correct MAIL_FROM")
    return Finding("mail", "ok", tried, "by SES, verified")


def _aws(settings: Settings) -> Finding:
    if settings.aws_region is None:
        return Finding("AWS", "off", "nothing", "AWS_REGION is not set")
    tried = f"list topics in {settings.aws_region}"
    try:
        topics = aws.reachable(settings.aws_region, settings.aws_endpoint_url, settings.environment)
    except DeliveryError as error:
        return Finding("AWS", "wrong", tried, str(error), "check the credentials, AWS_REGION and AWS_ENDPOINT_URL")
    if not topics:
        return Finding("AWS", "wrong", tried, "its topics are missing", "run `flightsched aws bootstrap`")
    return Finding("AWS", "ok", tried, "it responds, and has the topics")


def _slack(settings: Settings) -> Finding:
    if settings.slack_bot_token is not None:
        return _reached("Slack", "https://slack.com", "SLACK_BOT_TOKEN")
    return _reached("Slack", _shown(settings.slack_webhook_url), "SLACK_WEBHOOK_URL")


def _portal(settings: Settings) -> Finding:
    if settings.base_url is None:
        url = settings.portal_url
        found = f"BASE_URL is not set: links lead to {url}" if url else "BASE_URL is not set: messages carry no links"
        return Finding("portal", "off", "nothing", found)
    return _reached("portal", settings.base_url, "BASE_URL")


def _reached(name: str, url: str | None, setting: str) -> Finding:
    """Connect to the host and port of a URL, and send nothing."""
    if url is None:
        return Finding(name, "off", "nothing", f"{setting} is not set")
    parts = urlsplit(url)
    tried = f"connect to {_place(url)}"
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 443)
        with socket.create_connection((parts.hostname or "", port), timeout=TIMEOUT_SECONDS):
            return Finding(name, "ok", tried, "it responds")
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Finding(name, "wrong", tried, found, f"check {setting}, and that the server is up")


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _place(url: str) -> str:
    return urlsplit(url).hostname or "a URL without a host"
