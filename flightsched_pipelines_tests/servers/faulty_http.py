"""A server that takes a request of Amazon's or Slack's, and then responds late, wrongly or not at all."""

import json
from base64 import b64decode
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote_plus

HANG_UP, SILENCE = "hang up", "silence"
LONGEST_SECONDS = 120
NAMES = ("reschedule-notifications-test", "flight-rescheduler-alerts-test")
TOPICS = "".join(f"<member><TopicArn>arn:aws:sns:us-east-1:1:{name}</TopicArn></member>" for name in NAMES)
LISTED = f"<ListTopicsResponse><ListTopicsResult><Topics>{TOPICS}</Topics></ListTopicsResult></ListTopicsResponse>"
PUBLISHED = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"


@dataclass
class FaultyHttp:
    """The server's behaviour for each message, and the messages it has.

    ``fault`` is a status, HANG_UP, or SILENCE until ``released``; ``code`` is Amazon's or Slack's code in a response.
    With a ``marker`` only messages that contain it are at fault.
    """

    fault: int | str = 200
    code: str = ""
    marker: str = ""
    url: str = ""
    taken: list[str] = field(default_factory=list[str])
    released: Event = field(default_factory=Event)


@contextmanager
def running(fault: int | str = 200, code: str = "", marker: str = "") -> Generator[FaultyHttp]:
    """A server of the test's own."""
    kept = FaultyHttp(fault, code, marker)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if "Action=ListTopics" in body:
                self._answer(200, LISTED)
            elif "GetQueueUrl" in self.headers.get("X-Amz-Target", ""):
                self._answer(200, json.dumps({"QueueUrl": f"{kept.url}/1/queue"}))
            else:
                message = self._message(body)
                kept.taken.append(message)
                self._take(message)

        def _message(self, body: str) -> str:
            if self.path.startswith("/v2"):
                return b64decode(json.loads(body)["Content"]["Raw"]["Data"]).decode()
            return unquote_plus(body)

        def _take(self, body: str) -> None:
            fault = kept.fault if kept.marker in body else 200
            if fault == SILENCE:
                kept.released.wait(LONGEST_SECONDS)
            if isinstance(fault, str):
                self.close_connection = True
                return
            if self.path.startswith("/hook"):
                self._answer(fault, "ok" if fault == 200 else kept.code)
            elif self.path.startswith("/api"):
                self._answer(fault, json.dumps({"ok": fault == 200 and not kept.code, "error": kept.code, "ts": "1.2"}))
            elif self.path.startswith("/v2") or "X-Amz-Target" in self.headers:
                self._answer(fault, json.dumps({"MessageId": "1"} if fault == 200 else {"__type": kept.code}))
            elif fault == 200:
                self._answer(200, PUBLISHED)
            else:
                self._answer(fault, f"<ErrorResponse><Error><Code>{kept.code}</Code></Error></ErrorResponse>")

        def _answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.send_header("x-amzn-ErrorType", kept.code)
            self.send_header("Content-Type", "text/plain" if self.path.startswith("/hook") else "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, http.server's name
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield kept
    finally:
        kept.released.set()
        server.shutdown()
        server.server_close()
