"""Read a mail as a person does: the words that its HTML shows, line by line, in order."""

from html.parser import HTMLParser

from flightsched_pipelines.messages import email
from flightsched_pipelines.messages.models import Digest, Notice

_BREAKS = {"p", "h1", "h2", "tr", "td", "th", "table", "br", "div", "li"}


def rendered(sample: Notice | Digest) -> email.Rendered:
    """Return a sample's subject, text and HTML."""
    return email.render_digest(sample) if isinstance(sample, Digest) else email.render_notice(sample)


def lines_shown(html: str) -> list[str]:
    """Return the lines that a reader sees, without the hidden preview line."""
    reader = _Reader()
    reader.feed(html)
    return [line for part in "".join(reader.parts).split("\n") if (line := " ".join(part.split()))]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "title"} or "display:none" in (dict(attrs).get("style") or ""):
            self._hidden += 1
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "title", "div"}:
            self._hidden -= 1
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
