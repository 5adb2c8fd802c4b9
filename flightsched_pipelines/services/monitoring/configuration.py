"""Every setting with its source and value; of a secret only whether it is set."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import SecretStr
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from flightsched_pipelines.setting_sources import LiveSecret, is_secret
from flightsched_pipelines.settings import Settings

_USER_INFO = re.compile(r"(?<=//)[^/@\s]+(?=@)")


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting as it may be shown: ``value`` is ``None`` if it is not set, and never a secret."""

    name: str
    source: str
    is_secret: bool
    is_set: bool
    value: str | None


def configuration(settings: Settings) -> Iterator[ShownSetting]:
    """Yield every setting in the order of the code."""
    environment = EnvSettingsSource(Settings, env_ignore_empty=True).env_vars
    file = DotEnvSettingsSource(Settings, env_ignore_empty=True).env_vars
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        secret = is_secret(field)
        is_set = value is not None
        shown = None if not is_set else "set" if secret else _USER_INFO.sub("...", _text(value))
        yield ShownSetting(name.upper(), _source(settings, name, environment, file), secret, is_set, shown)


def _source(
    settings: Settings, name: str, environment: Mapping[str, str | None], file: Mapping[str, str | None]
) -> str:
    value = getattr(settings, name)
    if isinstance(value, LiveSecret):
        variable, _, place = value.reference.partition("=")
        return f"file {place}" if variable.endswith("_FILE") else f"Secrets Manager {place}"
    if name not in settings.model_fields_set:
        return "default"
    of_it = (name, f"{name}__")
    for source, variables in (("environment", environment), (".env", file)):
        if any(variable == of_it[0] or variable.startswith(of_it[1]) for variable in variables):
            return source
    return "default"  # chosen by the platform, as the demo's own home


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        raise TypeError("a secret is not shown")
    if isinstance(value, Mapping):
        limits = cast("Mapping[str, float]", value)
        return ", ".join(f"{check}={limit:g}" for check, limit in limits.items()) or "none"
    return str(value)
