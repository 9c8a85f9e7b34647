"""Packed splat files are read as if they were not, and never unpack to more than they should."""

import bz2
import gzip
import lzma
import os
import zipfile

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.formats import recognize
from ludvig_engine.io.ply import copy_ply, read_ply, write_ply
from ludvig_engine.io.splats import read_splats
from ludvig_engine.io.unpacked import FLOOR, limit, open_unpacked
from packing import zipped

SPLAT = bytes([*bytes(12), *(b"\0\0\x80\x3f" * 3), 255, 0, 0, 255, 255, 128, 128, 128])


# By the name of the packed file.
WAYS = {
    "a.ply.gz": gzip.compress,
    "a.ply": gzip.compress,  # whose ending says nothing of it
    "twice-a.ply.gz.gz": lambda content: gzip.compress(gzip.compress(content)),
    "a.zip": lambda content: zipped({"scene/a.ply": content, "scene/read me.txt": b"hello"}),
    "stored.zip": lambda content: zipped({"a.ply": content}, zipfile.ZIP_STORED),
    "mac.zip": lambda content: zipped(
        {"__MACOSX/._a.ply": b"?", "a.ply": content, ".DS_Store": b"?"}
    ),
    "gz.zip": lambda content: zipped({"a.ply.gz": gzip.compress(content)}),
    "zip.gz": lambda content: gzip.compress(zipped({"a.ply": content})),
}


@pytest.mark.parametrize("way", WAYS)
def test_plys_in_all_packings(folder, make_gaussians, same, way):
    write_ply(folder / "plain", make_gaussians(5000))
    content = (folder / "plain").read_bytes()
    (folder / way).write_bytes(WAYS[way](content))
    assert recognize(folder / way).name == "PLY"
    same(read_splats(folder / way).gaussians, read_ply(folder / "plain").gaussians, rtol=0)
    keep = np.arange(5000) % 3 == 0
    for source, target in ((way, "b.ply"), ("plain", "c.ply")):
        copy_ply(folder / source, folder / target, keep)
    assert (folder / "b.ply").read_bytes() == (folder / "c.ply").read_bytes()


@pytest.mark.parametrize("name", ["a.splat.gz", "a.zip"])
def test_formats_without_a_mark_are_known_by_the_inner_name(folder, name):
    packed = {"a.splat.gz": gzip.compress(SPLAT * 7), "a.zip": zipped({"x.SPLAT": SPLAT * 7})}
    (folder / name).write_bytes(packed[name])
    assert len(read_splats(folder / name).gaussians) == 7


def test_zips_that_do_not_hold_one_splat_file(folder):
    for content, match in [
        (zipped({}), "not a splat file|no splat files: it is empty|cannot be read"),
        (zipped({"a.txt": b"x"}), r"no splat files: a\.txt"),
        (zipped({"a.ply": b"x", "b.splat": b"y"}), r"2 splat files: a\.ply, b\.splat"),
        (zipped({"a.ply": b"x" * 99}, zipfile.ZIP_BZIP2), "not packed in the usual way"),
        (zipped({"a.ply": b"x" * 999})[:-30], "damaged or cut short"),
        (gzip.compress(os.urandom(999))[:-30], "damaged or cut short"),
    ]:
        (folder / "a.zip").write_bytes(content)
        with pytest.raises(EngineError, match=match) as caught:
            read_splats(folder / "a.zip")
        assert caught.value.kind == "bad_file" and caught.value.fixes


def test_other_packers_are_named(folder):
    for content, name in [
        (bz2.compress(b"ply\n"), "bzip2"),
        (lzma.compress(b"ply\n"), "xz"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
        (gzip.compress(b"Rar!\x1a\x07\1\0"), "RAR"),
    ]:
        (folder / "a.ply").write_bytes(content)
        with pytest.raises(EngineError, match=f"packed with {name}") as caught:
            read_splats(folder / "a.ply")
        assert "Unpack it" in str(caught.value)


def test_bombs_stop_at_the_limit(tmp_path):
    size = 4 * FLOOR
    head = b"ply\nformat binary_little_endian 1.0\nelement vertex %d\nproperty float x\n"
    bomb = head % (size // 4) + b"property float scale_0\nend_header\n" + bytes(size)
    for name, content in {
        "a.ply": gzip.compress(bomb),
        "a.zip": zipped({"a.ply": bomb}),
        "a.splat": gzip.compress(bytes(size)),
        "twice.splat": gzip.compress(gzip.compress(bytes(size))),
    }.items():
        (tmp_path / name).write_bytes(content)
        assert limit(len(content)) < size
        with pytest.raises(EngineError) as caught:
            read_splats(tmp_path / name)
        assert caught.value.kind == "bad_file"
        with open_unpacked(tmp_path / name) as file:
            got = 0
            with pytest.raises(EngineError, match="unpacks to more than"):
                while block := file.read(1 << 16):
                    got += len(block)
        assert got <= limit(len(content))


def test_no_more_is_unpacked_than_is_asked_for(tmp_path):
    """So damage behind what is needed does no harm."""
    content = gzip.compress(os.urandom(1 << 22))
    (tmp_path / "a").write_bytes(content[: len(content) // 2])
    with open_unpacked(tmp_path / "a") as file:
        first = file.read(1000)
        assert file.seek(0) == 0 and file.read(1000) == first
        assert file.seek(1 << 20) == 1 << 20 and len(file.read(10)) == 10
        with pytest.raises(EngineError, match="cut short"):
            file.seek(0, os.SEEK_END)
