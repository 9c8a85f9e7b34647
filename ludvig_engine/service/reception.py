"""Strangers: whoever has connected, until it has proved that it knows the token.

They get little time, and few of them wait at once: when one more comes, the one that has waited
longest goes. So connections that say nothing never keep out a client, which is done in a moment.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, TypeVar

from ..errors import EngineError
from ..wire import codec
from ..wire.connection import Connection
from ..wire.error_message import error_to_message
from ..wire.handshake import CLIENT, ENGINE, is_proof, new_nonce, proof
from ..wire.json_text import ProtocolError
from ..wire.methods import Greeted, Hello, Initialize, Request
from ..wire.protocol import HANDSHAKE_HEADER, PROTOCOL, pack_message
from .session import pack_answer

HANDSHAKE_SECONDS = 5.0
MAX_STRANGERS = 32  # at the same time; each has a thread

Q = TypeVar("Q", bound=Request[Any])


class Reception:
    """The strangers that are connected. Thread-safe."""

    def __init__(self, token: str, *, seconds: float = HANDSHAKE_SECONDS) -> None:
        self._token = token
        self._seconds = seconds
        self._strangers: dict[Connection, None] = {}  # the oldest first
        self._lock = threading.Lock()

    def admit(self, stranger: Connection) -> None:
        """Take one in, for which the oldest may have to go."""
        with self._lock:
            self._strangers[stranger] = None
            crowded = len(self._strangers) > MAX_STRANGERS
            oldest = next(iter(self._strangers))
            if crowded:
                del self._strangers[oldest]
        if crowded:
            oldest.hang_up()

    def identify(self, stranger: Connection) -> tuple[int, Initialize]:
        """The engine's half of the handshake; the id and the params of a valid `initialize`.

        Raises `ProtocolError` for other messages or none, `EngineError` for a wrong proof or
        protocol, both of which the stranger is told, EOFError and OSError if it has left.
        """
        reason: Exception | None = None
        try:
            return self._identify(stranger, time.monotonic() + self._seconds)
        except (EOFError, OSError) as error:
            reason = error
            raise
        finally:
            with self._lock:
                dropped = stranger not in self._strangers
                self._strangers.pop(stranger, None)
            if dropped:
                raise ProtocolError(f"{MAX_STRANGERS} newer strangers wait") from reason

    def _identify(self, stranger: Connection, deadline: float) -> tuple[int, Initialize]:
        number, hello = self._next(stranger, Hello, deadline)
        with telling(stranger, number):
            if hello.protocol != PROTOCOL:
                raise EngineError(
                    "bad_version",
                    f"The engine speaks protocol {PROTOCOL} and the client {hello.protocol}.",
                    ["Use the same version of LUDVIG for both."],
                )
        nonce = new_nonce()
        greeted = Greeted(nonce, proof(self._token, ENGINE, hello.nonce, nonce))
        stranger.send(pack_answer(number, greeted))
        number, initialize = self._next(stranger, Initialize, deadline)
        with telling(stranger, number):
            if not is_proof(initialize.proof, self._token, CLIENT, hello.nonce, nonce):
                raise EngineError(
                    "bad_token",
                    "The client does not know the token that this engine was started with.",
                    ["Use the token that was written to the engine's stdin."],
                )
        return number, initialize

    def _next(self, stranger: Connection, kind: type[Q], deadline: float) -> tuple[int, Q]:
        """The id and the params of the next message, which must be a request of this kind."""
        try:
            message, arrays = stranger.receive(
                deadline=deadline, max_header=HANDSHAKE_HEADER, max_body=0
            )
        except TimeoutError as error:
            raise ProtocolError(f"no {kind.method} within {self._seconds:.0f} seconds") from error
        if message.get("method") != kind.method or "id" not in message:
            raise ProtocolError(f"a message that is not {kind.method}")
        with telling(stranger, message["id"]):
            return message["id"], codec.decode(kind, message.get("params", {}), arrays)


@contextlib.contextmanager
def telling(connection: Connection, number: int) -> Iterator[None]:
    """Answer the request `number` with an `EngineError` raised inside, and raise it again."""
    try:
        yield
    except EngineError as error:
        connection.send(pack_message({"id": number, "error": error_to_message(error)}))
        raise
