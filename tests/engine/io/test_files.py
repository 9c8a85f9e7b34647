import os
import socket
import struct
import zlib
from pathlib import Path

import pytest

from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.io.files import (
    BLOCK,
    damage_explained,
    open_file,
    read_json,
    size_of,
    stopping,
)


def test_opens_and_closes(folder):
    (folder / "x").write_bytes(b"abc")
    with open_file(folder / "x") as file:
        assert file.read() == b"abc"
    assert file.closed


def test_explains_refusals(folder, monkeypatch):
    with pytest.raises(EngineError, match="There is no file") as caught, open_file(folder / "x"):
        pass
    assert caught.value.kind == "not_found"
    with pytest.raises(EngineError, match="is a folder") as caught, open_file(folder):
        pass

    (folder / "y").write_bytes(b"abc")

    def refuse(self, *args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(EngineError, match="Permission denied") as caught, open_file(folder / "y"):
        pass
    assert caught.value.kind == "no_access"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_only_regular_files_are_opened(tmp_path):
    """A pipe would be waited for, and a device read without an end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    others = [path for path in map(Path, ("/dev/zero", "/proc/self/maps")) if path.exists()]
    for path in (*(tmp_path / name for name in ("pipe", "link", "socket")), *others):
        with pytest.raises(EngineError, match="special file") as caught, open_file(path):
            pass
        assert caught.value.kind == "bad_file" and caught.value.fixes
    for path in (tmp_path / "a\0b", "x" * 5000):
        with pytest.raises(EngineError, match="Cannot read"), open_file(path):
            pass


def test_size_and_content_of_empty_and_long_files(tmp_path):
    for size in (0, 1, BLOCK, 3 * BLOCK + 5):
        (tmp_path / "x").write_bytes(os.urandom(size))
        with open_file(tmp_path / "x") as file:
            assert size_of(file) == size
            assert file.read() == (tmp_path / "x").read_bytes()
            assert file.seek(-size // 2, os.SEEK_END) == file.tell()


@pytest.mark.parametrize("read", [lambda f: f.read(), lambda f: f.read(1 << 40), list])
def test_reading_stops_when_it_is_cancelled(tmp_path, read):
    """After the block that is being read, however long the file is: this one has a terabyte."""
    with (tmp_path / "x").open("wb") as file:
        file.truncate(1 << 40 if read is not list else 64 * BLOCK)
        if read is list:  # of lines
            file.write(b"\n" * 8 * BLOCK)
    looks = []

    def check():
        looks.append(1)
        if len(looks) > 3:
            raise Cancelled

    with (
        open_file(tmp_path / "x") as file,
        stopping(check),
        pytest.raises((Cancelled, MemoryError)),
    ):
        read(file)
    with open_file(tmp_path / "x") as file:
        file.read(10)
    assert len(looks) <= 4


def test_what_libraries_raise_becomes_one_sentence():
    for error in (struct.error("4 bytes"), zlib.error("bad"), KeyError("x"), RecursionError()):
        explained = pytest.raises(EngineError, match=r"^a\.x cannot be read: .*\(\S")
        with explained as caught, damage_explained("a.x"):
            raise error
        assert caught.value.kind == "bad_file" and caught.value.__cause__ is error
    for error in (Cancelled(), MemoryError()):
        with pytest.raises(type(error)), damage_explained("a.x"):
            raise error


def test_json_of_any_depth(folder):
    for text in ("[" * 100_000, '{"a":' * 50_000, "nope", "\x00", "1" * 5000):
        (folder / "a.json").write_text(text)
        with pytest.raises(EngineError, match="not valid JSON"):
            read_json(folder / "a.json")
    (folder / "a.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(folder / "a.json") == [1]
