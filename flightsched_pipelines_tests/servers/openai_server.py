"""OpenAI's Responses API on a local port, that answers as told: well, wrongly, slowly or not at all.

Give a client the server's ``url`` as ``OPENAI_BASE_URL``, then look at ``requests``, the bodies as they came::

    with OpenAIServer(mode="refusal") as server:
        settings = Settings(openai_api_key="test", openai_base_url=server.url)
        ...
        server.mode = "ok"  # from here on

``failures`` is how many requests misbehave before the rest go well (``None``: all); ``answers_as``, if set, makes every
body from its question; ``modes``, if given, are those of the first questions, one each. In ``ok`` the slots are put in
order by their forecast, wishes, people and days, with codes that are true of them. ``GET /v1/models`` lists ``models``,
each with its shutdown date or ``None``.

=================== =================================================================================
mode                what comes back
=================== =================================================================================
ok                  a good answer
slow                nothing for ``slow_seconds``, or ``until_at_once`` requests wait together; then as ok
refusal             a refusal in place of text
truncated           half of the text, ``status`` incomplete
empty               no output at all
failed              ``status`` failed
not_json            200 and a web page
wrong_schema        a text that is JSON of another shape
prose               a text that is no JSON
rambling            nothing for ``slow_seconds``, then a text that is no JSON
wrong_ids           a slot that does not exist
duplicate           the first slot twice
missing             one slot less
stranger            the id of a slot as the planner names it, not as it was offered
free_text           a sentence to the student beside the codes of the first slot
message             a sentence to the student beside the ranking
text_as_code        a sentence in the place of a code
unknown_code        a code that is not on the list
false_code          a code that is not true of the first slot
repeated_code       a code twice
too_many_codes      four codes of one slot
rate_limited        429 with ``Retry-After``; once, unless ``failures`` says otherwise
quota               429 with the code ``insufficient_quota``
bad_key             401
refused_effort      400, the model does not accept the reasoning effort
server_error        500
reset               the connection is reset
cut_off             the connection ends in the middle of the answer
huge                200 and 10 MB
=================== =================================================================================

``python -m flightsched_pipelines_tests.servers.openai_server`` runs it until its standard input ends, and says its
address in the first line.
"""

import argparse
import contextlib
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from flightsched_pipelines_tests.servers.llm_answers import SPOILERS, Answer, false_code, good_answer

HUGE_MEGABYTES = 10
MODELS = ("gpt-6-luna", "fake-llm", "stand-in")


A_MOMENT_SECONDS = 0.1


