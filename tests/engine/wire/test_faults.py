"""What goes wrong in real life: killed, cut off, moved, repeated."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from waiting import LIMIT

import ludvig_engine
from fake_engine import COMMAND, Hang, Ping, Work
from ludvig_engine.cache.store import Cache
from ludvig_engine.errors import EngineError, Fix
from ludvig_engine.wire.client import Engine
from ludvig_engine.wire.connection_file import read_connection_file
from ludvig_engine.wire.methods import Nothing, Shutdown
from ludvig_engine.wire.protocol import pack_message
from wire_tools import connect, memory, raw, wait_for

SUPPORT = Path(__file__).parents[1] / "support"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path_factory, monkeypatch):
    """Engines that are killed leave their logs; not in the system's folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("engines")))


@linux
def test_a_killed_engine_is_reported_and_resumes_from_its_cache(tmp_path):
    engine = Engine.start(command=COMMAND)
    call = engine.send(Work(40, 0.02, folder=str(tmp_path)))
    assert wait_for(lambda: call.progress and call.progress.done >= 15)
    os.kill(engine.process.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="The engine has stopped: Killed") as caught:
        call.result(timeout=LIMIT)
    assert caught.value.kind == "engine_gone"
    assert caught.value.fixes == (
        Fix("Restart the engine.", "restart_engine"),
        Fix(f"Look at its log, {engine.process.log}.", "show_log"),
    )
    assert engine.poll() == [call]

    for path in tmp_path.glob("??/*.safetensors"):
        # The engine writes an entry under a hidden name and renames it at the end.
        if not path.name.startswith("."):
            assert Cache(tmp_path).get(path.stem) is not None
    with engine.reconnect() as restarted:
        assert engine.process.log.exists()  # the fix above must not be in vain
        assert restarted.process.pid != engine.process.pid
        worked = restarted.call(Work(40, 0.02, folder=str(tmp_path)))
        assert worked.steps == 40
        assert worked.made <= 40 - 15


@linux
@pytest.mark.parametrize("busy", [False, True])
def test_the_engine_goes_when_its_parent_is_killed(busy, tmp_path):
    """Even in the middle of work that never polls, and though the parent sent no message."""
    script = f"""
import sys, time
sys.path.insert(0, {str(SUPPORT)!r})
from fake_engine import COMMAND, Hang, Ping
from ludvig_engine.wire.client import Engine
engine = Engine.start(command=COMMAND, log={str(tmp_path / "log")!r})
engine.call(Ping())
if {busy}:
    engine.send(Hang(6000.0))
    time.sleep(0.2)
print(engine.process.pid, flush=True)
time.sleep(6000)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    with parent:
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    assert wait_for(lambda: not is_running(pid))
    assert "the parent is gone" in (tmp_path / "log").read_text()


@linux
def test_the_engine_goes_with_its_parent_though_a_client_does_not_read(tmp_path):
    """Its job reports progress and its answers fill the sockets: every thread that sends waits."""
    script = f"""
import sys, time
sys.path.insert(0, {str(SUPPORT)!r})
from fake_engine import COMMAND
from ludvig_engine.wire.process import EngineProcess
engine = EngineProcess(COMMAND)
print(engine.pid, engine.address()[1], engine.token, flush=True)
time.sleep(6000)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    with parent:
        pid, port, token = parent.stdout.readline().split()
        with contextlib.closing(connect(int(port), token)) as client:
            work = {"steps": 1_000_000, "seconds": 0.01}
            client.send(pack_message({"id": 1, "method": "fake/work", "params": work}))
            flood = b"".join(pack_message({"id": 2, "method": "fake/unknown"})) * 1000
            raw(client).settimeout(1)
            with pytest.raises(TimeoutError):
                for _ in range(1000):
                    raw(client).sendall(flood)
            parent.kill()
            assert wait_for(lambda: not is_running(int(pid)))


