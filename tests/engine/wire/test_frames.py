"""Frames are read as they were written, as safetensors reads them; malformed ones are refused."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ludvig_engine.errors import EngineError
from ludvig_engine.wire import frames, json_text
from ludvig_engine.wire.frames import DTYPES
from ludvig_engine.wire.json_text import MAX_DEPTH, ProtocolError, parse_json
from malformed import MALFORMED, entry
from wire_tools import frame, read_bytes

some_arrays = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_.]{0,20}", fullmatch=True),
    st.sampled_from(sorted(DTYPES)).flatmap(
        lambda name: st_numpy.arrays(
            DTYPES[name], st_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
        )
    ),
    max_size=6,
)


def written(metadata, arrays) -> bytes:
    return b"".join(frames.pack_frame(metadata, arrays))


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(
        a[k].dtype == b[k].dtype and a[k].shape == b[k].shape and a[k].tobytes() == b[k].tobytes()
        for k in a
    )


@given(some_arrays, st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=4))
def test_what_is_written_is_read(arrays, metadata):
    found_metadata, found = read_bytes(written(metadata, arrays))
    assert found_metadata == metadata
    assert same(found, arrays)
    assert all(array.flags.aligned and array.flags.writeable for array in found.values())


@given(some_arrays)
def test_the_safetensors_library_reads_ours(arrays):
    assert same(safetensors.numpy.load(written({"rpc": "{}"}, arrays)), arrays)


@given(some_arrays)
def test_we_read_what_the_safetensors_library_writes(arrays):
    assert same(read_bytes(safetensors.numpy.save(arrays))[1], arrays)


def test_strided_and_foreign_arrays():
    matrix = np.arange(12.0).reshape(3, 4)
    arrays = {"transposed": matrix.T, "every_other": matrix[:, ::2], "none": matrix[:0]}
    assert same(read_bytes(written({}, arrays))[1], arrays)
    for array in matrix.astype(">f8"), matrix.astype(complex), np.array(["a"]):
        with pytest.raises(ValueError, match="cannot be sent"):
            frames.pack_frame({}, {"a": array})
    with pytest.raises(ValueError, match="cannot be sent"):
        frames.pack_frame({}, {"../a": matrix})


def test_arrays_that_others_did_not_align_are_copied():
    table = {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
             "b": {"dtype": "F64", "shape": [2], "data_offsets": [1, 17]}}  # fmt: skip
    _, arrays = read_bytes(frame(table, b"\7" + np.arange(2.0).tobytes()))
    assert arrays["b"].flags.aligned
    assert arrays["b"].tolist() == [0, 1]


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_headers_are_refused(name):
    data = frame(MALFORMED[name])
    with pytest.raises(ProtocolError):
        frames.parse_header(data[8:])


def test_nothing_is_allocated_before_the_limits_are_checked():
    asked = []

    def fill(memory):
        asked.append(len(memory))
        memory[:] = source.pop(0)[: len(memory)]

    source = [(10**18).to_bytes(8, "little")]
    with pytest.raises(ProtocolError, match="header of 1,000,000,000,000,000,000 bytes"):
        frames.read_frame(fill)
    data = frame({"a": entry(shape=(2**31,), offsets=(0, 2**31))})
    source = [data[:8], data[8:]]
    with pytest.raises(ProtocolError, match="body of 2,147,483,648 bytes"):
        frames.read_frame(fill, max_body=2**30)
    assert max(asked) == len(data) - 8


def test_truth_values_are_0_or_1():
    with pytest.raises(ProtocolError, match="truth"):
        read_bytes(frame({"a": entry("BOOL")}, b"\0\1\2\1"))


def test_json_may_be_as_deep_as_the_limit():
    for depth in 1, MAX_DEPTH:
        assert parse_json("[" * depth + "]" * depth) == json.loads("[" * depth + "]" * depth)
    with pytest.raises(ProtocolError, match="deep"):
        parse_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_brackets_in_strings_are_not_depth():
    text = json.dumps({"names": ["[" * 1000, '\\"[{' * 1000], "a": [[[]]] * 500})
    assert parse_json(text) == json.loads(text)


def test_the_depth_check_takes_linear_time():
    assert len(json_text._STRING.sub("", '"' + '\\"' * 500_000)) == 0  # minutes if it backtracks


def test_what_is_too_large_is_refused_before_it_is_sent(monkeypatch):
    monkeypatch.setattr(frames, "MAX_BODY", 1000)
    with pytest.raises(EngineError, match="Pass large data as a file") as caught:
        frames.pack_frame({}, {"a": np.zeros(1001, np.uint8)})
    assert caught.value.kind == "too_large"


def accepted(data: bytes) -> bool:
    """Whether a frame is read; if it is, the safetensors library must read the same."""
    try:
        _, arrays = read_bytes(data, max_header=4096, max_body=65536)
    except ProtocolError:
        return False
    assert same(arrays, safetensors.numpy.load(data))
    return True


def test_fuzz():
    """Valid frames with random changes are refused, or read as the safetensors library does."""
    source = random.Random(20241018)
    seeds = [
        written({"rpc": '{"jsonrpc":"2.0","id":1,"method":"fake/ping"}'}, arrays)
        for arrays in (
            {},
            {"a": np.arange(6, dtype=np.float32).reshape(2, 3)},
            {
                "a.0": np.arange(5, dtype=np.uint8),
                "b": np.ones((2, 2)),
                "c": np.zeros((0, 3), np.int16),
            },
            {"mask": np.array([True, False, True]), "x": np.arange(4, dtype=np.int64)},
        )
    ]
    tokens = [
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b",",
        b":",
        b"-",
        b"0",
        b"9",
        b"1e9",
        b"null",
        b"F64",
        b"U8",
        b"\\",
        b"\xff",
    ]
    count = 0
    for _ in range(30_000):
        data = bytearray(source.choice(seeds))
        for _ in range(source.randint(1, 3)):
            at = source.randrange(len(data))
            match source.randrange(5):
                case 0:
                    data[at] = source.randrange(256)
                case 1:
                    data[at : at + 1] = source.choice(tokens)
                case 2:
                    del data[at : at + source.randint(1, 4)]
                case 3:
                    data[at:at] = data[at : at + source.randint(1, 30)]
                case 4:
                    data[:8] = (
                        len(data).to_bytes(8, "little") if source.random() < 0.1 else data[:8]
                    )
            # Otherwise the length would be the reason for nearly all failures.
            if source.random() < 0.7 and len(data) > 8:
                end = data.rfind(b"}", 8)
                data[:8] = max(end - 7, 0).to_bytes(8, "little")
        count += accepted(bytes(data))
    assert 500 < count < 25_000  # the test reaches both sides


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 99)
    | st.floats(allow_nan=False)
    | st.sampled_from(["U8", "F32", "a", "/"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dtype", "shape", "data_offsets", "a", "__metadata__"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(json_values, st.binary(max_size=16))
def test_any_json_is_a_header_or_an_error(header, body):
    accepted(frame(header, body))
