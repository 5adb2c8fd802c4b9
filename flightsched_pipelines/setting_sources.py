"""Secrets by reference: ``NAME_FILE`` names a file, ``NAME_SECRET`` a secret of AWS Secrets Manager.

Docker and Kubernetes hand secrets over as files. Either kind is read when it is needed, and again after a minute at the
latest, so that a rotated one needs no restart. What cannot be read again keeps its last value: an outage of Secrets
Manager stops nobody who has a secret already.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, cast
from urllib.parse import quote

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from pydantic_settings.sources import DotEnvSettingsSource, EnvSettingsSource

from flightsched_pipelines.errors import PlainError

UNSET = "unset"
"""Text of a secret that nobody has entered yet: Secrets Manager has no empty ones."""

CACHE_SECONDS = 60.0
BY_FILE, BY_SECRET = "_file", "_secret"
SCHEMES: Mapping[str, str] = {"postgres": "postgresql"}

_log = logging.getLogger(__name__)


class SecretUnreadableError(PlainError, RuntimeError):
    """A referenced secret cannot be read; the message says which, why, and what to do, and contains none of it."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A secret as it was read, with the one before it if the source keeps that."""

    value: str
    previous: str | None
    at: float


class LiveSecret(SecretStr):
    """A secret that is read from its source whenever it is needed, at most once a minute."""

    def __init__(self, reference: str, read: Callable[[], tuple[str, str | None]]) -> None:
        super().__init__("")
        self.reference = reference
        self._read = read
        self._known: _Known | None = None
        self._lock = Lock()

    def get_secret_value(self) -> str:
        """Return the secret as it is now.

        Raises:
            SecretUnreadableError: it cannot be read, and never could.
        """
        return self._current().value

    def previous(self) -> str | None:
        """Return the secret before the last rotation, if its source has it."""
        return self._current().previous

    def renew(self) -> None:
        """Have it read again at its next use: it was refused, so it may have been rotated."""
        with self._lock:
            if self._known is not None:
                self._known = _Known(self._known.value, self._known.previous, float("-inf"))

    def _current(self) -> _Known:
        with self._lock:
            known = self._known
            if known is not None and time.monotonic() - known.at < CACHE_SECONDS:
                return known
            try:
                value, previous = self._read()
            except SecretUnreadableError:
                if known is None:
                    raise
                _log.warning("%s cannot be read again; its last value is used", self.reference)
                value, previous = known.value, known.previous
            self._known = _Known(value, previous, time.monotonic())
            return self._known

    def __repr__(self) -> str:
        """Return where it comes from, never what it is."""
        return f"LiveSecret({self.reference})"

    __str__ = __repr__

    def __hash__(self) -> int:
        """Return a number that stays when the secret is rotated."""
        return hash(self.reference)

    def __eq__(self, other: object) -> bool:
        """Return whether both come from one place."""
        return isinstance(other, LiveSecret) and other.reference == self.reference


def is_secret(field: FieldInfo) -> bool:
    """Return whether a setting is a secret."""
    return "SecretStr" in str(field.annotation)


class SecretReferences(PydanticBaseSettingsSource):
    """The secrets that the environment or ``.env`` refers to, none of them read yet."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str | None]) -> None:
        super().__init__(settings_cls)
        self._variables = {name.lower(): value for name, value in variables.items() if value}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the reference for a setting, ``None`` without one."""
        if not is_secret(field):
            return None, field_name, False
        given = [name for name in (field_name, field_name + BY_FILE, field_name + BY_SECRET) if name in self._variables]
        by_reference = [name for name in given if name != field_name]
        if not by_reference:
            return None, field_name, False
        if len(given) > 1:
            return _contradiction(given), field_name, False
        (name,) = given
        place = self._variables[name] or ""
        reference = f"{name.upper()}={place}"
        if name.endswith(BY_FILE):
            return shared(reference, file_secret(place)), field_name, False
        amazon = self._variables.get("aws_region"), self._variables.get("aws_endpoint_url")
        return shared(reference, partial(amazons_secret, place, *amazon), *amazon), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return all of them by the setting's name."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def variables_of(*sources: PydanticBaseSettingsSource) -> dict[str, str | None]:
    """Return the variables of these sources; the earlier one counts."""
    merged: dict[str, str | None] = {}
    for source in reversed(sources):
        if isinstance(source, EnvSettingsSource | DotEnvSettingsSource):
            merged |= source.env_vars
    return merged


_shared: dict[tuple[str | None, ...], LiveSecret] = {}


def shared(reference: str, read: Callable[[], tuple[str, str | None]], *place: str | None) -> LiveSecret:
    """Return the one secret of this process for a reference: every run's settings share what was read."""
    return _shared.setdefault((reference, *place), LiveSecret(reference, read))


def file_secret(path: str) -> Callable[[], tuple[str, str | None]]:
    """Return what reads a secret from a file, without the newline at its end."""

    def read() -> tuple[str, str | None]:
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), None
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise SecretUnreadableError(f"the file {path} cannot be read: {why}; correct its path or rights") from None

    return read


def amazons_secret(name: str, region: str | None, endpoint_url: str | None) -> tuple[str, str | None]:
    """Return a secret of Secrets Manager, and its version before, ``None`` if there is none.

    Raises:
        SecretUnreadableError: it does not exist, is denied, or Amazon cannot be reached.
    """
    # Only those who keep secrets there spend this import's time.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    if region is None:
        raise SecretUnreadableError(f"secret {name} needs AWS_REGION; set the region")
    config = Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})
    make_client = cast("Callable[..., Any]", boto3.client)  # boto3 makes its clients' types at run time
    client = make_client("secretsmanager", region_name=region, endpoint_url=endpoint_url, config=config)

    def version(stage: str) -> str:
        return as_text(str(client.get_secret_value(SecretId=name, VersionStage=stage).get("SecretString", "")))

    try:
        current = version("AWSCURRENT")
    except (BotoCoreError, ClientError) as error:
        answer: Any = error.response if isinstance(error, ClientError) else {"Error": {"Code": type(error).__name__}}
        why = answer["Error"]["Code"]
        raise SecretUnreadableError(
            f"secret {name} cannot be read from Secrets Manager in {region}: {why}; check its name, AWS_REGION and the "
            "role's secretsmanager:GetSecretValue"
        ) from None
    try:
        return current, version("AWSPREVIOUS")
    except (BotoCoreError, ClientError):  # it was never rotated
        return current, None


def as_text(secret: str) -> str:
    """Return a secret's text; a server's address if it has a server's parts, as Amazon keeps them for a database."""
    if not secret.startswith("{"):
        return secret
    try:
        parts = json.loads(secret)
        scheme = SCHEMES.get(parts["engine"], parts["engine"])
        user, password = quote(parts.get("username", ""), safe=""), quote(parts["password"], safe="")
        database = parts.get("dbname", "")
        return f"{scheme}://{user}:{password}@{parts['host']}:{parts['port']}/{database}"
    except (ValueError, KeyError, TypeError):
        return secret


def _contradiction(given: list[str]) -> LiveSecret:
    names = " and ".join(name.upper() for name in given)

    def read() -> tuple[str, str | None]:
        raise SecretUnreadableError(f"{names} are set at once; keep one of them")

    return LiveSecret(names, read)
