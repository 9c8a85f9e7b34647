import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.atomic import atomic_write


def content(folder):
    return [path.name for path in folder.iterdir()]


def test_replaces_only_at_the_end(folder):
    target = folder / "a b.txt"
    target.write_text("old")
    with atomic_write(target) as temporary:
        assert temporary.parent == folder and temporary.suffix == ".txt"
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert content(folder) == ["a b.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError(errno.EIO, "broken")])
def test_a_failure_leaves_nothing_behind(folder, error):
    target = folder / "x.bin"
    target.write_text("old")
    with (
        pytest.raises(error if isinstance(error, type) else type(error)),
        atomic_write(target) as temporary,
    ):
        temporary.write_bytes(b"half")
        raise error
    assert target.read_text() == "old"
    assert content(folder) == ["x.bin"]


def test_a_full_disk_is_explained(folder, monkeypatch):
    with (
        pytest.raises(EngineError, match=r"disk is full.*MB free") as caught,
        atomic_write(folder / "x.bin"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.kind == "no_space" and caught.value.fixes
    assert content(folder) == []
    usage = shutil.disk_usage(folder)._replace(free=10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    match = r"needs 12.3 MB and .* has 10.0 MB free"
    with pytest.raises(EngineError, match=match), atomic_write(folder / "x.bin", needed=12_345_678):
        pytest.fail("the block must not run")


def test_a_really_full_disk(tmp_path, make_gaussians):
    from ludvig_engine.io.ply import write_ply

    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a 1 MB disk needs root on Linux: the full disk is only simulated")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", disk], capture_output=True
    )
    if mount.returncode:
        pytest.skip(
            f"mount refused ({mount.stderr.decode().strip()}): the full disk is only simulated"
        )
    try:
        write_ply(disk / "small.ply", make_gaussians(1000))
        before = (disk / "small.ply").read_bytes()
        with pytest.raises(EngineError, match="needs") as caught:
            write_ply(disk / "small.ply", make_gaussians(10_000))
        assert caught.value.kind == "no_space"
        with (
            pytest.raises(EngineError, match="disk is full") as caught,
            atomic_write(disk / "x.bin") as temporary,
        ):
            temporary.write_bytes(bytes(2_000_000))
        assert caught.value.kind == "no_space"
        assert content(disk) == ["small.ply"] and (disk / "small.ply").read_bytes() == before
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_missing_folder_is_explained(tmp_path):
    target, match = tmp_path / "nowhere" / "x.bin", r"folder .*nowhere does not exist"
    with pytest.raises(EngineError, match=match) as caught, atomic_write(target, needed=5):
        pytest.fail("the block must not run")
    assert caught.value.kind == "not_found"


def test_a_refusal_is_explained(tmp_path, monkeypatch):
    def refuse(self, *args):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    match = r"Cannot replace .*x.bin: Permission denied"
    with pytest.raises(EngineError, match=match) as caught, atomic_write(tmp_path / "x.bin"):
        pass
    assert caught.value.kind == "no_access"
    assert content(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_readable_by_whom_the_user_says(tmp_path):
    with atomic_write(tmp_path / "x.bin"):
        pass
    (tmp_path / "y.bin").touch()
    assert stat.S_IMODE((tmp_path / "x.bin").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "y.bin").stat().st_mode
    )
