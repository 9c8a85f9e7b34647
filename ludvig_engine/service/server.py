"""The engine's server: it listens, serves one client at a time, and ends when its parent has ended.

One thread accepts connections, one per connection receives (its handshake, then its session), one
works and one sends progress (jobs.py), and one watches stdin. Any thread may send.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from .. import __version__
from ..errors import EngineError
from ..io.atomic import atomic_write
from ..outside import parent
from ..wire.connection import Connection
from ..wire.methods import METHODS, Initialized
from ..wire.protocol import PROTOCOL
from .jobs import Jobs
from .log import log_to_stderr
from .reception import HANDSHAKE_SECONDS, Reception, telling
from .session import Handler, Session, pack_answer

# A new client waits this long for the previous one's thread to notice that it has left.
SEAT_SECONDS = 1.0
# A client that takes nothing of an answer for so long is gone. Shorter, and a tunnel over a bad
# wireless network, or an editor that is busy without letting its other threads run, would be too.
PATIENCE_SECONDS = 120.0
# From the end of stdin, or a client's `shutdown`, to the end of the process.
EXIT_SECONDS = 1.0
MIN_TOKEN = 16  # characters

log = logging.getLogger(__name__)


def serve(
    connection_file: str | os.PathLike[str],
    handlers: Mapping[str, Handler],
    *,
    port: int = 0,
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Serve one client after another until one calls `shutdown` or stdin ends.

    The token is the first line of stdin. `connection_file` is written when the engine is ready and
    removed when it ends. `handlers` are by method name, and are called one at a time in a thread of
    their own. With `port` 0 the system chooses one. `ready` is called after the file is written,
    for work that may take longer. Raises `EngineError`: "bad_token" without a token, "no_port" if
    the port is taken.
    """
    log_to_stderr()
    stdin = parent.open_stdin()
    token = stdin.readline(1000).decode(errors="replace").strip() if stdin else ""
    if len(token) < MIN_TOKEN:
        raise EngineError(
            "bad_token",
            f"The first line of stdin is no token: it has {len(token)} characters, but at least "
            f"{MIN_TOKEN} are needed.",
            ["Write a secret and a line break to stdin, then keep it open."],
        )
    # Before a thread reads on, and before libraries are loaded that must not meet it.
    watched = parent.detach_stdin()
    with contextlib.closing(Server(handlers, token, port=port)) as server:
        about = json.dumps(
            {
                "port": server.port,
                "pid": os.getpid(),
                "protocol": PROTOCOL,
                "version": __version__,
            }
        )
        with atomic_write(connection_file) as path:
            path.chmod(0o600)
            path.write_text(about)
        withdraw = functools.partial(_withdraw, Path(connection_file), about)
        threading.Thread(
            target=_exit_with, args=(watched, server, withdraw), name="stdin", daemon=True
        ).start()
        try:
            ready()
            server.wait()
            _exit_soon()
        finally:
            withdraw()


def _exit_with(stdin: IO[bytes], server: Server, withdraw: Callable[[], object]) -> None:
    """End the process when stdin ends, which means that the parent has ended."""
    with contextlib.suppress(OSError):  # a terminal that is gone
        while stdin.read(4096):
            pass
    _exit_soon()
    withdraw()
    log.info("stdin has ended: the parent is gone, so the engine stops")
    server.stop()


def _exit_soon() -> None:
    """End the process in a moment, whatever hinders it from ending by itself.

    Work that does not poll for cancellation, a client that does not read, or a log that nobody
    reads: nobody waits for them any more.
    """
    timer = threading.Timer(EXIT_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()


def _withdraw(connection_file: Path, about: str) -> None:
    """Remove the connection file, unless another engine has written its own there."""
    with contextlib.suppress(OSError, ValueError):
        if connection_file.read_text() == about:
            connection_file.unlink()


class Server:
    """Listens on the loopback interface in threads of its own, until `close`."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        token: str,
        *,
        port: int = 0,
        handshake_seconds: float = HANDSHAKE_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        if unknown := handlers.keys() - METHODS.keys():
            raise ValueError(f"handlers of methods that do not exist: {unknown}")
        self._handlers, self._patience = handlers, patience
        self._reception = Reception(token, seconds=handshake_seconds)
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            fixes = ["Use port 0, and the system chooses a free one."]
            raise EngineError(
                "no_port", f"Cannot listen on port {port}: {error.strerror}.", fixes
            ) from error
        self.port: int = self._listener.getsockname()[1]
        self._jobs = Jobs()
        # The thread of the one client that is served holds this.
        self._seat = threading.Lock()
        self._client: Connection | None = None
        self._stopping = threading.Event()
        threading.Thread(target=self._accept, name="accept", daemon=True).start()
        log.info("engine %s, process %d, listens on port %d", __version__, os.getpid(), self.port)

    def wait(self) -> None:
        """Return when `stop` is called, by a client's `shutdown` or otherwise."""
        # A wait without a limit cannot be interrupted on Windows.
        while not self._stopping.wait(1.0):
            pass

    def stop(self) -> None:
        """Cancel all jobs and make `wait` return."""
        self._jobs.cancel()
        self._stopping.set()

    def close(self) -> None:
        """Stop, close the port, and hang up on the client."""
        self.stop()
        self._jobs.close()
        # This wakes accept() on Linux; other systems refuse it.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if client := self._client:
            client.hang_up()
        log.info("engine stopped")

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
                connection = Connection(sock, patience=self._patience)
                self._reception.admit(connection)
                threading.Thread(
                    target=self._attend, args=(connection,), name="connection", daemon=True
                ).start()
            # For example, there may be too many open files, or threads.
            except (OSError, RuntimeError) as error:
                if not self._stopping.is_set():
                    log.warning("cannot accept a connection: %s", error)
                    time.sleep(0.1)

    def _attend(self, connection: Connection) -> None:
        """Run one connection from its handshake to its end, which is one line in the log."""
        who = "a stranger"
        with contextlib.closing(connection):
            try:
                number, hello = self._reception.identify(connection)
                who = f"client {hello.client[:80]!r}"
                self._host(connection, number, who)
            except EOFError:
                log.info("%s left", who)
            except (EngineError, OSError) as error:
                log.warning("connection of %s closed: %s", who, error)

    def _host(self, connection: Connection, number: int, who: str) -> None:
        """Serve a client after its handshake. Raises `EngineError` if another one is served."""
        with telling(connection, number):
            if not self._seat.acquire(timeout=SEAT_SECONDS):
                raise EngineError(
                    "engine_busy",
                    "The engine already serves another client.",
                    ["Close the other client first."],
                )
        try:
            self._client = connection
            log.info("%s connected", who)
            methods = tuple(sorted(self._handlers))
            connection.send(
                pack_answer(number, Initialized(__version__, PROTOCOL, os.getpid(), methods))
            )
            Session(connection, self._jobs, self._handlers, self.stop).run()
        finally:
            self._client = None
            self._seat.release()
