"""Turn one HTTP reply into a provider response, or into the reason for having none."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from flightsched_pipelines.clients.weather.request_specs import RequestSpec, response_to
from flightsched_pipelines.domain.weather.provider_responses import Outcome, ProviderResponse


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """The profile of a provider: its name, the JSON types of its responses, and its sentences for refusals.

    ``json_type`` is ``None`` if its responses are not JSON; their reader then examines them.
    """

    name: str
    json_type: type | tuple[type, ...] | None
    refusals: dict[int, str]


class FetchError(Exception):
    """An attempt that brought no weather: the reason, and whether (or in how many seconds) to try again."""

    def __init__(
        self,
        outcome: Outcome,
        sentence: str,
        *,
        reply: httpx.Response | None = None,
        body: str | None = None,
        again: bool | float = False,
    ) -> None:
        super().__init__(sentence)
        self.outcome: Outcome = outcome
        self.sentence = sentence
        self.status_code = None if reply is None else reply.status_code
        self.body = body
        self.again = again

    def answer(self, asked: RequestSpec, attempts: int) -> ProviderResponse:
        """Return the failure as it is stored."""
        tries = f" after {attempts} attempts" if attempts > 1 else ""
        return replace(
            response_to(asked, datetime.now(UTC), ""),
            outcome=self.outcome,
            status_code=self.status_code,
            error=f"{self.sentence}{tries}",
            body=self.body,
        )


def parse_response(
    asked: RequestSpec, reply: httpx.Response, body: str, earlier: ProviderResponse | None, manners: ProviderProfile
) -> ProviderResponse:
    """Return the response in a reply.

    Raises:
        FetchError: it contains none.
    """
    status = reply.status_code
    etag, last_modified = reply.headers.get("ETag"), reply.headers.get("Last-Modified")
    if status == HTTPStatus.NOT_MODIFIED and earlier is not None and earlier.body is not None:
        same = response_to(asked, datetime.now(UTC), earlier.body)
        etag, last_modified = etag or earlier.etag, last_modified or earlier.last_modified
        return replace(same, status_code=status, etag=etag, last_modified=last_modified)
    if not reply.is_success:
        raise _refusal(reply, body, manners)
    answer = response_to(asked, datetime.now(UTC), body, etag=etag, last_modified=last_modified)
    if status == HTTPStatus.NO_CONTENT or not body.strip():
        return replace(answer, status_code=status, outcome="empty")
    has_reports = manners.json_type is None or bool(_json(reply, body, manners, manners.json_type))
    return replace(answer, status_code=status, outcome="ok" if has_reports else "empty")


def _json(reply: httpx.Response, body: str, manners: ProviderProfile, json_type: type | tuple[type, ...]) -> object:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        what = "a web page, not weather" if body.lstrip().startswith("<") else "invalid JSON, or JSON that is cut off"
        raise FetchError("not_json", f"{manners.name} sent {what}", reply=reply, body=body) from error
    if not isinstance(said, json_type):
        raise FetchError("not_json", f"{manners.name} sent JSON of an unknown form", reply=reply, body=body)
    return said


def _refusal(reply: httpx.Response, body: str, manners: ProviderProfile) -> FetchError:
    status, name = reply.status_code, manners.name
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        again = _retry_after_seconds(reply.headers.get("Retry-After"))
        sentence = f"{name} limits the rate of requests (429)"
        return FetchError("rate_limited", sentence, reply=reply, body=body, again=True if again is None else again)
    if reply.is_server_error:
        return FetchError(
            "server_error", f"{name} has an internal error ({status})", reply=reply, body=body, again=True
        )
    if reply.is_redirect:
        # A followed redirect would carry the request, and a key, to an unknown host.
        host = reply.next_request.url.host if reply.next_request else "another address"
        sentence = f"{name} redirects to {host} ({status}), which is not followed; check the address in the settings"
        return FetchError("rejected", sentence, reply=reply, body=body)
    sentence = manners.refusals.get(status, f"{name} rejected the request ({status})")
    return FetchError("rejected", sentence, reply=reply, body=body)


def _retry_after_seconds(header: str | None) -> float | None:
    """Seconds to wait: the header's seconds, or the time until its date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        time = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
