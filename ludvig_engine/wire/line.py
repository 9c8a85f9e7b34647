"""The line to an engine: the two threads of a client, one to connect and receive, one to send.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from ..errors import EngineError, Fix
from . import codec
from .calls import Calls
from .connection import Connection
from .error_message import error_from_message
from .frames import Frame
from .handshake import greet
from .json_text import ProtocolError
from .methods import Initialized
from .protocol import Arrays, Message, Progress, pack_message

# The limit for the connection, and again for the handshake: a tunnel may be slow.
CONNECT_SECONDS = 10.0


class Line:
    """One connection, from the first attempt to its end."""

    def __init__(
        self,
        address: Callable[[], tuple[str, int]],
        token: str,
        explain: Callable[[Exception], EngineError],
    ) -> None:
        """`address` may take its time. `explain` says to people why there is no connection."""
        self.calls = Calls(lambda number: self.notify("$/cancelRequest", {"id": number}))
        # The engine's answer to `initialize`; None until it is ready.
        self.info: Initialized | None = None
        self.connection: Connection | None = None
        self.closing = False
        self._address, self._token = address, token
        self._explain = explain
        self._outbox: SimpleQueue[Frame | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="engine, receiving", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def send(self, frame: Frame, *, now: bool = False) -> None:
        """Send a frame; with `now` from this thread, if that is possible, which saves 30 µs."""
        if now and self.connection and self.info:
            # If the connection has ended, the receiving thread finds out why.
            with contextlib.suppress(OSError):
                self.connection.send(frame)
        else:
            self._outbox.put(frame)

    def notify(self, method: str, params: Message) -> None:
        """Send a message that has no answer."""
        self._outbox.put(pack_message({"method": method, "params": params}))

    def hang_up(self) -> None:
        """End the connection; calls end with what `explain` says."""
        self.closing = True
        if self.connection:
            self.connection.hang_up()

    def join(self, seconds: float) -> None:
        """Wait for the threads, which end at once unless they are still trying to connect."""
        self._thread.join(seconds)

    def _run(self) -> None:
        error = EngineError(
            "internal",
            "The connection to the engine has failed.",
            [Fix("Restart the engine.", "restart_engine")],
        )
        try:
            self._connect()
        except (EngineError, EOFError, OSError) as reason:
            error = self._explain(reason)
        finally:
            self.calls.end_all(error)

    def _connect(self) -> None:
        sock = socket.create_connection(self._address(), CONNECT_SECONDS)
        with contextlib.closing(Connection(sock)) as connection:
            sock.settimeout(None)
            self.connection = connection
            if self.closing:
                raise EOFError
            info = greet(
                connection,
                self._token,
                f"Python {os.getpid()}",
                deadline=time.monotonic() + CONNECT_SECONDS,
            )
            with self.calls.changed:
                self.info = info
                self.calls.changed.notify_all()
            writer = threading.Thread(
                target=self._write, args=(connection,), name="engine, sending", daemon=True
            )
            writer.start()
            try:
                while True:
                    self._receive(*connection.receive())
            finally:
                connection.hang_up()
                self._outbox.put(None)
                writer.join()

    def _write(self, connection: Connection) -> None:
        # If the connection has ended, the receiving thread finds out why.
        with contextlib.suppress(OSError):
            while frame := self._outbox.get():
                connection.send(frame)

    def _receive(self, message: Message, arrays: Arrays) -> None:
        outcome: Any
        match message:
            case {"method": "$/progress", "params": {"id": int(number), **report}}:
                self.calls.report(number, codec.decode(Progress, report, {}))
                return
            case {"id": int(number), "error": error}:
                outcome = error_from_message(error)
            case {"id": int(number), "result": result} if call := self.calls.get(number):
                try:
                    outcome = codec.decode(call.request.answer, result, arrays)
                except EngineError as error:
                    outcome = ProtocolError(
                        f"The engine's answer to {call.request.method} is wrong: {error}"
                    )
            case _:
                raise ProtocolError(
                    "The engine sent a message that this client does not understand."
                )
        self.calls.end(number, outcome)
