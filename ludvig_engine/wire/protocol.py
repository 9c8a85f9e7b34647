"""The protocol of the engine and its clients: JSON-RPC 2.0 in safetensors-shaped frames over TCP.

Starting
    The engine listens on 127.0.0.1 only, on a port the system chooses. Its parent writes a secret,
    the token, as the first line to its stdin, which then stays open: when it ends, the parent is
    gone and the engine exits. When the engine is ready, the connection file appears, complete and
    readable by its owner only: JSON with `port`, `pid`, `protocol` and `version`. To use an engine
    on another machine, forward the port through SSH; nothing else changes.

Frames (frames.py)
    8 bytes little-endian length of the header; the header, JSON; the body, arrays in C order
    without gaps:
        {"__metadata__": {"rpc": "<the message as JSON text>"},
         "prompts.0.pixels": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}
    The message is text inside text because the layout allows strings only. At most 16 MB of header,
    4 GB of body, 4096 arrays of 8 dimensions; array names are letters, digits, `_` and `.`; dtypes
    are BOOL (0 or 1), U8 to U64, I8 to I64, F16, F32 and F64. JSON is nested at most 32 deep and
    holds no NaN.

Messages
    Request       {"jsonrpc": "2.0", "id": 1, "method": "segment/run", "params": {...}}
    Answer        {"jsonrpc": "2.0", "id": 1, "result": {...}}
    Error         {"jsonrpc": "2.0", "id": 1, "error": {
                       "code": -32602, "message": "prompts is missing.",
                       "data": {"kind": "bad_request", "fixes": [], "remedies": []}}}
    Notification  a request without an id; it is never answered
    There are no batches. `id` is an integer of the client's choice that no unanswered request has.
    Each request is answered exactly once, not necessarily in order. `params` and `result` are the
    dataclasses of methods.py, written as described in codec.py: an array is not in the JSON but
    among the frame's arrays, named by the path to its field.

Session
    1. The client connects and sends `initialize` with the token within 5 seconds; until then a
       message may have 4 KB and no arrays. A wrong token, another protocol number, or an engine
       that already has a client: the engine answers with an error and closes the connection.
    2. Then the client sends requests. One runs at a time, the others wait in order (at most 64,
       then error "busy").
    3. While one runs the engine may send, at most 20 times a second,
           {"method": "$/progress", "params": {
               "id": 1, "stage": "Extracting features (colour)", "done": 37, "total": 185,
               "seconds_left": 120.5, "stage_id": "extract", "stage_name": "Extracting features"}}
       where `stage` and `stage_name`, the same without details, are for people. `stage_id` is for
       programs: one of stages.py, or "" for a stage of an extractor's own. `seconds_left` may be
       missing.
    4. {"method": "$/cancelRequest", "params": {"id": 1}} stops a request, waiting or running; it is
       answered with error -32800, or with its result if that was already on its way.
    5. Newest wins: a request with `replaces` in its params supersedes waiting and running ones with
       the same word. Those are answered with error -32802 and never with a result.
    6. When the client leaves, all of its requests are cancelled. Then another may come, and finds
       scenes still open.

Errors
    `kind` is a stable word for programs. For people, `message` tells what happened and `fixes` what
    the user can do, in sentences. `remedies` are the fixes as objects, {"text": ..., "action":
    "fetch_model", "arguments": {"model": ...}}, with the actions of errors.py, or "" for what only
    the user can do; a client treats an action that it does not know as "". Codes: -32601
    unknown_method, -32602 bad_request, -32603 internal, -32800 cancelled, -32802 superseded,
    -32000 all others.
    Whoever breaks the rules for frames and messages, rather than asking for something impossible,
    gets no answer: the connection is closed and one line is logged.

This module and those it imports need the standard library and NumPy only: they also run inside
Blender.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import Cancelled, EngineError, Fix
from . import frames
from .frames import ProtocolError

# Every change that an older peer would misunderstand raises this number.
PROTOCOL = 1
HANDSHAKE_SECONDS = 5.0
HANDSHAKE_HEADER = 4096  # bytes
PROGRESS_SECONDS = 0.05  # the shortest time between two reports
CODES = {
    "unknown_method": -32601,
    "bad_request": -32602,
    "internal": -32603,
    "cancelled": -32800,
    "superseded": -32802,
}
OTHER_CODE = -32000

Message = dict[str, Any]
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Progress:
    """How far a request is: `done` of `total` steps of `stage`."""

    stage: str  # for people
    done: int
    total: int
    seconds_left: float | None = None
    # For programs: an id of stages.py, or "" if the stage is none of those.
    stage_id: str = ""
    # For people: `stage` without details, or "" if there is no shorter text.
    stage_name: str = ""


def pack_message(message: Message, arrays: Arrays | None = None) -> frames.Frame:
    """A message as a frame, ready to be sent. Raises `EngineError` "too_large"."""
    return frames.pack_frame({"rpc": frames.dump_json({"jsonrpc": "2.0", **message})}, arrays or {})


class Connection:
    """Whole messages over a connected socket. Any thread may send; only one may receive."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._sending = threading.Lock()
        # Whether part of a message has been received.
        self._begun = False
        # Without this the last, small packet of a message waits up to 40 ms for the acknowledgement
        # of the packet before it. macOS refuses the option if the other side has already hung up.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, frame: frames.Frame) -> None:
        """Send what `pack` made. Blocks while the other side does not read.

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
        message = frames.parse_json(metadata.get("rpc", ""))
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


def error_to_message(error: EngineError) -> Message:
    """The `error` member of an answer."""
    data = {
        "kind": error.kind,
        "fixes": [fix.text for fix in error.fixes],
        "remedies": [
            {"text": fix.text, "action": fix.action, "arguments": dict(fix.arguments)}
            for fix in error.fixes
        ],
    }
    return {"code": CODES.get(error.kind, OTHER_CODE), "message": error.message, "data": data}


def error_from_message(data: object) -> EngineError:
    """The exception for the `error` member of an answer."""
    match data:
        case {"data": {"kind": "cancelled"}}:
            return Cancelled()
        case {"message": str(message), "data": {"kind": str(kind), "remedies": [*remedies]}}:
            return EngineError(kind, message, map(_fix, remedies))
        case {"message": str(message), "data": {"kind": str(kind), "fixes": [*fixes]}}:
            return EngineError(kind, message, map(str, fixes))
    return EngineError(
        "protocol", f"The engine reported an error this client does not understand: {data!r:.200}"
    )


def _fix(data: object) -> Fix:
    """A remedy from an answer, without its action if this client does not know it."""
    match data:
        case {"text": str(text), "action": str(action), "arguments": dict(arguments)}:
            try:
                return Fix(text, action, arguments)
            except ValueError:
                return Fix(text)
        case {"text": str(text)}:
            return Fix(text)
    return Fix(str(data))
