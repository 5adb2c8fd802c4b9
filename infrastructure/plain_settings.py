"""Settings of the application that a deployment's context adds to those of the stacks; a secret is none of them."""

import json
from collections.abc import Mapping
from typing import Any, cast

from flightsched_pipelines.setting_sources import is_secret
from flightsched_pipelines.settings import Settings
from infrastructure.context_error import ContextError


def plain_settings(given: object) -> Mapping[str, str]:
    """Return the variables of the context ``settings``: a mapping, or its text in JSON from the command line.

    Raises:
        ContextError: it is no mapping, or has a secret, an unknown setting or a value that is not plain.
    """
    settings = _mapping(given)
    if faults := [fault for name, value in settings.items() if (fault := _fault(name, value))]:
        raise ContextError(f"settings: {'; '.join(faults)}")
    return {name: _text(value) for name, value in settings.items()}


def _mapping(given: object) -> Mapping[str, Any]:
    try:
        read = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        read = given
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise ContextError('settings must be a mapping, such as {"KEEP_DAYS__RAW_WEATHER": 90}')
    return cast("dict[str, Any]", read)


def _fault(name: str, value: object) -> str | None:
    """Return what is wrong with a setting, never its value: it may be a secret in the wrong place."""
    field_name, _, part = name.lower().partition("__")
    field = Settings.model_fields.get(field_name)
    secret = next((one for one in (field_name, *_referred(field_name)) if _names_a_secret(one)), None)
    if secret is not None:
        return f"{name} is a secret: it belongs in Secrets Manager, under flightsched/ENV/{secret.replace('_', '-')}"
    if field is None or name != name.upper() or (part and not isinstance(field.default, Mapping)):
        return f"there is no setting {name}; README.md lists them"
    if not isinstance(value, str | int | float):
        return f"{name} must be text, a number, true or false"
    return None


def _referred(field_name: str) -> list[str]:
    return [field_name.removesuffix(suffix) for suffix in ("_file", "_secret") if field_name.endswith(suffix)]


def _names_a_secret(field_name: str) -> bool:
    return field_name in Settings.model_fields and is_secret(Settings.model_fields[field_name])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