class OpenAIServer:
    """A threaded HTTP server on a free port of this machine; see the module's words for its modes."""

    def __init__(
        self,
        mode: str = "ok",
        *,
        failures: int | None = None,
        slow_seconds: float = 5,
        until_at_once: int | None = None,
        modes: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.mode = mode
        self.slow_seconds = slow_seconds
        self.headers = dict(headers or {})
        self.models: dict[str, str | None] = dict.fromkeys(MODELS)
        self.answers_as: Callable[[dict[str, Any]], bytes] | None = None
        self.requests: list[dict[str, Any]] = []
        self.raw_requests: list[bytes] = []
        self.keys: set[str] | None = None
        self.keys_used: set[str] = set()
        self.most_at_once = 0
        self.until_at_once = until_at_once
        self.together = threading.Event()
        self.closing = threading.Event()
        self.mode_of: dict[str, str] = {}
        """Modes by question, once it was asked, if ``modes`` were given."""
        self._modes = iter(modes)
        self._at_once = 0
        self._failures_left = 1 if mode == "rate_limited" and failures is None else failures
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.together.set()
        self._server.shutdown()
        self._server.server_close()

    def receive(self, body: bytes, head: str) -> tuple[dict[str, Any], str]:
        """Record a request with its head, and return the mode of its response."""
        request = json.loads(body)
        with self._lock:
            self.raw_requests.append(head.encode() + body)
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if self._at_once == self.until_at_once:
                self.together.set()
            question = request.get("input", "")
            mode = self.mode_of.get(question) or next(self._modes, None)
            if mode is not None:
                self.mode_of[question] = mode
                return request, mode
            if self._failures_left is None:
                return request, self.mode
            self._failures_left -= 1
            return request, self.mode if self._failures_left >= 0 else "ok"

    def answered(self) -> None:
        """One request less is being answered."""
        with self._lock:
            self._at_once -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler_for(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        provider = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    provider: OpenAIServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """List the models."""
        if not self.path.endswith("/models"):
            self._reply(404, {"error": {"message": "no such path", "code": None}})
            return
        models = [
            {"id": name, "object": "model", "created": 0, "owned_by": "openai", "shutdown_date": ends}
            for name, ends in self.provider.models.items()
        ]
        self._reply(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        """Answer in the mode of the moment."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = "\n".join([self.path, *(f"{n}: {v}" for n, v in self.headers.items() if n.lower() != "authorization")])
        request, mode = self.provider.receive(body, head)
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.provider.keys_used.add(key)
        if self.provider.keys is not None and key not in self.provider.keys:
            mode = "bad_key"
        # The client may have heard enough before all is said.
        try:
            with contextlib.suppress(ConnectionError):
                if self.path.endswith("/responses"):
                    self._answer(request, mode)
                else:
                    self._reply(404, {"error": {"message": "no such path", "code": None}})
        finally:
            self.provider.answered()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, the standard library's name
        """Log nothing: tests look at ``requests``."""

    def _dawdle(self) -> None:
        if self.provider.until_at_once is None:
            self.provider.closing.wait(self.provider.slow_seconds)
        else:
            self.provider.together.wait(self.provider.slow_seconds)
            self.provider.closing.wait(A_MOMENT_SECONDS)  # in which one too many would come

    def _answer(self, request: Mapping[str, Any], mode: str) -> None:
        if hasattr(self, f"_{mode}"):
            getattr(self, f"_{mode}")()
            return
        if mode in {"slow", "rambling"}:
            self._dawdle()
        question = json.loads(request["input"])
        if self.provider.answers_as is not None:
            self._reply(200, self.provider.answers_as(question))
            return
        answer = good_answer(question)
        if mode == "false_code":
            answer["ranking"][0]["codes"] = [false_code(question, answer["ranking"][0]["id"])]
        SPOILERS.get(mode, lambda _: None)(answer)
        text = "I would take the first one." if mode in {"prose", "rambling"} else json.dumps(answer)
        content: list[Answer] = [{"type": "output_text", "text": text, "annotations": []}]
        response: Answer = {"status": "completed", "incomplete_details": None}
        if mode == "refusal":
            content = [{"type": "refusal", "refusal": "I cannot help with that."}]
        elif mode == "truncated":
            content[0]["text"] = text[: len(text) // 2]
            response = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
        elif mode == "failed":
            response = {"status": "failed", "error": {"code": "server_error", "message": "it failed"}}
        message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}
        tokens_in = (len(request["input"]) + len(request["instructions"])) // 4
        self._reply(
            200,
            {
                "id": "resp_1",
                "object": "response",
                "model": request["model"],
                "output": [] if mode in {"empty", "failed"} else [message],
                "usage": {
                    "input_tokens": tokens_in,
                    "input_tokens_details": {"cached_tokens": len(request["instructions"]) // 4},
                    "output_tokens": len(text) // 4,
                    "output_tokens_details": {"reasoning_tokens": 0},
                    "total_tokens": tokens_in + len(text) // 4,
                },
                **response,
            },
        )

    def _reply(self, status: int, body: object, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **self.provider.headers, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _error(self, status: int, code: str, words: str, param: str | None = None, **headers: str) -> None:
        self._reply(status, {"error": {"message": words, "type": code, "param": param, "code": code}}, **headers)

    def _rate_limited(self) -> None:
        self._error(429, "rate_limit_exceeded", "Rate limit reached", Retry_After="0.2")

    def _quota(self) -> None:
        self._error(429, "insufficient_quota", "You exceeded your current quota")

    def _bad_key(self) -> None:
        self._error(401, "invalid_api_key", "Incorrect API key provided")

    def _refused_effort(self) -> None:
        self._error(400, "unsupported_value", "'none' is not supported with this model", "reasoning.effort")

    def _server_error(self) -> None:
        self._error(500, "server_error", "The server had an error")

    def _not_json(self) -> None:
        self._reply(200, b"<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>", Content_Type="text/html")

    def _reset(self) -> None:
        # Closing with a linger of nothing sends RST in place of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _cut_off(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2000")
        self.end_headers()
        self.wfile.write(b'{"status": "completed", "output": [')
        self.close_connection = True

    def _huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(HUGE_MEGABYTES * 1024 * 1024))
        self.end_headers()
        for _ in range(HUGE_MEGABYTES):
            self.wfile.write(b" " * 1024 * 1024)


def main() -> None:
    """Serve until standard input ends."""
    options = argparse.ArgumentParser(description="OpenAI's Responses API on a free local port.")
    options.add_argument("--mode", default="ok")
    options.add_argument("--slow-seconds", type=float, default=5)
    chosen = options.parse_args()
    with OpenAIServer(chosen.mode, slow_seconds=chosen.slow_seconds) as server:
        print(server.url, flush=True)  # noqa: T201, whoever started it reads it
        sys.stdin.read()


if __name__ == "__main__":
    main()
