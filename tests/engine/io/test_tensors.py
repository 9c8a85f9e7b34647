"""Arrays from .safetensors, whatever is in the header."""

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import save_file

from ludvig_engine.errors import EngineError
from ludvig_engine.io.result import read_result, read_values, write
from ludvig_engine.io.tensors import read_tensors


def raw(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(kind, shape, size):
    return {"a": {"dtype": kind, "shape": shape, "data_offsets": [0, size]}}


def test_round_trip(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.array([True, False])}
    save_file(arrays, tmp_path / "f", {"made": "here"})
    found, about = read_tensors(tmp_path / "f")
    assert about == {"made": "here"} and found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    assert read_tensors(tmp_path / "f", "b")[0].keys() == {"b"}


def test_bfloat16_is_read(tmp_path):
    values = np.array([1, -2.5, 3e30], np.float32)
    halves = (values.view(np.uint32) >> 16).astype("<u2")
    path = raw(tmp_path / "f", entry("BF16", [3, 1], 6), halves.tobytes())
    np.testing.assert_allclose(read_tensors(path)[0]["a"], values[:, None], rtol=1e-2)


BAD = {
    "eight bits": (entry("F8_E4M3", [2], 2), bytes(2)),
    "many sides": (entry("F32", [1] * 200, 4), bytes(4)),
    "claims more": (entry("F32", [1 << 40], 1 << 42), bytes(4)),
    "overflow": (entry("F32", [1 << 32, 1 << 32], 0), b""),
    "deep": (b"[" * 100_000, b""),
    "no text": (b'{"\xff":1}', b""),
    "unknown type": (entry("X", [1], 4), bytes(4)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files(tmp_path, name):
    path = raw(tmp_path / "f", *BAD[name])
    for read in (read_tensors, read_result):
        with pytest.raises(EngineError) as caught:
            read(path)
        assert caught.value.kind == "bad_file" and str(path) in str(caught.value)


def test_metadata_that_is_no_result(tmp_path):
    for text in ("[" * 100_000, "no json", "\ud800"):
        header = {"__metadata__": {"x": text}, **entry("F32", [1], 4)}
        with pytest.raises(EngineError, match="is not a"):
            read_result(raw(tmp_path / "f", header, bytes(4)))


@pytest.mark.parametrize("values, what", [
    (np.array([1, np.nan, np.inf]), "2 values that are NaN"),
    (np.zeros((2, 2, 2)), r"has the shape \(2, 2, 2\)"),
    (np.zeros(0), r"has the shape \(0,\)"),
])  # fmt: skip
def test_values_that_are_not_one_per_splat(tmp_path, values, what):
    write(tmp_path / "r", {"scores": values}, {})
    with pytest.raises(EngineError, match=what) as caught:
        read_values(tmp_path / "r", "scores")
    assert caught.value.kind == "bad_file"
