"""Connections give whole messages, or the reason why there is none."""

from __future__ import annotations

import socket
import threading
import time

import numpy as np
import pytest

from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.wire.connection import Connection
from ludvig_engine.wire.error_message import (
    CODES,
    OTHER_CODE,
    error_from_message,
    error_to_message,
)
from ludvig_engine.wire.json_text import ProtocolError
from ludvig_engine.wire.protocol import pack_message
from malformed import NOT_MESSAGES
from wire_tools import frame, message, raw


@pytest.fixture
def ends():
    a, b = map(Connection, socket.socketpair())
    yield a, b
    a.close()
    b.close()


def test_messages_arrive_whole_and_in_order(ends):
    a, b = ends
    values = np.arange(1_000_000, dtype=np.float32)  # far more than the sockets buffer
    sender = threading.Thread(
        target=lambda: [
            a.send(pack_message({"id": i, "method": "m"}, {"v": values + i})) for i in range(3)
        ]
    )
    sender.start()
    for i in range(3):
        got, arrays = b.receive()
        assert got == {"jsonrpc": "2.0", "id": i, "method": "m"}
        assert np.array_equal(arrays["v"], values + i)
    sender.join()


def test_several_threads_may_send(ends):
    a, b = ends
    values = np.ones(50_000, np.float32)
    threads = [
        threading.Thread(
            target=lambda: [a.send(pack_message({"method": "m"}, {"v": values})) for _ in range(20)]
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert all(b.receive()[1]["v"].sum() == 50_000 for _ in range(80))
    for thread in threads:
        thread.join()


def test_small_messages_do_not_wait_for_acknowledgements():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = Connection(socket.create_connection(listener.getsockname()))
        far = Connection(listener.accept()[0])
    assert all(raw(end).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for end in (near, far))
    near.close()
    far.close()


def test_the_end_between_two_messages_is_no_error(ends):
    a, b = ends
    a.send(pack_message({"method": "m"}))
    a.close()
    assert b.receive()[0]["method"] == "m"
    with pytest.raises(EOFError):
        b.receive()


@pytest.mark.parametrize("kept", [1, 8, 20, -1])
def test_the_end_inside_a_message_is(ends, kept):
    a, b = ends
    raw(a).sendall(message(1, "m")[:kept])
    a.close()
    with pytest.raises(ProtocolError, match="breaks off"):
        b.receive()


def test_a_deadline_holds_for_the_whole_message(ends):
    """One byte now and then must not keep it open."""
    a, b = ends
    data, done = message(1, "m"), threading.Event()

    def drip():
        for byte in data:
            if done.wait(0.05):
                return
            raw(a).sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(TimeoutError):  # otherwise it arrives after a few seconds
        b.receive(deadline=time.monotonic() + 0.3)
    done.set()
    thread.join()


def test_hanging_up_wakes_who_receives(ends):
    _, b = ends
    threading.Timer(0.1, b.hang_up).start()
    with pytest.raises(EOFError):
        b.receive()


@pytest.mark.parametrize("rpc", NOT_MESSAGES)
def test_what_is_not_a_message_is_refused(ends, rpc):
    a, b = ends
    raw(a).sendall(frame({"__metadata__": {"rpc": rpc}}))
    with pytest.raises(ProtocolError):
        b.receive()


@pytest.mark.parametrize("kind", [*CODES, "bad_file"])
def test_errors_travel(kind):
    error = (
        Cancelled()
        if kind == "cancelled"
        else EngineError(kind, "It is so.", ["Do this.", "Or that."])
    )
    data = error_to_message(error)
    found = error_from_message(data)
    assert (found.kind, found.message, found.fixes) == (error.kind, error.message, error.fixes)
    assert type(found) is type(error)
    assert data["code"] == CODES.get(kind, OTHER_CODE)


@pytest.mark.parametrize(
    "data", [None, 3, {}, {"message": 3}, {"message": "a", "data": {"kind": "b"}}]
)
def test_errors_that_are_not_understood(data):
    assert error_from_message(data).kind == "protocol"
