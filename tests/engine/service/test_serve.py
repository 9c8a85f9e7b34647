"""`ludvig serve` as its parent process meets it: it is ready, refuses, and ends."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future

import pytest
from waiting import LIMIT

from ludvig_engine.errors import EngineError
from ludvig_engine.progress import SILENT
from ludvig_engine.service import Service
from ludvig_engine.service.handlers import LATER, handlers
from ludvig_engine.service.server import Server
from ludvig_engine.wire import methods
from ludvig_engine.wire.client import Engine
from ludvig_engine.wire.methods import CacheInfo, Shutdown
from wire_tools import wait_for


def serve(folder, *arguments: object) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "ludvig_engine",
        "serve",
        "--connection-file",
        str(folder / "c.json"),
    ]
    environment = {**os.environ, "LUDVIG_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_every_method_is_served(tmp_path):
    own = {
        name
        for name, kind in methods.METHODS.items()
        if kind.__module__.startswith("ludvig_engine.wire.")
    }
    served = handlers()
    assert set(served) | {"hello", "initialize", "shutdown"} == own
    assert Service().handlers.keys() >= set(served)
    Server(served, "x" * 32).close()


def test_it_serves_on_the_port_asked_for_until_it_is_told_to_end(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex()
    with serve(tmp_path, "--port", port) as process:
        process.stdin.write(token + "\n")
        process.stdin.flush()
        assert wait_for((tmp_path / "c.json").exists)
        assert json.loads((tmp_path / "c.json").read_text())["port"] == port
        assert (tmp_path / "c.json").stat().st_mode & 0o777 == 0o600 or os.name == "nt"
        with Engine.attach(token, connection_file=tmp_path / "c.json") as engine:
            assert engine.call(CacheInfo()).folder == str(tmp_path / "cache")
            engine.call(Shutdown())
        assert process.wait(LIMIT) == 0
    assert not (tmp_path / "c.json").exists()


@pytest.mark.parametrize("token", ["", "short\n"])
def test_without_a_token_it_says_what_is_missing(tmp_path, token):
    with serve(tmp_path) as process:
        said = " ".join(process.communicate(token)[1].split())
    assert (
        process.returncode == 2
        and "first line of stdin is no token" in said
        and "Traceback" not in said
    )
    assert not (tmp_path / "c.json").exists()


def test_a_port_that_is_taken(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        serve(tmp_path, "--port", taken.getsockname()[1]) as process,
    ):
        said = " ".join(process.communicate(secrets.token_hex() + "\n")[1].split())
    assert process.returncode == 2 and "Cannot listen on port" in said and "Traceback" not in said


def test_it_starts_before_what_it_computes_with_is_imported(tmp_path):
    """The editor has its engine in a moment; the first request waits for slow imports."""
    script = f"""
import sys
import threading
import time
from concurrent.futures import Future
from ludvig_engine.cli import app
from ludvig_engine import service
from ludvig_engine.service import server
late = {{"numba", "scipy", "sklearn", "skimage", "torch", "PIL", "pycolmap"}}
server.serve = lambda *a, **o: print(sorted(late & sys.modules.keys()))
app(["serve", "--connection-file", {str(tmp_path / "c.json")!r}], standalone_mode=False)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[]"]


def test_what_clicks_need_is_imported_after_the_first_answer():
    """So that the answer does not wait for it, nor, mostly, the first click."""
    script = f"""
import sys
import time
from ludvig_engine.progress import SILENT
from ludvig_engine.service import Service
from ludvig_engine.wire.methods import CacheInfo
later = {LATER}
service = Service()
service.load().result()
print(sorted(set(later) & sys.modules.keys()))
service.handlers["cache/info"](CacheInfo(), SILENT)
end = time.monotonic() + {LIMIT}
while not set(later) <= sys.modules.keys() and time.monotonic() < end:
    time.sleep(0.01)
print(sorted(set(later) - sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[]", "[]"]


def test_a_damaged_environment_is_an_answer(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ludvig_engine.service.handlers", None)
    with pytest.raises(EngineError, match="cannot be imported") as caught:
        Service().handlers["cache/info"](CacheInfo(), SILENT)
    assert caught.value.kind == "missing_package"


def test_two_threads_that_begin_the_import_begin_it_once(monkeypatch):
    """Two imports would make two states, and a scene opened in one is unknown in the other."""
    begun, both = [], threading.Barrier(2)

    def slowly(function):
        begun.append(function)
        time.sleep(0.1)  # the other thread comes in meanwhile
        return Future()

    monkeypatch.setattr("ludvig_engine.service.run_aside", slowly)
    service, found = Service(), []

    def load():
        both.wait()
        found.append(service.load())

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1 and found[0] is found[1]
