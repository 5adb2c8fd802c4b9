"""A wire that can be cut: a TCP proxy before a real server, which drops every connection while it is cut."""

import contextlib
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

CHUNK_BYTES = 65_536


@dataclass
class Wire:
    """From a free port of this machine to a server; ``cut`` it and ``mend`` it."""

    host: str
    port: int
    listener: socket.socket
    is_cut: bool = False
    _open: set[socket.socket] = field(default_factory=set[socket.socket])
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def end(self) -> int:
        """The port to connect to."""
        return int(self.listener.getsockname()[1])

    def cut(self) -> None:
        """Drop every connection, and each new one as it comes."""
        with self._turn:
            self.is_cut = True
            for one in self._open:
                _drop(one)
            self._open.clear()

    def mend(self) -> None:
        """Let new connections through."""
        self.is_cut = False

    def serve(self) -> None:
        """Accept until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if self.is_cut:
                    _drop(near)
                else:
                    self._join(near)

    def _join(self, near: socket.socket) -> None:
        far = socket.create_connection((self.host, self.port))
        with self._turn:
            self._open |= {near, far}
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                target.sendall(data)
        with self._turn:
            self._open -= {source, target}
        _drop(source)
        _drop(target)


@contextmanager
def wire_to(host: str, port: int) -> Generator[Wire]:
    """A wire to a server, until the block ends."""
    wire = Wire(host, port, socket.create_server(("127.0.0.1", 0)))
    server = threading.Thread(target=wire.serve, daemon=True)
    server.start()
    try:
        yield wire
    finally:
        # A shutdown wakes the thread that accepts; closing alone does not.
        wire.listener.shutdown(socket.SHUT_RDWR)
        wire.listener.close()
        server.join()
        wire.cut()


def _drop(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
