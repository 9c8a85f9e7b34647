"""Files are packed here by https://github.com/nianticlabs/spz#file-format."""

import gzip
import struct
import sys
import tracemalloc

import numpy as np
import pytest
from scipy.special import sph_harm_y

from ludvig_engine.errors import EngineError
from ludvig_engine.io.spz import _harmonic_signs, read_spz

# Between y down, z forward and y up, z backward.
TURN = np.array([1, -1, -1])


def real_harmonics(directions, degree):
    """Real spherical harmonics of degree 1 and up, up to a sign, ordered as in splat files."""
    x, y, z = directions.T
    polar, azimuth = np.arccos(z), np.arctan2(y, x)
    columns = []
    for order in range(1, degree + 1):
        for m in range(-order, order + 1):
            value = sph_harm_y(order, abs(m), polar, azimuth)
            columns.append(value.imag if m < 0 else value.real)
    return np.stack(columns, 1)


def test_harmonics_turn_with_the_axes():
    directions = np.random.default_rng(0).normal(size=(100, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for degree in range(1, 5):
        turned, straight = (real_harmonics(d, degree) for d in (directions * TURN, directions))
        np.testing.assert_allclose(turned, straight * _harmonic_signs(degree).T, atol=1e-12)


def encode(gaussians, version, fraction=12):
    n, s = gaussians.shN.shape[:2]

    def byte(values):
        return np.clip(np.round(values), 0, 255).astype(np.uint8)

    fixed = np.round(gaussians.means * TURN * 2**fraction).astype("<i4")
    positions = fixed.view("u1").reshape(n, 3, 4)[..., :3]
    w, x, y, z = (gaussians.quats * [1, 1, -1, -1]).T
    xyzw = np.stack([x, y, z, w], 1)
    if version == 2:
        rotations = byte((xyzw[:, :3] * np.sign(w)[:, None] + 1) * 127.5)
    else:
        largest = np.abs(xyzw).argmax(1)
        words = largest.astype(np.uint32)
        for place in range(4):
            value = xyzw[:, place] * np.sign(xyzw[np.arange(n), largest])
            field = np.round(np.abs(value) * np.sqrt(2) * 511).astype(np.uint32) | (
                (value < 0).astype(np.uint32) << 9
            )
            words = np.where(largest == place, words, (words << 10) | field)
        rotations = words.astype("<u4").view("u1").reshape(n, 4)
    degree = gaussians.sh_degree
    arrays = [positions, byte(gaussians.opacities * 255), byte((gaussians.sh0 * 0.15 + 0.5) * 255)]
    arrays += [byte((np.log(gaussians.scales) + 10) * 16), rotations]
    arrays += [byte(gaussians.shN * _harmonic_signs(degree) * 128 + 128)] if s else []
    streams = [np.ascontiguousarray(array).tobytes() for array in arrays]
    header = struct.pack("<4sIIBBB", b"NGSP", version, n, degree, fraction, 1)
    if version < 4:
        return gzip.compress(header + b"\0" + b"".join(streams))
    import zstandard

    packed = [zstandard.ZstdCompressor().compress(stream) for stream in streams]
    table = b"".join(
        struct.pack("<QQ", len(p), len(s)) for p, s in zip(packed, streams, strict=True)
    )
    return header + struct.pack("<BI12x", len(streams), 32) + table + b"".join(packed)


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("degree", range(5))
def test_round_trip(folder, make_gaussians, version, degree):
    if version == 4:
        pytest.importorskip(
            "zstandard", reason="zstandard is not installed: SPZ version 4 is not tested"
        )
    gaussians = make_gaussians(300, degree)
    gaussians.shN[:] = np.clip(gaussians.shN, -0.95, 0.95)
    (folder / "a.spz").write_bytes(encode(gaussians, version))
    splats = read_spz(folder / "a.spz")
    got = splats.gaussians
    assert splats.valid.all() and got.sh_degree == degree
    np.testing.assert_allclose(got.means, gaussians.means, atol=0.51 / 4096)
    np.testing.assert_allclose(
        np.log(got.scales), np.clip(np.log(gaussians.scales), -10, 6), atol=0.51 / 16
    )
    np.testing.assert_allclose(got.opacities, gaussians.opacities, atol=0.51 / 255)
    np.testing.assert_allclose(
        got.sh0, np.clip(gaussians.sh0, -0.5 / 0.15, 0.5 / 0.15), atol=0.51 / 255 / 0.15
    )
    np.testing.assert_allclose(got.shN, gaussians.shN, atol=0.51 / 128)
    dots = np.abs((got.quats * gaussians.quats).sum(1))
    assert np.median(1 - dots) < (1e-4 if version == 2 else 1e-6)
    assert dots.min() > (0.95 if version == 2 else 1 - 1e-5)  # in version 2 a small w is inexact


def test_positions_use_all_24_bits(tmp_path, make_gaussians):
    gaussians = make_gaussians(3, 0)
    gaussians.means[:] = [[2047.5, -2047.5, 0.25], [-2048, 1, 2], [0, 2048, 3]]
    (tmp_path / "a.spz").write_bytes(encode(gaussians, 3))
    np.testing.assert_array_equal(read_spz(tmp_path / "a.spz").gaussians.means, gaussians.means)


def test_uncompressed_files(tmp_path, make_gaussians):
    content = gzip.decompress(encode(make_gaussians(20, 1), 3))
    (tmp_path / "a.spz").write_bytes(content)
    assert len(read_spz(tmp_path / "a.spz").gaussians) == 20


@pytest.mark.parametrize("version", [3, 4])
def test_damaged_files_are_explained(tmp_path, make_gaussians, version):
    if version == 4:
        pytest.importorskip(
            "zstandard", reason="zstandard is not installed: SPZ version 4 is not tested"
        )
    whole = encode(make_gaussians(100, 1), version)
    damaged = [whole[:length] for length in range(0, len(whole), 97)]
    damaged += [whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2)]
    raw = gzip.decompress(encode(make_gaussians(100, 1), 3))
    damaged += [
        raw[:-1],
        raw[:4] + b"\x05" + raw[5:],
        raw[:4] + b"\x01" + raw[5:],
        b"XXXX" + raw[4:],
    ]
    damaged += [
        raw[:12] + b"\x05" + raw[13:],
        raw[:8] + bytes(4) + raw[12:],
        raw[:8] + b"\xff" * 4 + raw[12:],
    ]
    for content in damaged:
        (tmp_path / "a.spz").write_bytes(content)
        with pytest.raises(EngineError, match=r"a.spz cannot be read") as caught:
            read_spz(tmp_path / "a.spz")
        assert caught.value.kind == "bad_file"


def test_no_more_is_decompressed_than_the_header_says(tmp_path, make_gaussians):
    zstandard = pytest.importorskip(
        "zstandard", reason="zstandard is not installed: SPZ version 4 is not tested"
    )
    raw = encode(make_gaussians(4, 0), 4)
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 28))
    sizes = [4 * k for k in (9, 1, 3, 3, 4)]
    for claimed, match in [(sizes, "does not have the 36 bytes"), ([1 << 28] * 5, "instead of 36")]:
        table = b"".join(struct.pack("<QQ", len(bomb), size) for size in claimed)
        content = raw[:15] + struct.pack("<BI12x", 5, 32) + table + bomb * 5
        (tmp_path / "a.spz").write_bytes(content)
        tracemalloc.start()
        with pytest.raises(EngineError, match=match):
            read_spz(tmp_path / "a.spz")
        assert tracemalloc.get_traced_memory()[1] < 1 << 25
        tracemalloc.stop()
    for version in (3, 4):  # a count that no file of this size can have
        raw = encode(make_gaussians(4, 0), version)
        raw = gzip.decompress(raw) if version == 3 else raw
        (tmp_path / "a.spz").write_bytes(raw[:8] + b"\xff\xff\xff\x7f" + raw[12:])
        with pytest.raises(EngineError, match="2,147,483,647 splats take"):
            read_spz(tmp_path / "a.spz")


