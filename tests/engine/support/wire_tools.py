"""The other side of the wire, which may break every rule of the protocol."""

from __future__ import annotations

import io
import json
import os
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from waiting import LIMIT
from waiting import wait_for as wait_for

from ludvig_engine.wire import frames
from ludvig_engine.wire.connection import Connection
from ludvig_engine.wire.handshake import CLIENT, proof
from ludvig_engine.wire.json_text import ProtocolError
from ludvig_engine.wire.protocol import PROTOCOL, pack_message

NONCE = "0123456789abcdef"  # of every client here


def read_bytes(data: bytes, **limits: int) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The frame in `data`, which must end where the frame does."""
    stream = io.BytesIO(data)

    def fill(memory: memoryview) -> None:
        if stream.readinto(memory) != len(memory):
            raise ProtocolError("too short")

    found = frames.read_frame(fill, **limits)
    if stream.read(1):
        raise ProtocolError("too long")
    return found


def frame(header: object, body: bytes = b"") -> bytes:
    """A frame with any header, valid or not; bytes are taken as they are."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def message(number: int, method: str, params: object = None, **tensors: object) -> bytes:
    """The frame of a request, with any tensor table."""
    rpc = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
    return frame({"__metadata__": {"rpc": json.dumps(rpc)}, **tensors})


def hello(**changes: object) -> bytes:
    """The first message of a connection."""
    return message(0, "hello", {"nonce": NONCE, "protocol": PROTOCOL, **changes})


def initialize(token: str, engine_nonce: str, **changes: object) -> bytes:
    """The second message, with the proof that a client makes with this token."""
    said = proof(token, CLIENT, NONCE, engine_nonce)
    return message(1, "initialize", {"proof": said, "client": "test", **changes})


def log_in(connection: Connection, token: str, **changes: object) -> dict:
    """Introduce a client; the engine's answer to `initialize`."""
    raw(connection).sendall(hello())
    greeted = connection.receive()[0]["result"]
    raw(connection).sendall(initialize(token, greeted["nonce"], **changes))
    return connection.receive()[0]


def connect(port: int, token: str = "") -> Connection:
    """A connection; with a token, one that is logged in.

    A client that has just left holds its seat until the engine has read all that it sent.
    """
    served = []

    def is_served() -> bool:
        connection = Connection(socket.create_connection(("127.0.0.1", port), LIMIT))
        answer = log_in(connection, token) if token else {"result": {}}
        if "result" in answer:
            served.append(connection)
            return True
        raw(connection).close()
        assert answer["error"]["data"]["kind"] == "engine_busy", answer
        return False

    assert wait_for(is_served), "The engine serves another client."
    return served[0]


def ask(connection: Connection, number: int, method: str, **params: object) -> dict:
    """Send a request and return its answer, past everything else that arrives."""
    connection.send(pack_message({"id": number, "method": method, "params": params}))
    while True:
        answer, _ = connection.receive()
        if answer.get("id") == number and "method" not in answer:
            return answer


def raw(connection: Connection) -> socket.socket:
    return connection._socket


def is_closed(sock: socket.socket) -> bool:
    """Whether the other side hangs up (whatever it says before)."""
    sock.settimeout(LIMIT)
    try:
        while sock.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:  # a reset, because it closed before it had read everything
        pass
    return True


def memory(pid: int) -> float:
    """Resident megabytes of a process (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def forwarded(port: int) -> Iterator[int]:
    """What `ssh -L` does: another port whose connections end up at `port`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            while True:
                for source in select.select([near, far], [], [])[0]:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    (far if source is near else near).sendall(data)

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=pump, args=(near,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
