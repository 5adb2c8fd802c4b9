"""Fetch one URL with retries, time and size limits; never raises."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

import httpx
import stamina

from flightsched_pipelines.clients.weather.request_specs import RequestSpec
from flightsched_pipelines.clients.weather.response_parsing import FetchError, ProviderProfile, parse_response
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse

MAX_BODY_BYTES = 10 * 1024 * 1024
"""A longer body is refused; 400 TAFs are about 2 MB."""

MAX_STREAM_BYTES = 200 * 1024 * 1024
"""The same for a body of which only a part is kept; a bulletin of the National Blend of Models is about 30 MB."""

BodyReader = Callable[[Iterator[bytes]], str]
"""Reads a body piece by piece and returns what to keep of it; raises `FetchError` if it is damaged."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Time limits in seconds, and attempts; ``total`` bounds all requests of one fetch together."""

    one_attempt: float = 20
    total: float = 180
    first_wait: float = 1
    longest_wait: float = 30
    attempts: int = 4


class RetryingFetcher:
    """The requests of one fetch: they share connections and a deadline, and may be made from several threads.

    Args:
        client: the connections, with the headers sent with every request.
        base_url: the base of every request.
        manners: the provider's profile.
        patience: time limits and retries; the deadline runs from here.
        before_each: called before each attempt, and may sleep.
    """

    def __init__(
        self,
        client: httpx.Client,
        base_url: str,
        manners: ProviderProfile,
        patience: RetryPolicy,
        *,
        before_each: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._manners = manners
        self._patience = patience
        self._before_each = before_each
        self._deadline = time.monotonic() + patience.total

    def ask(
        self, asked: RequestSpec, earlier: ProviderResponse | None = None, keep: BodyReader | None = None
    ) -> ProviderResponse:
        """Make one request and return its response, whatever it is.

        Args:
            asked: the request.
            earlier: its earlier response; the provider may confirm that it is unchanged.
            keep: reads the body of a large response, and returns the part to keep.
        """
        attempts = 0
        try:
            for attempt in stamina.retry_context(
                on=self._wait_after,
                attempts=self._patience.attempts,
                timeout=self._patience.total,
                wait_initial=self._patience.first_wait,
                wait_max=self._patience.longest_wait,
                wait_jitter=self._patience.first_wait,
            ):
                with attempt:
                    attempts = attempt.num
                    return self._attempt(asked, earlier, keep)
        except FetchError as failure:
            return failure.answer(asked, attempts)
        raise AssertionError("retrying ends with an answer or a failure")

    def _wait_after(self, error: Exception) -> bool | float:
        if not isinstance(error, FetchError) or error.again is False or self._seconds_left() <= 0:
            return False
        if error.again is True:
            return True
        return min(error.again, self._patience.longest_wait, self._seconds_left())

    def _seconds_left(self) -> float:
        return self._deadline - time.monotonic()

    def _attempt(
        self, asked: RequestSpec, earlier: ProviderResponse | None, keep: BodyReader | None
    ) -> ProviderResponse:
        name = self._manners.name
        if self._seconds_left() <= 0:
            raise FetchError(
                "timeout", f"{name} was not requested, as the {self._patience.total:g} s for all requests were over"
            )
        self._before_each()
        try:
            url = f"{self._base_url}/{asked.request}"
            with self._client.stream("GET", url, headers=_conditions(earlier)) as reply:
                if keep is not None and reply.status_code == HTTPStatus.OK:
                    body = keep(self._pieces(reply, MAX_STREAM_BYTES))
                else:
                    body = _whole(self._pieces(reply, MAX_BODY_BYTES))
        except httpx.TimeoutException as error:
            raise self._too_slow() from error
        except httpx.DecodingError as error:
            raise FetchError("not_json", f"{name} sent something that cannot be unpacked") from error
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise FetchError("unreachable", f"{name} cannot be asked at {self._base_url}: {error}") from error
        except httpx.TransportError as error:
            sentence = f"{name} could not be reached at {self._base_url}: {error or type(error).__name__}"
            raise FetchError("unreachable", sentence, again=True) from error
        return parse_response(asked, reply, body, earlier, self._manners)

    def _pieces(self, reply: httpx.Response, most_bytes: int) -> Iterator[bytes]:
        size = 0
        for piece in reply.iter_bytes():
            size += len(piece)
            if size > most_bytes:
                sentence = (
                    f"{self._manners.name} sent more than {most_bytes // 1024**2} MB, more than any weather takes"
                )
                raise FetchError("too_large", sentence, reply=reply)
            if self._seconds_left() <= 0:
                raise self._too_slow()
            yield piece

    def _too_slow(self) -> FetchError:
        sentence = f"{self._manners.name} did not answer within {self._patience.one_attempt:g} s"
        return FetchError("timeout", sentence, again=True)


def _whole(pieces: Iterator[bytes]) -> str:
    # PostgreSQL's text cannot contain NUL.
    return b"".join(pieces).decode("utf-8", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _conditions(earlier: ProviderResponse | None) -> dict[str, str]:
    if earlier is None:
        return {}
    conditions = {"If-None-Match": earlier.etag, "If-Modified-Since": earlier.last_modified}
    return {header: value for header, value in conditions.items() if value}