def test_version_4_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "a.spz").write_bytes(struct.pack("<4sIIBBBBI12x", b"NGSP", 4, 1, 0, 12, 0, 0, 32))
    with pytest.raises(EngineError, match="needs the Python package zstandard") as caught:
        read_spz(tmp_path / "a.spz")
    assert (
        caught.value.kind == "missing_package"
        and "pip install zstandard" in caught.value.fixes[0].text
    )


def test_files_of_others(data):
    for name in ("minimal-raw", "minimal-v2", "minimal-v3"):
        got = read_spz(data / f"formats/splat-transform_fixtures/{name}.spz").gaussians
        assert len(got) == 4
        np.testing.assert_allclose(got.opacities, 0.9, atol=0.003)
        np.testing.assert_allclose(got.scales, 0.1, rtol=0.02)
        np.testing.assert_allclose(np.abs(got.quats[:, 0]), 1, atol=1e-4)


def test_headers_of_no_scan_are_named(tmp_path, make_gaussians):
    raw = gzip.decompress(encode(make_gaussians(9, 0), 3))
    for content, match in [
        (raw[:4] + b"\x01" + raw[5:], "version 1, where 2, 3 and 4 are known"),
        (raw[:8] + bytes(4) + raw[12:], "it has no splats"),
        (raw[:13] + b"\xc8" + raw[14:], "200 bits after the point"),
    ]:
        (tmp_path / "a.spz").write_bytes(gzip.compress(content))
        with pytest.raises(EngineError, match=match):
            read_spz(tmp_path / "a.spz")
