"""The engine's door: it listens, lets one client in, and goes when its parent has gone.

Threads: one accepts, one per connection receives (its handshake, then its session), one works and one tells progress
(jobs.py), one watches stdin. Sending is done by whoever has something to say. stderr is the log, one line an event.
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
    pack,
)
from .jobs import Jobs
from .session import Handler, Session, pack_answer

MAX_HANDSHAKES = 8  # at once
SEAT_SECONDS = 1.0  # a client that has just left may take this long to be noticed
EXIT_SECONDS = 1.0  # after stdin has ended
MIN_TOKEN = 16  # characters

log = logging.getLogger(__name__)


def serve(
    connection_file: str | os.PathLike[str],
    handlers: Mapping[str, Handler],
    *,
    port: int = 0,
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Serve one client after another until one says `shutdown` or stdin ends.

    The token is the first line of stdin. `connection_file` appears when the engine is ready and goes when it ends.
    `handlers` are by method name; they are called one at a time, in a thread of their own. With `port` 0 the system
    chooses. `ready` is called when the file is there, for what may take longer. Raises `EngineError`: "bad_token" if
    stdin gives none, "no_port" if the port is taken.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # Unbuffered: a thread that waits inside a buffered reader holds its lock, and Python aborts at exit over that.
    stdin = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115
    token = stdin.readline(1000).decode(errors="replace").strip()
    if len(token) < MIN_TOKEN:
        raise EngineError(
            "bad_token",
            f"The first line of stdin is no token: it has {len(token)} characters, {MIN_TOKEN} are needed.",
            ["Write a secret and a line break to stdin, then keep it open."],
        )
    with contextlib.closing(Server(handlers, token, port=port)) as server:

        def exit_with_parent() -> None:
            while stdin.read(4096):
                pass
            log.info("stdin has ended: the parent is gone, so is the engine")
            server.stop()
            time.sleep(EXIT_SECONDS)  # a step of the work may take longer than this, but for whom?
            os._exit(0)

        threading.Thread(target=exit_with_parent, name="stdin", daemon=True).start()
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


class Server:
    """Listens on the loopback interface, in threads of its own, from its making until `close`."""

    def __init__(self, handlers: Mapping[str, Handler], token: str, *, port: int = 0) -> None:
        if unknown := handlers.keys() - METHODS.keys():
            raise ValueError(f"handlers of methods that do not exist: {unknown}")
        self._handlers, self._token = handlers, token.encode(errors="replace")
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            fixes = ["Use port 0: the system chooses a free one."]
            raise EngineError(
                "no_port", f"Cannot listen on port {port}: {error.strerror}.", fixes
            ) from error
        self.port: int = self._listener.getsockname()[1]
        self._jobs = Jobs()
        self._handshakes = threading.BoundedSemaphore(MAX_HANDSHAKES)
        self._seat = threading.Lock()  # held by the one client's thread
        self._client: Connection | None = None
        self._stopping = threading.Event()
        threading.Thread(target=self._accept, name="accept", daemon=True).start()
        log.info("engine %s, process %d, listens on port %d", __version__, os.getpid(), self.port)

    def wait(self) -> None:
        """Until `stop` is called, by a client's `shutdown` or otherwise."""
        while not self._stopping.wait(1.0):  # an endless wait cannot be interrupted on Windows
            pass

    def stop(self) -> None:
        """Cancel what runs, and make `wait` return."""
        self._jobs.cancel()
        self._stopping.set()

    def close(self) -> None:
        """Stop, and hang up."""
        self.stop()
        self._jobs.close()
        with contextlib.suppress(OSError):
            self._listener.shutdown(
                socket.SHUT_RDWR
            )  # wakes accept() on Linux and is refused elsewhere
        self._listener.close()
        if client := self._client:
            client.hang_up()
        log.info("engine stopped")

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError as error:
                if not self._stopping.is_set():  # too many open files, say
                    log.warning("cannot accept a connection: %s", error)
                    time.sleep(0.1)
                continue
            if self._handshakes.acquire(blocking=False):
                threading.Thread(
                    target=self._attend, args=(sock,), name="connection", daemon=True
                ).start()
            else:
                log.warning(
                    "connection refused: %d others have not said yet who they are", MAX_HANDSHAKES
                )
                sock.close()

    def _attend(self, sock: socket.socket) -> None:
        """One connection from handshake to end; however it ends, it is one line in the log."""
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
        """The id and the params of a valid `initialize`."""
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
                    "The token is not this engine's.",
                    ["Use the token it was started with."],
                )
            if hello.protocol != PROTOCOL:
                raise EngineError(
                    "bad_version",
                    f"The engine speaks protocol {PROTOCOL} and the client {hello.protocol}.",
                    ["Use the same version of LUDVIG for both."],
                )
        return message["id"], hello

    def _host(self, connection: Connection, number: int, who: str) -> None:
        """Serve a known client, if no other is being served."""
        with _telling(connection, number):
            if not self._seat.acquire(timeout=SEAT_SECONDS):
                raise EngineError(
                    "engine_busy",
                    "The engine already serves another client.",
                    ["Close that one first."],
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
    """Answer the request `number` with the error that happens here, then let it pass on."""
    try:
        yield
    except EngineError as error:
        connection.send(pack({"id": number, "error": error_to_message(error)}))
        raise