@linux
def test_the_engine_goes_with_its_parent_though_nobody_reads_its_log(tmp_path):
    """A pipe holds 64 KB; whoever writes to a full one waits."""
    command = [*COMMAND, "--connection-file", str(tmp_path / "c.json")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        process.stdin.write(b"0123456789abcdef\n")
        process.stdin.flush()
        assert wait_for((tmp_path / "c.json").exists)
        port = read_connection_file(tmp_path / "c.json")[1]
        for _ in range(900):  # each is a line
            raw(connect(port)).close()
        process.stdin.close()
        assert wait_for(lambda: process.poll() is not None)
    assert not (tmp_path / "c.json").exists()


def test_the_engine_goes_when_told_though_its_work_never_looks_up():
    """`shutdown` does not wait for work whose answer nobody gets."""
    with Engine.start(command=COMMAND) as engine:
        call = engine.send(Hang(6000.0))
        assert engine.call(Shutdown()) == Nothing()
        assert wait_for(lambda: not engine.process.alive)
        assert wait_for(lambda: call.done)


def test_any_folder_will_do(tmp_path):
    """Every path has spaces, umlauts, Chinese and a quote.

    That is the code, temporary files, log, cache and working folder.
    """
    folder = tmp_path / "Großer Spaß 目录" / "it's here"
    (folder / "tmp").mkdir(parents=True)
    code = shutil.copytree(Path(ludvig_engine.__file__).parent, folder / "ludvig_engine")
    shutil.copy(SUPPORT / "fake_engine.py", folder)
    script = """
import sys
from pathlib import Path
here = Path(sys.argv[1])
sys.path.insert(0, str(here))
import ludvig_engine
assert Path(ludvig_engine.__file__).parent == here / "ludvig_engine"
from fake_engine import COMMAND, Work
from ludvig_engine.wire.client import Engine
with Engine.start(command=COMMAND, log=here / "log 目录.txt") as engine:
    assert str(engine.process._connection_file).startswith(str(here / "tmp"))
    print(engine.call(Work(3, 0.0, folder=str(here / "cache 目录"))).made)
    print(engine.call(Work(3, 0.0, folder=str(here / "cache 目录"))).made)
"""
    result = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(folder / "tmp"),
            "TEMP": str(folder / "tmp"),
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    assert result.stdout.split() == [b"3", b"0"]
    assert list((folder / "tmp").iterdir()) == []
    assert (folder / "log 目录.txt").stat().st_size > 0
    assert code.exists()


def test_what_lies_in_the_working_folder_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    # With -c and -m the working folder would come first.
    run = f"import json, runpy; runpy.run_path({COMMAND[1]!r}, run_name='__main__')"
    with Engine.start(command=[sys.executable, "-c", run]) as engine:
        assert engine.call(Ping()) == Nothing()


@linux
def test_two_hundred_clients_come_and_go_without_a_trace():
    with Engine.start(command=COMMAND) as engine:
        engine.call(Ping())
        pid = engine.process.pid
        token = engine.process.token
        file = engine.process._connection_file
        engine._line.connection.hang_up()

        def visit(count: int) -> None:
            for _ in range(count):
                with Engine.attach(token, connection_file=file) as client:
                    assert client.call(Ping()) == Nothing()

        def state(of: int | str) -> tuple[int, ...]:
            return tuple(len(list(Path(f"/proc/{of}/{what}").iterdir())) for what in ("task", "fd"))

        visit(20)
        assert wait_for(lambda: "left" in engine.process.log.read_text())
        time.sleep(0.2)
        there = state(pid)
        here = state("self")
        size = memory(pid)
        visit(200)
        assert wait_for(lambda: all(map(int.__le__, state(pid), there))), (state(pid), there)
        assert wait_for(lambda: all(map(int.__le__, state("self"), here))), (state("self"), here)
        assert memory(pid) < size + 5


def test_a_cancelled_call_does_no_further_step(tmp_path):
    with Engine.start(command=COMMAND) as engine:
        call = engine.send(Work(10_000, 0.1, folder=str(tmp_path)))
        assert wait_for(lambda: call.progress)
        call.cancel()
        with pytest.raises(EngineError, match="Cancelled"):
            call.result(timeout=LIMIT)
        made = len(list(tmp_path.glob("??/*.safetensors")))
        time.sleep(0.5)  # of which a step would take a fifth
        assert len(list(tmp_path.glob("??/*.safetensors"))) == made < 10_000


def test_an_engine_that_hangs_is_killed_when_closing():
    engine = Engine.start(command=COMMAND)
    engine.call(Ping())
    call = engine.send(Hang(600.0))
    time.sleep(0.1)
    engine.close()
    assert not engine.process.alive
    with pytest.raises(EngineError):  # it did not come to its end
        call.result()


def test_nothing_of_ours_is_left_behind():
    """Threads of closed engines end."""
    assert wait_for(
        lambda: not [t.name for t in threading.enumerate() if t.name.startswith("engine")]
    )
