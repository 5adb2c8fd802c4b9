"""Shapes of settings: what an address, a region or an hour must look like. An error says what to give.

Where that may be a secret, the error does not repeat what was given.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidatorFunctionWrapHandler, WrapValidator

from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.retention.windows import WINDOWS
from flightsched_pipelines.setting_sources import UNSET, LiveSecret, SecretUnreadableError

Text = TypeVar("Text", str, SecretStr)


def _shaped(shape: str, hint: str) -> AfterValidator:
    def check(value: Text) -> Text:
        if re.fullmatch(shape, value.get_secret_value() if isinstance(value, SecretStr) else value) is None:
            raise ValueError(hint)
        return value

    return AfterValidator(check)


def _full_hour(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        return datetime.strptime(given, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"must be a full hour in UTC, such as 2026-11-24T13; got {given}") from None


def _evening(given: object) -> object:
    if given is None or isinstance(given, time):
        return given
    if given == "off":
        return None
    try:
        at = datetime.strptime(str(given), "%H:%M").time()  # noqa: DTZ007, on the clock of each reader
    except ValueError:
        at = time()
    if at < time(12):
        raise ValueError(f"must be off, or a time from 12:00 to 23:59, such as 18:00; got {given}")
    return at


def _off(given: object) -> object:
    return None if given == "off" else given


def _known_source(source: str) -> str:
    if re.fullmatch("live|simulated|recorded:.+", source) is None:
        raise ValueError(f"WEATHER_SOURCE is '{source}'; set it to live, simulated or recorded:DIR")
    return source


def _live(given: object, handler: ValidatorFunctionWrapHandler) -> object:
    """Check a secret as it is now, and keep its source; one that nobody entered yet is no secret."""
    if not isinstance(given, LiveSecret):
        return handler(given)
    try:
        if given.get_secret_value() in ("", UNSET):
            return None
    except SecretUnreadableError as error:
        raise ValueError(str(error)) from None
    handler(given)
    return given


def _known_checks(limits: Mapping[str, float]) -> Mapping[str, float]:
    if unknown := sorted(set(limits) - set(CHECKS)):
        raise ValueError(f"there is no check {', '.join(unknown)}; docs/reference/alerts.md lists them")
    return limits


def _known_windows(days: Mapping[str, float]) -> Mapping[str, float]:
    if unknown := sorted(set(days) - set(WINDOWS)):
        raise ValueError(f"there is no window {', '.join(unknown)}; docs/how-to/retention.md lists them")
    for name, of_name in days.items():
        if of_name < (least := WINDOWS[name].least_days):
            raise ValueError(
                f"{name} must be kept for at least {least:g} {'day' if least == 1 else 'days'}; got {of_name:g}"
            )
    return days


_ADDRESS = r"[!-;=?A-~]+@[!-;=?A-~]+"
_WEB_ADDRESS = _shaped(r"https?://[^\s/]+\S*", "give a web address, such as https://flights.example.com")

Secret = Annotated[SecretStr, WrapValidator(_live)]
Evening = Annotated[time | None, BeforeValidator(_evening)]
FullHour = Annotated[datetime, BeforeValidator(_full_hour)]
WebAddress = Annotated[str, _WEB_ADDRESS]
OptionalWebAddress = Annotated[Annotated[str, _WEB_ADDRESS] | None, BeforeValidator(_off)]
SecretWebAddress = Annotated[SecretStr, _WEB_ADDRESS, WrapValidator(_live)]
RedisAddress = Annotated[
    SecretStr,
    _shaped(r"(rediss?|unix)://\S+", "give the address of a server, such as redis://host:6379/0"),
    WrapValidator(_live),
]
MailServer = Annotated[
    SecretStr,
    _shaped(r"smtps?://[^\s/]+/?", "give a mail server, such as smtp://user:password@host:587"),
    WrapValidator(_live),
]
Sender = Annotated[
    str, _shaped(rf"[^<>]*<{_ADDRESS}>|{_ADDRESS}", "give name and address: Scheduling <desk@example.com>")
]
Region = Annotated[str, _shaped(r"[a-z0-9-]+", "give a region, such as us-east-1")]
Feed = Annotated[str, _shaped(r"dir:.+|s3://[a-z0-9][a-z0-9.-]+(/.*)?", "set it to dir:PATH or s3://BUCKET/PREFIX")]
Limits = Annotated[Mapping[str, Annotated[float, Field(ge=0)]], AfterValidator(_known_checks)]
KeepDays = Annotated[Mapping[str, Annotated[float, Field(gt=0, le=36_500)]], AfterValidator(_known_windows)]
WeatherSource = Annotated[str, AfterValidator(_known_source)]
