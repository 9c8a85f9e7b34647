"""Stdin is watched without being in the way of libraries that ask for its state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from contextlib import suppress
from pathlib import Path

import pytest
from waiting import LIMIT, wait_for

from ludvig_engine.outside import parent

TOKEN = "x" * 32
# The engine, which notes of each compiled module that it loads whether a thread watches stdin by
# then, and whether descriptor 0 is the null device.
NOTING = """
import json, os, stat, sys, threading
noted = []
def note(event, arguments):
    # Only of compiled modules is the file known when their import begins.
    if event == "import" and arguments[1]:
        watched = any(thread.name == "stdin" for thread in threading.enumerate())
        noted.append([arguments[0], watched, os.path.samestat(os.fstat(0), os.stat(os.devnull))])
sys.addaudithook(note)
from ludvig_engine.service import Service
from ludvig_engine.service.server import serve
service = Service()
def ready():
    service.load().result()
    from ludvig_engine.service.handlers import LATER
    for name in (*LATER, "sklearn.linear_model"):  # the paper's recipe; it has many libraries
        __import__(name)
    with open(sys.argv[2], "w") as file:
        json.dump(noted, file)
serve(sys.argv[1], service.handlers, ready=ready)
"""


def start(script, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def tell(process, text):
    process.stdin.write(text)
    process.stdin.flush()


def test_no_compiled_library_is_loaded_while_stdin_is_being_read(tmp_path):
    with start(NOTING, tmp_path / "c.json", tmp_path / "noted.json") as process:
        tell(process, TOKEN.encode() + b"\n")
        assert wait_for(lambda: (tmp_path / "noted.json").exists() or process.poll() is not None)
        process.stdin.close()
        assert process.wait(LIMIT) == 0, process.stderr.read()
    noted = json.loads((tmp_path / "noted.json").read_text())
    while_watched = [name for name, watched, _ in noted if watched]
    assert len(while_watched) > 100, "the test sees the libraries"
    assert any(name.startswith("scipy.") for name in while_watched)
    assert [name for name, watched, null in noted if watched and not null] == []


def links(pid):
    """What the descriptors of a process are, but for those that it closes meanwhile."""
    found = {}
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found[int(one.name)] = str(one.readlink())
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux shows descriptors")
def test_the_engine_s_descriptor_0_is_the_null_device_and_its_parent_s_end_is_noticed(tmp_path):
    script = "from ludvig_engine.service.server import serve; import sys; serve(sys.argv[1], {})"
    with start(script, tmp_path / "c.json") as process:
        before = links(process.pid)[0]
        assert before.startswith("pipe:")
        tell(process, TOKEN.encode() + b"\n")
        assert wait_for((tmp_path / "c.json").exists)
        found = links(process.pid)
        assert found[0] == os.devnull
        assert [number for number, place in found.items() if place == before] != []
        # More than the token, and its end, are noticed by the watcher alone.
        tell(process, b"more\n")
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(LIMIT) == 0
        assert b"the parent is gone" in process.stderr.read()


CHILD = """
import os, subprocess, sys
from ludvig_engine.outside import parent
watched = parent.detach_stdin()
said = subprocess.run([sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"],
                      capture_output=True, text=True, check=True).stdout
print(said.strip(), watched.read(100).decode().strip(), os.get_inheritable(watched.fileno()))
"""


def test_what_this_process_starts_reads_nothing_of_it():
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input="hello", capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "hello", "False"]


@pytest.mark.parametrize("accepted", [True, False])
def test_windows_own_standard_input_is_the_null_device_too(accepted, monkeypatch):
    called = []

    class Kernel:
        def SetStdHandle(self, number, handle):  # noqa: N802 - Windows' name
            called.append((number, handle.value))
            return accepted

    windows = types.SimpleNamespace(kernel32=Kernel())
    handles = types.SimpleNamespace(get_osfhandle=lambda descriptor: 0x1234 + descriptor)
    monkeypatch.setattr(parent.system.sys, "platform", "win32")
    monkeypatch.setattr(parent.ctypes, "windll", windows, raising=False)
    monkeypatch.setitem(sys.modules, "msvcrt", handles)
    kept = os.dup(0)
    try:
        if accepted:
            parent.detach_stdin().close()
        else:
            with pytest.raises(OSError, match="another standard input"):
                parent.detach_stdin()
        assert os.path.samestat(os.fstat(0), Path(os.devnull).stat())
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    assert called == [(-10, 0x1234)]


def test_without_any_stdin_the_missing_token_is_told(tmp_path):
    script = (
        "import os; from ludvig_engine.service.server import serve; os.close(0); serve('c', {})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(parent.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "The first line of stdin is no token" in done.stderr and not (tmp_path / "c").exists()
