"""Call OpenAI's Responses API: one request a booking, many at a time, within a deadline and a budget.

The SDK does not retry: it cannot distinguish an exhausted quota from any other 429. Here a 429 delays all requests for
as long as it asks; an exhausted quota, or several failures in a row, open the breaker for the rest of the hour. A
response is read no further than ``MAX_RESPONSE_BYTES``, and whatever its content, a `RankingReply` can be stored.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any, cast

from opentelemetry import trace

from flightsched_pipelines.clients.openai_responses import (
    MAX_OUTPUT_TOKENS,
    MAX_RESPONSE_BYTES,
    RankingPrompt,
    RankingReply,
    TokenPrices,
    failed_reply,
    read_reply,
    wait_seconds,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI

FAILURES_TO_OPEN = 8
FIRST_PAUSE_SECONDS = 0.5

_TRACER = trace.get_tracer("flightsched_pipelines")

RETRIED = frozenset({"rate_limited", "server_error", "timeout", "unreachable"})


@dataclass(frozen=True, slots=True)
class OpenAIRanker:
    """Server, model and limits of the ranker. ``base_url`` of ``None`` is OpenAI's; effort ``None`` is omitted."""

    api_key: str
    model: str
    base_url: str | None
    prices: TokenPrices
    at_once: int = 50
    attempts: int = 3
    attempt_seconds: float = 30.0
    deadline_seconds: float = 300.0
    reasoning_effort: str | None = "none"

    def ask(
        self, askings: Sequence[RankingPrompt], budget_usd: float, told: Callable[[RankingReply], None] = lambda _: None
    ) -> list[RankingReply]:
        """Send the prompts, and return a reply for each, in their order. Never raises because of a server.

        Args:
            askings: the prompts.
            budget_usd: maximum cost of all of them; each counts at its maximum cost while it is in flight.
            told: receives each reply as it comes, so that its cost is recorded whatever happens next.
        """
        return asyncio.run(_Session(self, budget_usd, told).all(askings))


