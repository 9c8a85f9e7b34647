"""Attacks on the socket.

Each ends with a closed connection and one line in the log, and changes nothing else.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import random
import socket
import struct
import sys
import threading
import time

import numpy as np
import pytest

from fake_engine import COMMAND, Ping
from ludvig_engine.wire.client import Engine
from ludvig_engine.wire.protocol import HANDSHAKE_HEADER, PROTOCOL, pack_message
from malformed import MALFORMED, NOT_MESSAGES, entry
from wire_tools import (
    ask,
    connect,
    frame,
    hello,
    initialize,
    is_closed,
    log_in,
    memory,
    message,
    raw,
    wait_for,
)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads the engine's memory from /proc"
)


class Target:
    """A running engine, its log and its memory."""

    def __init__(self, engine: Engine) -> None:
        engine.call(Ping())
        self.process, self.token = engine.process, engine.process.token
        self.port = engine._line.connection._socket.getpeername()[1]
        engine._line.connection.hang_up()  # leave the seat to the attackers
        self.log = engine.process.log

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def works(self) -> bool:
        with contextlib.closing(connect(self.port, self.token)) as client:
            return ask(client, 1, "fake/ping")["result"] == {}


@pytest.fixture(scope="module")
def target():
    with Engine.start(command=COMMAND) as engine:
        target = Target(engine)
        target.works()
        before = memory(target.process.pid)
        yield target
        assert target.process.alive
        assert memory(target.process.pid) < before + 30  # after all attacks of this file together


def attack(target, data: bytes, *, inside: bool, then_leave: bool = False) -> str:
    """The one line that the log gains by bytes of a stranger, or of a client with the token."""
    before = len(target.lines())

    def gained() -> list[str]:
        """New lines of the log, but for well-behaved clients that connect and leave."""
        return [
            line
            for line in target.lines()[before:]
            if " connected" not in line and " left" not in line
        ]

    with contextlib.closing(connect(target.port, target.token if inside else "")) as connection:
        # The engine may hang up before everything is sent.
        with contextlib.suppress(OSError):
            raw(connection).sendall(data)
            if then_leave:
                raw(connection).shutdown(socket.SHUT_WR)
        assert is_closed(raw(connection))
    assert wait_for(gained)
    time.sleep(0.02)  # for a second line that should not come
    assert len(gained()) == 1
    assert " closed: " in gained()[0]
    assert target.token not in gained()[0]
    assert gained()[0].isprintable()
    return gained()[0]


# What strangers send, and the reason in the log.
STRANGERS = {
    "no nonce": (message(0, "hello", {"protocol": PROTOCOL}), "nonce is missing"),
    "a wrong proof": (hello() + initialize("0" * 64, ""), "does not know the token"),
    "an empty proof": (hello() + initialize("", "", proof=""), "does not know the token"),
    "a proof that is no string": (hello() + initialize("", "", proof=["a"]), "expected str"),
    "a proof before hello": (initialize("0" * 64, ""), "not hello"),
    "hello twice": (hello() + hello(), "not initialize"),
    "another method first": (message(0, "shutdown"), "not hello"),
    "another method after hello": (hello() + message(1, "shutdown"), "not initialize"),
    "a notification first": (
        frame({"__metadata__": {"rpc": '{"jsonrpc": "2.0", "method": "hello"}'}}),
        "not hello",
    ),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "a header of"),
    "HTTP from a web page": (
        b"POST / HTTP/1.1\r\nOrigin: https://evil.example\r\n\r\n{}",
        "a header of",
    ),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + bytes(200), "a header of"),
    "SSH": (b"SSH-2.0-OpenSSH_9.9\r\n", "a header of"),
    "a pickle": (pickle.dumps({"method": "initialize"}), "a header of"),
    "a multiprocessing pickle": (
        struct.pack("!i", 40) + pickle.dumps([1, 2, 3]).ljust(40),
        "a header of",
    ),
    "a header of 10^18 bytes": (
        (10**18).to_bytes(8, "little"),
        "a header of 1,000,000,000,000,000,000 bytes",
    ),
    "a header of 2^64 - 1 bytes": (b"\xff" * 8, "a header of"),
    "a header that is too large for a stranger": (
        frame(b" " * (HANDSHAKE_HEADER + 1)),
        "a header of 4,097 bytes",
    ),
    "a body of 2 GB": (
        message(0, "hello", a=entry(shape=(2 << 30,), offsets=(0, 2 << 30))),
        "2,147,483,648 bytes",
    ),
    "a body of one byte": (
        message(0, "hello", a=entry(shape=(1,), offsets=(0, 1))) + b"1",
        "a body of 1 bytes",
    ),
    "a client name with line breaks": (
        hello() + initialize("0" * 64, "", client="x\n2026-01-01 INFO all is well"),
        "does not know the token",
    ),
    "a parameter with line breaks": (
        hello(**{"x\n2026-01-01 INFO all is well": 1}),
        "is not known",
    ),
    "a parameter with escape sequences": (
        hello(**{"\x1b[2J\x1b]0;gone\x07\u202e": 1}),
        "is not known",
    ),
    "a name twice": (
        frame(b'{"__metadata__": {"rpc": "{}"}, "__metadata__": {"rpc": "{}"}}'),
        "a name is in it twice",
    ),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_strangers(target, name):
    data, said = STRANGERS[name]
    line = attack(target, data, inside=False)
    assert "connection of a stranger closed" in line
    assert said in line and " within " not in line  # refused, not merely timed out
    assert target.works()


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_frames_from_strangers_and_from_clients(target, name):
    data = frame(MALFORMED[name], bytes(4))
    assert "a stranger" in attack(target, data, inside=False)
    assert "client 'test'" in attack(target, data, inside=True)
    assert target.works()


@pytest.mark.parametrize("rpc", NOT_MESSAGES)
def test_frames_that_are_no_messages(target, rpc):
    attack(target, frame({"__metadata__": {"rpc": rpc}}), inside=True)
    assert target.works()


@pytest.mark.parametrize(
    "name", ["truncated", "2 GB", "10^18", "too much body", "no metadata", "deep parameters"]
)
def test_clients_gone_bad(target, name):
    data = {
        "truncated": message(1, "fake/ping")[:-3],
        "2 GB": message(1, "fake/echo", values=entry("F32", (1 << 29,), (0, 2 << 30)))
        + b"only this",
        "10^18": (10**18).to_bytes(8, "little") + b"{",
        "too much body": message(1, "fake/echo", values=entry("F32", (1 << 40,), (0, 4 << 40))),
        "no metadata": frame({}),
        "deep parameters": message(1, "fake/echo", {"values": json.loads("[" * 60 + "]" * 60)}),
    }[name]
    before = memory(target.process.pid)
    attack(target, data, inside=True, then_leave=True)
    assert memory(target.process.pid) < before + 10
    assert target.works()


def test_random_bytes(target):
    source = random.Random(5)
    for _ in range(100):
        attack(target, source.randbytes(source.randrange(8, 300)), inside=False, then_leave=True)
    assert target.works()


def test_a_hundred_thousand_tiny_frames(target):
    """One message in five is a request: all are answered, not all worked on, none kept."""
    with contextlib.closing(connect(target.port, target.token)) as client:
        before = memory(target.process.pid)
        asking, telling = (
            b"".join(pack_message(head | {"method": "fake/ping"})) for head in ({"id": 1}, {})
        )
        flood = (asking + 4 * telling) * 20_000
        sock = raw(client)
        sock.settimeout(None)
        sender = threading.Thread(target=sock.sendall, args=(flood,))
        sender.start()
        received, answers = bytearray(), 0
        while answers < 20_000:
            received += sock.recv(1 << 20)
            while len(received) >= 8 and len(received) >= (
                size := 8 + int.from_bytes(received[:8], "little")
            ):
                del received[:size]
                answers += 1
        sender.join()
        assert memory(target.process.pid) < before + 10
        assert ask(client, 2, "fake/ping")["result"] == {}


def test_a_client_that_asks_and_never_reads(target):
    """When answers fill the sockets, the engine stops reading: it waits and does not pile up."""
    with contextlib.closing(connect(target.port, target.token)) as client:
        before = memory(target.process.pid)
        raw(client).settimeout(1)
        flood = b"".join(pack_message({"id": 1, "method": "fake/unknown"})) * 1000
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                raw(client).sendall(flood)
        assert memory(target.process.pid) < before + 10
    assert target.works()


def test_a_hundred_thousand_tiny_frames_from_a_stranger(target):
    data = b"".join(pack_message({"id": 1, "method": "fake/ping"})) * 100_000
    assert "not hello" in attack(target, data, inside=False)
    assert target.works()


def test_a_second_client(target):
    def refused():
        return sum("already serves another client" in line for line in target.lines())

    with contextlib.closing(connect(target.port, target.token)) as first:
        before = refused()
        with contextlib.closing(connect(target.port)) as second:
            assert log_in(second, target.token)["error"]["data"]["kind"] == "engine_busy"
            assert is_closed(raw(second))
        assert ask(first, 1, "fake/ping")["result"] == {}
        assert wait_for(lambda: refused() == before + 1)


def test_arrays_nobody_asked_for_and_paths_as_names(target):
    """These are well-formed: the answer is an error that names them, and no file is touched."""
    with contextlib.closing(connect(target.port, target.token)) as client:
        client.send(
            pack_message({"id": 1, "method": "fake/ping"}, {"etc.passwd": np.ones(3, np.uint8)})
        )
        assert client.receive()[0]["error"]["message"] == "etc.passwd is an array nobody asked for."
        assert ask(client, 2, "../../etc/passwd")["error"]["data"]["kind"] == "unknown_method"
        assert (
            ask(client, 3, "fake/ping", **{"../x": 1})["error"]["message"] == "'../x' is not known."
        )
