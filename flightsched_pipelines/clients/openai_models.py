"""Read the models that a server of OpenAI's API lists, with their shutdown dates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from openai import OpenAI

LARGEST_BYTES = 2_000_000
SECONDS = 10.0


class ModelListError(Exception):
    """The list cannot be fetched; the message contains the reason."""


@dataclass(frozen=True, slots=True)
class ModelServer:
    """The server that lists the models. ``base_url`` of ``None`` is OpenAI's own."""

    api_key: str
    base_url: str | None

    def shutdown_dates(self) -> Mapping[str, date | None]:
        """Return the date on which each listed model is to be shut down, ``None`` if none is announced.

        Raises:
            ModelListError: the server does not respond, or not with a list.
        """
        from openai import APIStatusError, OpenAI, OpenAIError  # noqa: PLC0415, a quarter of a second that only a check with a key spends

        try:
            with OpenAI(api_key=self.api_key, base_url=self.base_url, timeout=SECONDS, max_retries=0) as client:
                body = _receive(client)
        except ModelListError:
            raise
        except APIStatusError as error:
            raise ModelListError(f"GET /models answered HTTP {error.status_code}") from None
        except OpenAIError as error:
            raise ModelListError(f"GET /models had no answer ({type(error).__name__})") from None
        except Exception as error:  # noqa: BLE001, the SDK lets its HTTP library's own errors through while a body is read
            raise ModelListError(f"GET /models broke off ({type(error).__name__})") from None
        return read_models(body)


def read_models(body: bytes) -> Mapping[str, date | None]:
    """Return the shutdown date of each model in a response.

    Raises:
        ModelListError: it is not a list of models, or a date cannot be read.
    """
    try:
        data: object = json.loads(body)
    except (ValueError, RecursionError):
        raise ModelListError("GET /models answered with no JSON") from None
    listed = cast("dict[str, Any]", data).get("data") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise ModelListError("GET /models answered with no list")
    models = [cast("dict[str, Any]", item) for item in cast("list[object]", listed) if isinstance(item, dict)]
    return {item["id"]: _date(item.get("shutdown_date")) for item in models if isinstance(item.get("id"), str)}


def _date(value: object) -> date | None:
    if value is None:
        return None
    try:
        return datetime.strptime(cast("str", value), "%Y-%m-%d").date()  # noqa: DTZ007, a date has no zone
    except (TypeError, ValueError):
        raise ModelListError("GET /models gives a shutdown_date that is not a date") from None


def _receive(client: "OpenAI") -> bytes:
    body = b""
    with client.models.with_streaming_response.list() as response:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_BYTES:
                raise ModelListError(f"GET /models answered with over {LARGEST_BYTES:,} bytes")
    return body
