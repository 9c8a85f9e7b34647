"""The engine's server: it listens, serves one client at a time, and ends when its parent has ended.

One thread accepts connections, one per connection receives (its handshake, then its session), one
works and one sends progress (jobs.py), and one watches stdin. Any thread may send. The log goes to
stderr, one line per event.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from .. import __version__
from ..errors import EngineError
from ..io.atomic import atomic_write
from ..wire import codec
from ..wire.methods import METHODS, Initialize, Initialized
from ..wire.protocol import (
    HANDSHAKE_HEADER,
    HANDSHAKE_SECONDS,
    PROTOCOL,
    Connection,
    ProtocolError,
    error_to_message,
    pack_message,
)
from .jobs import Jobs
from .session import Handler, Session, pack_answer

MAX_HANDSHAKES = 8  # at the same time
# A new client waits this long for the previous one's thread to notice that it has left.
SEAT_SECONDS = 1.0
# From the end of stdin to the end of the process.
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
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # Stdin must be unbuffered: a thread that waits in a buffered reader holds the reader's lock,
    # and then Python aborts at exit.
    stdin = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115
    token = stdin.readline(1000).decode(errors="replace").strip()
    if len(token) < MIN_TOKEN:
        raise EngineError(
            "bad_token",
            f"The first line of stdin is no token: it has {len(token)} characters, but at least "
            f"{MIN_TOKEN} are needed.",
            ["Write a secret and a line break to stdin, then keep it open."],
        )
    with contextlib.closing(Server(handlers, token, port=port)) as server:
        watch = threading.Thread(target=_exit_with, args=(stdin, server), name="stdin", daemon=True)
        watch.start()
        address = {
            "port": server.port,
            "pid": os.getpid(),
            "protocol": PROTOCOL,
            "version": __version__,
        }
        with atomic_write(connection_file) as path:
            path.chmod(0o600)
            path.write_text(json.dumps(address))
        try:
            ready()
            server.wait()
        finally:
            Path(connection_file).unlink(missing_ok=True)


def _exit_with(stdin: IO[bytes], server: Server) -> None:
    """End the process when stdin ends, which means that the parent has ended."""
    while stdin.read(4096):
        pass
    log.info("stdin has ended: the parent is gone, so the engine stops")
    server.stop()
    # Work that has not stopped by then is abandoned, since nobody waits for it any more.
    time.sleep(EXIT_SECONDS)
    os._exit(0)


class Server:
    """Listens on the loopback interface in threads of its own, until `close`."""

    def __init__(self, handlers: Mapping[str, Handler], token: str, *, port: int = 0) -> None:
        if unknown := handlers.keys() - METHODS.keys():
            raise ValueError(f"handlers of methods that do not exist: {unknown}")
        self._handlers, self._token = handlers, token.encode(errors="replace")
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            fixes = ["Use port 0, and the system chooses a free one."]
            raise EngineError(
                "no_port", f"Cannot listen on port {port}: {error.strerror}.", fixes
            ) from error
        self.port: int = self._listener.getsockname()[1]
        self._jobs = Jobs()
        self._handshakes = threading.BoundedSemaphore(MAX_HANDSHAKES)
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
            except OSError as error:
                # For example, there may be too many open files.
                if not self._stopping.is_set():
                    log.warning("cannot accept a connection: %s", error)
                    time.sleep(0.1)
                continue
            if self._handshakes.acquire(blocking=False):
                threading.Thread(
                    target=self._attend, args=(sock,), name="connection", daemon=True
                ).start()
            else:
                log.warning("connection refused: %d handshakes are pending", MAX_HANDSHAKES)
                sock.close()

    def _attend(self, sock: socket.socket) -> None:
        """Run one connection from its handshake to its end, which is one line in the log."""
        who = "a stranger"
        with contextlib.closing(Connection(sock)) as connection:
            try:
                try:
                    number, hello = self._identify(connection)
                finally:
                    self._handshakes.release()
                who = f"client {hello.client[:80]!r}"
                self._host(connection, number, who)
            except EOFError:
                log.info("%s left", who)
            except (EngineError, OSError) as error:
                log.warning("connection of %s closed: %s", who, error)

    def _identify(self, connection: Connection) -> tuple[int, Initialize]:
        """Receive a valid `initialize`; return its id and its params.

        Raises `ProtocolError` for any other message, `EngineError` for a wrong token or version.
        """
        deadline = time.monotonic() + HANDSHAKE_SECONDS
        try:
            message, arrays = connection.receive(
                deadline=deadline, max_header=HANDSHAKE_HEADER, max_body=0
            )
        except TimeoutError as error:
            raise ProtocolError(f"no initialize within {HANDSHAKE_SECONDS:.0f} seconds") from error
        if message.get("method") != Initialize.method or "id" not in message:
            raise ProtocolError("a first message that is not initialize")
        with _telling(connection, message["id"]):
            hello = codec.decode(Initialize, message.get("params", {}), arrays)
            if not hmac.compare_digest(hello.token.encode(errors="replace"), self._token):
                raise EngineError(
                    "bad_token",
                    "The token is not the one that this engine was started with.",
                    ["Use the token that was written to the engine's stdin."],
                )
            if hello.protocol != PROTOCOL:
                raise EngineError(
                    "bad_version",
                    f"The engine speaks protocol {PROTOCOL} and the client {hello.protocol}.",
                    ["Use the same version of LUDVIG for both."],
                )
        return message["id"], hello

    def _host(self, connection: Connection, number: int, who: str) -> None:
        """Serve a client after its handshake. Raises `EngineError` if another one is served."""
        with _telling(connection, number):
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


@contextlib.contextmanager
def _telling(connection: Connection, number: int) -> Iterator[None]:
    """Answer the request `number` with an `EngineError` raised inside, and raise it again."""
    try:
        yield
    except EngineError as error:
        connection.send(pack_message({"id": number, "error": error_to_message(error)}))
        raise
