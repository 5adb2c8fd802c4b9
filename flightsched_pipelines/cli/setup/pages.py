"""The pages that links in the Dagster UI lead to under ``flightsched dev``: reports of hours, and the documentation."""

import html
import re
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

DOCS = Path(__file__).parents[3] / "docs"
STYLE = "body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}"
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
CONTENT_SECURITY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@contextmanager
def serve_pages(host: str, port: int, reports: Path) -> Generator[None]:
    """Serve ``/reports/<hour>.html`` and ``/docs/<path>.md`` for as long as the block lasts.

    Raises:
        OSError: the port is in use.
    """
    folders = {"reports": reports, "docs": DOCS}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = find_page(self.path, folders)
            self.send_response(HTTPStatus.OK if page else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", CONTENT_SECURITY)
            self.end_headers()
            self.wfile.write((page or "There is no such page.").encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, its name
            """Print nothing."""

    with ThreadingHTTPServer((host, port), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def find_page(path: str, folders: dict[str, Path]) -> str | None:
    """Return the page at a path such as ``/docs/how-to/runbook.md``; ``None`` if there is none."""
    matched = re.fullmatch(r"/(reports|docs)/((?:[\w-]+/)*[\w-]+\.(?:html|md))", path.partition("?")[0])
    if matched is None:
        return None
    file = folders[matched[1]] / matched[2]
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    return text if file.suffix == ".html" else as_page(text)


def as_page(markdown: str) -> str:
    """Return Markdown as a page whose headings can be linked to and whose links open; all else stays as it is typed."""
    blocks: list[str] = []
    for number, part in enumerate(re.split(r"^(#{1,4} .+)$", markdown, flags=re.MULTILINE)):
        text = html.escape(part.strip("\n"), quote=True)
        if number % 2:
            words = text.lstrip("# ")
            name = re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-")
            blocks.append(f'<h2 id="{name}">{words}</h2>')
        elif text:
            blocks.append(f"<pre>{LINK.sub(_anchor, text)}</pre>")
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{''.join(blocks)}"


def _anchor(found: re.Match[str]) -> str:
    """Return a link as HTML, if it leads to a place that is served; else its text."""
    is_served = re.match(r"(https?://|#|[\w./-]+\.md)", found[2])
    return f'<a href="{found[2]}">{found[1]}</a>' if is_served else found[1]
