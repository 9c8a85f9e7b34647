"""What differs between systems, with the answers of each put in place of this one's."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import pytest

from ludvig_engine.cache import store
from ludvig_engine.io.atomic import atomic_write
from ludvig_engine.outside import system
from ludvig_engine.weights import folders

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(params=["linux", "darwin", "win32"])
def name(request, monkeypatch):
    monkeypatch.setattr(system.sys, "platform", request.param)
    return request.param


FOLDERS = ("LUDVIG_MODELS", "LUDVIG_CACHE", "LOCALAPPDATA", "XDG_DATA_HOME", "XDG_CACHE_HOME")
# Where models and cache are in the home folder.
HOMES = {
    "linux": (".local/share/ludvig/models", ".cache/ludvig"),
    "darwin": ("Library/Application Support/ludvig/models", "Library/Caches/ludvig"),
    "win32": ("AppData/Local/ludvig/models", "AppData/Local/ludvig/cache"),
}


def test_folders_of_the_user(name, monkeypatch, tmp_path):
    for variable in FOLDERS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(system.Path, "home", lambda: tmp_path)
    found = folders.default_folder(), store.default_folder()
    assert found == tuple(tmp_path / place for place in HOMES[name])


@pytest.mark.parametrize(
    ("system_name", "variable", "found"),
    [
        ("linux", "XDG_DATA_HOME", "ludvig/models"),
        ("win32", "LOCALAPPDATA", "ludvig/models"),
        ("darwin", "XDG_DATA_HOME", None),
    ],
)
def test_folders_that_the_user_has_moved(system_name, variable, found, monkeypatch, tmp_path):
    monkeypatch.setattr(system.sys, "platform", system_name)
    monkeypatch.delenv("LUDVIG_MODELS", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    assert (folders.default_folder() == tmp_path / f"{found}") == (found is not None)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *(("x86_64", "x86_64"), ("AMD64", "x86_64"), ("amd64", "x86_64")),
        *(("arm64", "arm64"), ("ARM64", "arm64"), ("aarch64", "arm64"), ("riscv64", "riscv64")),
    ],
)
def test_names_of_processors(said, meant, name, monkeypatch):
    monkeypatch.setattr(system.platform, "machine", lambda: said)
    assert system.kind() == (name, meant)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("", (0, 0)), ("14.5", (14, 5)), ("13.6.1", (13, 6)), ("15", (15, 0)), ("26.0", (26, 0))],
)
def test_versions_of_macos(said, meant, monkeypatch):
    monkeypatch.setattr(system.platform, "mac_ver", lambda: (said, ("", "", ""), "arm64"))
    assert system.macos_version() == meant


def test_names_of_programs(name):
    windows = name == "win32"
    assert system.program("uv") == ("uv.exe" if windows else "uv")
    assert system.program("uv.exe") == "uv.exe"


def test_the_python_of_an_environment(name):
    if name == "win32":
        found = system.python_of(PureWindowsPath(r"C:\Users\Ann Lee\ludvig\venv"))
        assert str(found) == r"C:\Users\Ann Lee\ludvig\venv\Scripts\python.exe"
    else:
        found = system.python_of(PurePosixPath("/home/ann/ludvig/venv"))
        assert str(found) == "/home/ann/ludvig/venv/bin/python"


def test_no_console_window(monkeypatch):
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    assert system.hidden() == 0x08000000
    monkeypatch.delattr(subprocess, "CREATE_NO_WINDOW")
    assert system.hidden() == 0


@pytest.fixture
def held(monkeypatch):
    """A function that lets the next renames fail, as of a file that another program has open."""
    real = Path.replace
    left = [0]
    slept = []

    def replace(source, target):
        if left[0]:
            left[0] -= 1
            raise PermissionError(13, "The process cannot access the file", str(target))
        return real(source, target)

    def hold(count):
        left[0] = count
        return slept

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(system.time, "sleep", slept.append)
    return hold


@pytest.mark.parametrize("count", [0, 1, 5, system.TRIES - 1])
def test_a_file_that_a_virus_scanner_has_open_is_renamed_a_moment_later(
    count, held, monkeypatch, tmp_path
):
    monkeypatch.setattr(system.sys, "platform", "win32")
    (tmp_path / "a.txt").write_text("old")
    slept = held(count)
    with atomic_write(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new" and len(slept) == count
    assert sum(slept) <= 1.001, "seconds that a user waits"


def test_a_file_that_stays_open_is_told_and_kept(name, held, tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "b.txt").write_text("new")
    slept = held(1000)
    with pytest.raises(PermissionError):
        system.replace(tmp_path / "b.txt", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "old" and (tmp_path / "b.txt").exists()
    assert len(slept) == (system.TRIES - 1 if name == "win32" else 0)


@pytest.mark.parametrize(
    ("system_name", "code", "said"),
    [
        ("linux", -9, "Killed"),
        ("darwin", -200, "signal 200"),
        ("linux", 3, "exit code 3"),
        ("win32", 1, "exit code 1"),
        ("win32", 0xC0000005, "exit code 0xc0000005: it read or wrote memory that is not its own"),
        ("win32", 0xC0000135, "exit code 0xc0000135: a library that it needs is missing"),
        ("linux", 0xC0000005, "exit code 3221225477"),
    ],
)
def test_how_a_process_has_ended(system_name, code, said, monkeypatch):
    monkeypatch.setattr(system.sys, "platform", system_name)
    assert system.ending(code).startswith(said)


def test_what_ends_a_process_at_once(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        os.kill(process.pid, system.kill_signal())
        assert process.wait() != 0
    monkeypatch.delattr(system.signal, "SIGKILL", raising=False)
    assert system.kill_signal() == system.signal.SIGTERM


@pytest.mark.parametrize(
    ("mode", "owner", "mine"),
    [(0o600, "me", True), (0o644, "me", True), (0o660, "me", False), (0o602, "me", False),
     (0o600, "root", True), (0o600, "other", False)],
)  # fmt: skip
def test_who_may_write_a_file(mode, owner, mine, name, monkeypatch):
    # Not `os.getuid` itself: pytest asks it, too.
    monkeypatch.setattr(system, "os", SimpleNamespace(getuid=lambda: 1000))
    uid = {"me": 1000, "root": 0, "other": 1001}[owner]
    state = os.stat_result((stat.S_IFREG | mode, 0, 0, 1, uid, 0, 0, 0, 0, 0))
    assert system.only_mine(state) == (mine or name == "win32")


def test_peak_memory_where_it_can_be_told_and_where_it_cannot(monkeypatch):
    assert 10e6 < system.peak_memory() < 1e12
    monkeypatch.setattr(system, "is_linux", lambda: False)
    assert 10e6 < system.peak_memory() < 1e12
    monkeypatch.setitem(sys.modules, "resource", None)
    assert system.peak_memory() == 0


@pytest.mark.skipif(not system.is_linux(), reason="only Linux forgets")
def test_the_peak_is_that_since_it_was_forgotten():
    large = b"x" * (300 << 20)
    del large
    before = system.peak_memory()
    system.forget_peak()
    assert system.peak_memory() < before - (200 << 20)


def test_other_systems_do_not_forget(monkeypatch):
    monkeypatch.setattr(system, "is_linux", lambda: False)
    system.forget_peak()
    assert system.peak_memory() > 10e6


# What tells systems apart, or exists on some of them only.
NAMES = {
    *("os.name", "os.uname", "os.getuid", "sys.platform", "sys.getwindowsversion"),
    *("platform.system", "platform.machine", "platform.mac_ver", "platform.platform"),
    *("os.replace", "os.rename", "shutil.move"),
    *("subprocess.CREATE_NO_WINDOW", "subprocess.STARTUPINFO", "signal.SIGKILL"),
}
MODULES = {"platform", "resource", "fcntl", "msvcrt", "winreg", "pwd", "grp", "termios", "signal"}
ASKING = {
    "ludvig_engine/outside/system.py",
    # It asks for what it uses (hasattr, Path.exists), not for the system.
    "ludvig_engine/bench/fuzz/run.py",
    # It writes the system into a report of a fault.
    "ludvig_blender/operators/reporting.py",
}
FILES = [
    path
    for folder in ("ludvig_engine", "ludvig_blender")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def test_all_other_code_asks_here():
    for path in FILES:
        if path.relative_to(ROOT).as_posix() in ASKING:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert f"{node.value.id}.{node.attr}" not in NAMES, f"{path}: {node.lineno}"
            elif isinstance(node, ast.Import):
                used = {alias.name for alias in node.names}
                assert not used & MODULES, f"{path}: {node.lineno}"
            elif isinstance(node, ast.ImportFrom) and not node.level:
                used = {f"{node.module}.{alias.name}" for alias in node.names}
                assert node.module not in MODULES and not used & NAMES, f"{path}: {node.lineno}"
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                # A file that another program has open cannot be renamed at once on Windows.
                assert node.func.attr != "rename", f"{path}: {node.lineno}"
