"""An OpenTelemetry collector on a local port: it keeps the spans that it gets by OTLP over HTTP."""

import gzip
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class KeptSpan:
    """A span: its name, its own id and its parent's, whether it failed, and its attributes."""

    name: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    failed: bool
    attributes: dict[str, object]


@dataclass
class TraceCollector:
    """The collector; ``bodies`` are the requests as they came, unpacked."""

    url: str = ""
    spans: list[KeptSpan] = field(default_factory=list[KeptSpan])
    bodies: list[bytes] = field(default_factory=list[bytes])

    def __enter__(self) -> Self:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.keep(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, its name there
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def keep(self, body: bytes) -> None:
        """Keep the spans of a request."""
        self.bodies.append(body)
        request: Any = ExportTraceServiceRequest.FromString(body)
        for span in (one for of in request.resource_spans for scope in of.scope_spans for one in scope.spans):
            values = {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}
            self.spans.append(
                KeptSpan(span.name, span.trace_id, span.span_id, span.parent_span_id, span.status.code == 2, values)
            )
