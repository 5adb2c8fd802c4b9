"""A mail server that fails on request at one step of the conversation, for one reader or for all."""

import socket
import socketserver
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition, Event, Thread

HANG_UP, SILENCE = "hang up", "silence"
LONGEST_SECONDS = 120


@dataclass
class FaultySmtp:
    """The server's behaviour, and the mails it has.

    ``step`` is greeting, ehlo, mail, rcpt, data, text (once a part of the mail has come) or end (once it has the whole
    mail, and keeps it). There it hangs up, is silent until ``released``, or responds ``fault``.
    """

    step: str = ""
    fault: str = ""
    reader: str = ""
    port: int = 0
    taken: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])
    changed: Condition = field(default_factory=Condition)
    released: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        """Its address, as SMTP_URL wants it."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, true: Callable[[], bool]) -> None:
        """Wait until a condition on its content holds."""
        with self.changed:
            assert self.changed.wait_for(true, LONGEST_SECONDS), f"it has {len(self.taken)}, asked {len(self.asked)}"

    def note(self, log: list[str], reader: str) -> None:
        """Record the requested reader, or the reader whose mail was taken."""
        with self.changed:
            log.append(reader)
            self.changed.notify_all()


@contextmanager
def running(step: str = "", fault: str = "", reader: str = "") -> Generator[FaultySmtp]:
    """A server of the test's own; without a reader it is at fault for all."""
    kept = FaultySmtp(step, fault, reader)

    class Conversation(socketserver.StreamRequestHandler):
        reader = ""

        def handle(self) -> None:
            with suppress(OSError, _HungUpError):
                self._answer("greeting", "220 hello")
                while line := self.rfile.readline().decode().strip():
                    self._obey(line)

        def _obey(self, line: str) -> None:
            command = line.split(":", maxsplit=1)[0].split(" ", maxsplit=1)[0].lower()
            if command == "mail":
                self.reader = ""
            if command == "rcpt":
                self.reader = line.split("<")[1].split(">", maxsplit=1)[0]
                kept.note(kept.asked, self.reader)
            answers = {"data": "354 go on", "quit": "221 bye"}
            self._answer(command, answers.get(command, "250 OK"))
            if command == "data" and not self._is_at("data"):
                self._read_mail()

        def _read_mail(self) -> None:
            self.rfile.readline()
            if self._is_at("text"):
                self._answer("text", "")
            while (line := self.rfile.readline()) != b".\r\n":
                if not line:
                    raise _HungUpError
            if kept.fault[:1] not in {"4", "5"} or not self._is_at("end"):
                kept.note(kept.taken, self.reader)
            self._answer("end", "250 taken")

        def _is_at(self, step: str) -> bool:
            return step == kept.step and (not kept.reader or kept.reader == self.reader)

        def _answer(self, step: str, usual: str) -> None:
            said = kept.fault if self._is_at(step) else usual
            if said == SILENCE:
                kept.released.wait(LONGEST_SECONDS)
                said = usual
            if said == HANG_UP:
                raise _HungUpError
            self.wfile.write(f"{said}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 50

        def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
            """Hang up at once; what was not read is lost."""
            assert isinstance(request, socket.socket)
            request.close()

    with Server(("127.0.0.1", 0), Conversation) as server:
        kept.port = server.server_address[1]
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield kept
        finally:
            kept.released.set()
            server.shutdown()


class _HungUpError(Exception):
    """One of the two hung up."""