@dataclass(slots=True)
class _Session:
    ranker: OpenAIRanker
    budget_usd: float
    told: Callable[[RankingReply], None]
    breaker: str = ""
    failures_in_a_row: int = 0
    not_before: float = 0.0
    held_usd: float = 0.0
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311, spreads retries, keeps no secret

    async def all(self, askings: Sequence[RankingPrompt]) -> list[RankingReply]:
        from openai import AsyncOpenAI  # noqa: PLC0415, a quarter of a second that only an hour with an LLM spends

        ends = time.monotonic() + self.ranker.deadline_seconds
        gate = asyncio.Semaphore(self.ranker.at_once)
        client = AsyncOpenAI(
            api_key=self.ranker.api_key,
            base_url=self.ranker.base_url,
            timeout=self.ranker.attempt_seconds,
            max_retries=0,
        )
        async with client:
            return list(await asyncio.gather(*(self._one(client, asking, gate, ends) for asking in askings)))

    async def _one(
        self, client: "AsyncOpenAI", asking: RankingPrompt, gate: asyncio.Semaphore, ends: float
    ) -> RankingReply:
        began = time.monotonic()
        reply = RankingReply(asking.key, "deadline", problem="the hour's deadline passed before it was sent")
        try:
            async with asyncio.timeout(max(ends - began, 0)), gate:
                began = time.monotonic()
                reply = await self._attempts(client, asking, ends)
        except TimeoutError:
            problem = f"no answer within the hour's deadline of {self.ranker.deadline_seconds:g} s"
            reply = RankingReply(asking.key, "deadline", problem=problem)
        reply = replace(reply, latency_seconds=round(time.monotonic() - began, 3))
        self.told(reply)
        return reply

    async def _attempts(self, client: "AsyncOpenAI", asking: RankingPrompt, ends: float) -> RankingReply:
        reply = RankingReply(asking.key, "breaker", problem=self.breaker)
        for attempt in range(1, self.ranker.attempts + 1):
            await self._hold_back(ends)
            if self.breaker:
                return reply if attempt > 1 else RankingReply(asking.key, "breaker", problem=self.breaker)
            dearest = self.ranker.prices.of(asking.most_input_tokens, 0, MAX_OUTPUT_TOKENS)
            if self.held_usd + dearest > self.budget_usd:
                problem = f"the day's budget leaves {max(self.budget_usd - self.held_usd, 0):.4f} USD"
                return reply if attempt > 1 else RankingReply(asking.key, "budget", problem=problem)
            self.held_usd += dearest
            reply = replace(await self._send(client, asking), attempts=attempt)
            self.held_usd += reply.cost_usd - dearest
            self._learn(reply)
            if reply.status not in RETRIED:
                return reply
            if attempt < self.ranker.attempts:
                await asyncio.sleep(self.random.uniform(0.5, 1.5) * FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        return reply

    async def _hold_back(self, ends: float) -> None:
        while (wait := self.not_before - time.monotonic()) > 0 and time.monotonic() < ends:
            await asyncio.sleep(min(wait, 1.0))

    def _learn(self, reply: RankingReply) -> None:
        if reply.status == "quota":
            self.breaker = "the account's quota is used up: add credit, or raise its limit"
        elif reply.status in RETRIED or reply.status == "rejected":
            self.failures_in_a_row += 1
            if self.failures_in_a_row >= FAILURES_TO_OPEN:
                self.breaker = f"{self.failures_in_a_row} requests in a row failed, the last: {reply.problem}"
        else:
            self.failures_in_a_row = 0

    async def _send(self, client: "AsyncOpenAI", asking: RankingPrompt) -> RankingReply:
        """Send a prompt once, in a span with the names of OpenTelemetry's conventions for generative AI."""
        model = self.ranker.model
        facts = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.output.type": "json",
            "gen_ai.request.model": model,
            "gen_ai.request.max_tokens": MAX_OUTPUT_TOKENS,
        }
        with _TRACER.start_as_current_span(
            f"chat {model}",
            kind=trace.SpanKind.CLIENT,
            attributes=facts,
            record_exception=False,  # its words may quote the request
            set_status_on_exception=False,
        ) as span:
            reply = await self._request(client, asking)
            span.set_attribute("gen_ai.usage.input_tokens", reply.input_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", reply.output_tokens)
            if reply.status != "answered":
                span.set_attribute("error.type", reply.status)
                span.set_status(trace.StatusCode.ERROR)
        return reply

    async def _request(self, client: "AsyncOpenAI", asking: RankingPrompt) -> RankingReply:
        from openai import APIStatusError, APITimeoutError  # noqa: PLC0415, as above

        try:
            async with asyncio.timeout(self.ranker.attempt_seconds):
                body = await self._receive(client, asking)
        except (TimeoutError, APITimeoutError):
            return RankingReply(asking.key, "timeout", problem=f"no answer within {self.ranker.attempt_seconds:g} s")
        except APIStatusError as error:
            self._heed(error.response.headers)
            return failed_reply(asking.key, error)
        except Exception as error:  # noqa: BLE001, the SDK lets its HTTP library's own errors through while a body is read
            cause = type(error.__cause__ or error).__name__
            return RankingReply(asking.key, "unreachable", problem=f"the connection broke off ({cause})")
        if len(body) > MAX_RESPONSE_BYTES:
            return RankingReply(asking.key, "too_large", problem=f"the answer is over {MAX_RESPONSE_BYTES:,} bytes")
        return read_reply(asking, body, self.ranker.prices)

    async def _receive(self, client: "AsyncOpenAI", asking: RankingPrompt) -> bytes:
        """The response's bytes; only as many as show that it is too large."""
        from openai import omit  # noqa: PLC0415, as above

        shape = {"type": "json_schema", "name": "ranking", "strict": True, "schema": asking.schema}
        effort = self.ranker.reasoning_effort
        body = b""
        async with client.responses.with_streaming_response.create(
            model=self.ranker.model,
            instructions=asking.instructions,
            input=asking.text,
            text=cast("Any", {"format": shape}),
            max_output_tokens=MAX_OUTPUT_TOKENS,
            reasoning=omit if effort is None else cast("Any", {"effort": effort}),
            store=False,
        ) as response:
            self._heed(response.headers)
            async for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_RESPONSE_BYTES:
                    break
        return body

    def _heed(self, headers: Mapping[str, str]) -> None:
        """Delay all requests as long as the server asks: after a 429, or if nothing remains of a limit."""
        self.not_before = max(self.not_before, time.monotonic() + wait_seconds(headers))
