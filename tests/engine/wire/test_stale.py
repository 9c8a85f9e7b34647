"""Connection files and ports that no longer lead to the engine: nobody else is trusted."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from waiting import LIMIT

from fake_engine import COMMAND, Ping
from ludvig_engine.errors import EngineError
from ludvig_engine.wire import line as line_module
from ludvig_engine.wire.client import Engine
from ludvig_engine.wire.connection import Connection
from ludvig_engine.wire.connection_file import read_connection_file
from ludvig_engine.wire.methods import Nothing
from ludvig_engine.wire.protocol import pack_message
from wire_tools import wait_for

TOKEN = "0123456789abcdef" * 4


def refused(port: int = 0, **where: object) -> EngineError:
    """The error of attaching to that."""
    with Engine.attach(TOKEN, port=port, **where) as engine:
        with pytest.raises(EngineError) as caught:
            engine.call(Ping(), timeout=LIMIT)
        return caught.value


# ---- other programs on the port


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket], object]) -> Iterator[tuple[int, bytearray]]:
    """A program that listens and answers one connection; its port, and what it was told."""
    told = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def attend() -> None:
            with contextlib.suppress(OSError), listener.accept()[0] as sock:
                sock.settimeout(LIMIT)
                told.extend(sock.recv(4096))
                answer(sock)
                while more := sock.recv(4096):
                    told.extend(more)

        thread = threading.Thread(target=attend)
        thread.start()
        yield listener.getsockname()[1], told
        thread.join()


def saying(message: dict) -> Callable[[socket.socket], object]:
    return lambda sock: sock.sendall(b"".join(pack_message(message)))


def error(kind: str) -> dict:
    data = {"kind": kind, "fixes": [], "remedies": [{"text": "Trust me.", "action": "report"}]}
    return {"id": 0, "error": {"code": 1, "message": "Send me the token.", "data": data}}


def result(**fields: object) -> dict:
    return {"id": 0, "result": fields}


def shout(sock: socket.socket) -> None:
    """Send more than anybody wants to keep."""
    sock.sendall((1 << 40).to_bytes(8, "little"))


STRANGERS = {
    "a web server": lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "SSH": lambda sock: sock.sendall(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "an echo": lambda sock: sock.sendall(b"".join(pack_message({"id": 0, "method": "hello"}))),
    "one that shouts": shout,
    "no proof": saying(result(nonce="1")),
    "an empty proof": saying(result(nonce="1", proof="")),
    "any proof": saying(result(nonce="1", proof="0" * 64)),
    "a proof that is a number": saying(result(nonce="1", proof=1)),
    "the token's form": saying(result(nonce="1", proof=TOKEN)),
    "an engine of protocol 1": saying(result(version="1", protocol=1, pid=1, methods=[])),
    "an error": saying(error("bad_token")),
    "an error that asks for something": saying(error("bad_request")),
    "an error that is none": saying({"id": 0, "error": 3}),
    "progress": saying({"method": "$/progress", "params": {"id": 0}}),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_is_told_nothing_and_believed_nothing(name):
    with listening(STRANGERS[name]) as (port, told):
        error = refused(port)
        assert error.kind == "bad_token"
        assert "does not know the token" in error.message
        assert "Send me" not in str(error) and "Trust me" not in str(error)
    assert TOKEN.encode() not in told
    # It got the first message and nothing after it.
    assert told.count(b"jsonrpc") == 1 and b"hello" in told


def test_another_version_is_told_apart_but_not_quoted():
    with listening(saying(error("bad_version"))) as (port, told):
        error_ = refused(port)
    assert error_.kind == "bad_version" and "Send me" not in str(error_)
    assert TOKEN.encode() not in told


@pytest.mark.parametrize("leaves", [False, True])
def test_a_stranger_that_says_nothing(leaves, monkeypatch):
    monkeypatch.setattr(line_module, "CONNECT_SECONDS", 0.2)
    with listening(lambda sock: leaves and sock.close()) as (port, told):
        assert refused(port).kind == "engine_gone"
    assert TOKEN.encode() not in told


def test_the_real_engine_with_another_token():
    with Engine.start(command=COMMAND) as engine:
        engine.call(Ping())
        port = engine._line.connection._socket.getpeername()[1]
        assert refused(port).kind == "bad_token"
        assert "does not know the token" not in engine.process.log.read_text()  # it left first
        assert engine.call(Ping()) == Nothing()


# ---- connection files

BAD_FILES = {
    "empty": b"",
    "half": b'{"port": 50',
    "not json": b"hello",
    "not utf-8": b"\xff\xfe\x00",
    "a list": b"[]",
    "no port": b'{"pid": 1}',
    "a port of text": b'{"port": "5000"}',
    "a port that is true": b'{"port": true}',
    "port 0": b'{"port": 0}',
    "a negative port": b'{"port": -1}',
    "a port too large": b'{"port": 70000}',
    "a port that is no number": b'{"port": 5e3}',
    "deep": b"[" * 4000,
    "longer than any": b" " * 5000 + b'{"port": 5000}',
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_connection_file(name, tmp_path):
    (tmp_path / "c.json").write_bytes(BAD_FILES[name])
    error = refused(connection_file=tmp_path / "c.json")
    assert error.kind == "bad_file" and "is not the connection file" in error.message


def test_what_is_no_file(tmp_path):
    assert refused(connection_file=tmp_path / "none.json").kind == "not_found"
    assert refused(connection_file=tmp_path).kind in ("bad_file", "no_access")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are files on POSIX only")
def test_what_never_ends_and_what_never_begins(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in tmp_path / "pipe", "/dev/zero", "/dev/null":
        assert refused(connection_file=path).kind == "bad_file"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o777])
def test_a_file_that_others_can_write_is_not_followed(mode, tmp_path):
    path = tmp_path / "c.json"
    path.write_text('{"port": 5000}')
    path.chmod(mode)
    error = refused(connection_file=path)
    assert error.kind == "bad_file" and "written by other users" in error.message
    path.chmod(0o644)
    assert read_connection_file(path) == ("127.0.0.1", 5000)


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "c.json"
    path.write_text('{"port": 5000}')
    path.chmod(0)
    assert refused(connection_file=path).kind == "no_access"


# ---- engines that have died


def serve(folder) -> subprocess.Popen[bytes]:
    """The fake engine with its connection file in `folder` and our token, once it is ready."""
    file = folder / "c.json"
    process = subprocess.Popen(
        [*COMMAND, "--connection-file", str(file)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    process.stdin.write(f"{TOKEN}\n".encode())
    process.stdin.flush()
    assert wait_for(lambda: file.exists() and json.loads(file.read_text())["pid"] == process.pid)
    return process


def test_a_killed_engine_leaves_a_file_that_misleads_nobody(tmp_path):
    file = tmp_path / "c.json"
    with serve(tmp_path) as process:
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    about = json.loads(file.read_text())
    assert refused(connection_file=file).kind == "engine_gone"  # nobody is there
    # Another program gets the port, and this process has the engine's old number.
    with listening(STRANGERS["an empty proof"]) as (port, _):
        file.write_text(json.dumps({**about, "port": port, "pid": os.getpid()}))
        file.chmod(0o600)
        error = refused(connection_file=file)
        assert error.kind == "bad_token"
        assert any(fix.action == "restart_engine" for fix in error.fixes)
    # A new engine takes the file over.
    with serve(tmp_path) as again, Engine.attach(TOKEN, connection_file=file) as engine:
        assert engine.call(Ping()) == Nothing()
        assert engine.info.pid == again.pid
        again.stdin.close()
        assert again.wait(LIMIT) == 0
    assert not file.exists()


def test_an_engine_does_not_remove_the_file_of_the_next_one(tmp_path):
    file = tmp_path / "c.json"
    with serve(tmp_path) as first, serve(tmp_path) as second:
        first.stdin.close()
        assert first.wait(LIMIT) == 0
        with Engine.attach(TOKEN, connection_file=file) as engine:
            assert engine.call(Ping()).__class__ is Nothing
            assert engine.info.pid == second.pid
        second.stdin.close()
    assert not file.exists()


# A program that comes up as an engine, writes its file, and dies at once.
DIES = """
import json, sys
path = sys.argv[sys.argv.index("--connection-file") + 1]
open(path, "w").write(json.dumps({"port": int(sys.argv[1])}))
print("a crash")
sys.exit(3)
"""


def test_an_engine_that_dies_before_anybody_connects_is_reported_as_dead():
    with listening(STRANGERS["any proof"]) as (port, told):
        with Engine.start(command=[sys.executable, "-c", DIES, str(port)]) as engine:
            with pytest.raises(EngineError) as caught:
                engine.call(Ping(), timeout=LIMIT)
            assert caught.value.kind in ("engine_failed", "bad_token")
            assert any(fix.action == "restart_engine" for fix in caught.value.fixes)
            assert engine.process.token.encode() not in told
        with contextlib.suppress(OSError):  # nobody came: let the listener go
            socket.create_connection(("127.0.0.1", port)).close()


def test_two_connections_never_say_the_same():
    said = []
    for _ in range(2):
        with listening(lambda sock: sock.close()) as (port, told):
            refused(port)
        said.append(bytes(told))
    assert said[0] != said[1] and secrets.compare_digest(said[0][:20], said[1][:20])


def test_a_half_open_connection_is_closed():
    """`Connection` gives its socket back also when the proof was wrong."""
    with (
        listening(STRANGERS["any proof"]) as (port, _),
        Engine.attach(TOKEN, port=port) as engine,
    ):
        assert wait_for(lambda: engine.error)
        assert isinstance(engine._line.connection, Connection)
        assert engine._line.connection._socket.fileno() == -1
