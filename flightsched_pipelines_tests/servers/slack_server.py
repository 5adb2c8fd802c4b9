"""Slack's webhook and ``chat.postMessage`` over HTTP, in one mode at a time."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class SlackServer:
    """The messages it got, and its mode: ok, rate_limited, invalid_auth, invalid_blocks or broken."""

    mode: str = "ok"
    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@contextmanager
def running(mode: str = "ok") -> Generator[SlackServer]:
    """A server of the test's own."""
    kept = SlackServer(mode)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            hook = self.path.startswith("/hook")
            if kept.mode == "ok":
                kept.posts.append(json.loads(body) if body.startswith("{") else {"form": body})
                self._answer(200, "ok" if hook else json.dumps({"ok": True, "ts": "1.2"}))
            elif kept.mode == "rate_limited":
                self._answer(429, json.dumps({"ok": False, "error": "ratelimited"}), {"Retry-After": "7"})
            elif kept.mode == "broken":
                self._answer(500, "sorry")
            else:
                self._answer(400 if hook else 200, kept.mode if hook else json.dumps({"ok": False, "error": kept.mode}))

        def _answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if body in {"ok", kept.mode} else "application/json")
            for name, value in (headers or {}).items():
                self.send_header(name, value)
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
        server.shutdown()
        server.server_close()
