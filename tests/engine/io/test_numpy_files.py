"""Arrays from .npy and .npz: any layout of numbers, and never more than the file holds."""

import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.numpy_files import FREE, read_array

MAP = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize("array", [
    MAP, MAP.astype(">f4"), MAP.astype(">i8"), np.asfortranarray(MAP), MAP.astype(np.float16),
    MAP > 3, MAP.astype(np.uint8), np.float64(3), MAP[:0], MAP[:, ::2],
], ids=lambda a: f"{a.dtype}{a.shape}")  # fmt: skip
def test_round_trip(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", array)
    np.savez_compressed(tmp_path / "b.npz", features=array)
    for name in ("a.npy", "a.npz", "b.npz"):
        found = read_array(tmp_path / name)
        np.testing.assert_array_equal(found, array)
        assert found.dtype.isnative and found.flags.c_contiguous and found.flags.writeable


def test_headers_of_version_2(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, MAP, version=(2, 0))
    np.testing.assert_array_equal(read_array(tmp_path / "a.npy"), MAP)


def header(text, data=b"", version=1):
    raw = text.encode("latin1")
    length = struct.pack("<H" if version == 1 else "<I", len(raw))
    return b"\x93NUMPY" + bytes([version, 0]) + length + raw + data


def described(shape="(2,)", descr="'<f4'"):
    return "{'descr': %s, 'fortran_order': False, 'shape': %s, }" % (descr, shape)  # noqa: UP031


BAD = {
    "claims more": (header(described("(2, 3, 4)"), bytes(8)), "takes 96 bytes, but has only 8"),
    "huge": (header(described("(1099511627776, 1048576)")), "but has only 0"),
    "overflow": (header(described("(4294967296, 4294967296, 4294967296)")), "but has only 0"),
    "negative": (header(described("(-1,)"), bytes(8)), "claims an array of shape -1"),
    "text": (header(described(descr="'<U4'"), bytes(99)), "type <U4, not numbers"),
    "complex": (header(described(descr="'<c8'"), bytes(99)), "complex64, not numbers"),
    "record": (header(described(descr="[('x', '<f4')]"), bytes(99)), "not numbers"),
    "objects": (header(described(descr="'|O'"), bytes(99)), "Python objects"),
    "no dictionary": (header("[]"), "cannot be read"),
    "no literal": (header("open('x')"), "cannot be read"),
    "deep": (header("(" * 9000), "cannot be read"),
    "long": (header(" " * 60000), "cannot be read"),
    "longer": (header(" " * 200000, version=2), "cannot be read"),
    "no shape": (header("{'descr': '<f4', 'fortran_order': False}"), "cannot be read"),
    "shape of text": (header(described("('a',)")), "cannot be read"),
    "shape of bool": (header(described("(True, 10**9)")), "cannot be read"),
    "many sides": (header(described(f"({'1,' * 80})"), bytes(4)), "of 80 dimensions"),
    "no type": (header(described(descr="'nothing'")), "cannot be read"),
    "version": (header(described(), bytes(8), version=1).replace(b"\x01\x00", b"\x09\x00", 1),
                "cannot be read"),
    "no magic": (b"not an array at all", "cannot be read"),
    "empty": (b"", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays(tmp_path, name):
    content, what = BAD[name]
    (tmp_path / "a.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("arr_0.npy", content)
    for path in (tmp_path / "a.npy", tmp_path / "a.npz"):
        with pytest.raises(EngineError, match=what) as caught:
            read_array(path)
        assert caught.value.kind == "bad_file" and path.name in str(caught.value)


def test_pickles_are_never_run(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(EngineError, match=r"Python objects, which are not read .* can run prog"):
        read_array(tmp_path / "a.npy")


def test_archives_of_other_things(tmp_path):
    np.savez(tmp_path / "two.npz", MAP, MAP)
    (tmp_path / "none.npz").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "text.npz").write_text("no archive")
    for name, what in (("two", "2 arrays"), ("none", "0 arrays"), ("text", "cannot be read")):
        with pytest.raises(EngineError, match=what):
            read_array(tmp_path / f"{name}.npz")
    np.savez_compressed(tmp_path / "a.npz", MAP)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    for at in range(0, len(content), 3):
        broken = content.copy()
        broken[at] ^= 0xFF
        (tmp_path / "b.npz").write_bytes(broken)
        try:
            read_array(tmp_path / "b.npz")
        except EngineError as error:
            assert error.kind == "bad_file"


def test_bombs_are_not_expanded(tmp_path):
    deflated = zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED)
    with deflated as archive, archive.open("arr_0.npy", "w") as file:
        file.write(header(described(f"({FREE},)")))
        for _ in range(64):
            file.write(bytes(4 << 20))
    tracemalloc.start()
    with pytest.raises(EngineError, match=r"would expand to 268,\d\d\d,\d\d\d, more than the"):
        read_array(tmp_path / "a.npz")
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


def test_claims_allocate_nothing(tmp_path):
    (tmp_path / "a.npy").write_bytes(header(described("(200000000,)"), bytes(100)))
    tracemalloc.start()
    with pytest.raises(EngineError, match="800,000,000 bytes, but has only 100"):
        read_array(tmp_path / "a.npy")
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


def test_folders_and_missing_files(tmp_path):
    for path in (tmp_path, tmp_path / "nothing.npy"):
        with pytest.raises(EngineError) as caught:
            read_array(path)
        assert caught.value.kind == "not_found"
