"""One end of a connection: whole messages over a socket.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import struct
import threading
import time

from ..outside import system
from . import frames, json_text
from .json_text import ProtocolError
from .protocol import Arrays, Message


class Connection:
    """Whole messages over a connected socket. Any thread may send; only one may receive."""

    def __init__(self, sock: socket.socket, *, patience: float = 0) -> None:
        """A send fails if the other side takes nothing for `patience` seconds; 0: never."""
        self._socket = sock
        self._sending = threading.Lock()
        # Whether part of a message has been received.
        self._begun = False
        # Without this the last, small packet of a message waits up to 40 ms for the acknowledgement
        # of the packet before it. macOS refuses the option if the other side has already hung up.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if patience:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeout(patience))

    def send(self, frame: frames.Frame) -> None:
        """Send what `pack` made. Blocks while the other side does not read, as long as `patience`.

        Raises OSError when the other side is gone.
        """
        with self._sending:
            try:
                # Not sendmsg, which Windows lacks and which may stop half-way.
                for piece in frame:
                    self._socket.sendall(piece)
            except BaseException:
                # Whatever interrupted this (Ctrl+C, say): nothing can follow half a frame.
                self.hang_up()
                raise

    def receive(
        self,
        *,
        deadline: float | None = None,
        max_header: int = frames.MAX_HEADER,
        max_body: int = frames.MAX_BODY,
    ) -> tuple[Message, Arrays]:
        """The next message and its arrays.

        `deadline` is in seconds of the monotonic clock, `max_header` and `max_body` are in bytes.
        Raises EOFError when the other side has closed the connection between two messages,
        TimeoutError when the deadline passes first, other OSErrors, and `ProtocolError`.
        """
        self._begun = False
        fill = functools.partial(self._fill, deadline)
        metadata, arrays = frames.read_frame(fill, max_header=max_header, max_body=max_body)
        if deadline is not None:
            self._socket.settimeout(None)
        message = json_text.parse_json(metadata.get("rpc", ""))
        _check(message)
        return message, arrays

    def _fill(self, deadline: float | None, memory: memoryview) -> None:
        """Receive bytes until `memory` is full."""
        while memory:
            if deadline is not None:
                self._socket.settimeout(max(deadline - time.monotonic(), 1e-3))
            count = self._socket.recv_into(memory)
            if not count:
                raise ProtocolError("a frame that breaks off") if self._begun else EOFError
            self._begun = True
            memory = memory[count:]

    def hang_up(self) -> None:
        """End the connection, from any thread: whoever is sending or receiving wakes up."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back. Only the receiving thread may call this, when it stops."""
        self.hang_up()
        # With the lock: otherwise a sender could still write to the file descriptor, which the
        # system may already have given to something else.
        with self._sending:
            self._socket.close()


def _timeout(seconds: float) -> int | bytes:
    """A time as the systems' sockets want it.

    Not `settimeout`, which would hold for receiving too: a client may be silent for hours.
    """
    if system.is_windows():
        return round(1000 * seconds)
    return struct.pack("@ll", int(seconds), round(seconds % 1 * 1e6))


def _check(message: object) -> None:
    """Raise `ProtocolError` unless this is a JSON-RPC message of the kinds above."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise ProtocolError("a message that is not JSON-RPC 2.0")
    if "id" in message and type(message["id"]) is not int:
        raise ProtocolError("an id that is not an integer")
    if ("method" in message) == ("result" in message or "error" in message):
        raise ProtocolError("a message that is neither a request nor an answer")
    if "method" in message and not isinstance(message["method"], str):
        raise ProtocolError("a method that is not a name")
    if not isinstance(message.get("params", {}), dict):
        raise ProtocolError("parameters without names")
