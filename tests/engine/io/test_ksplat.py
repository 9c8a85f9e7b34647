"""Each level of .ksplat, checked against the numbers that were written; damaged files."""

import struct

import numpy as np
import pytest

import ksplat_files
from ludvig_engine.errors import EngineError
from ludvig_engine.io.ksplat import read_ksplat
from ludvig_engine.io.quantized import SH_C0
from ludvig_engine.io.splats import read_splats

# Two full buckets of 3 splats, then buckets of 1 and 4.
BUCKETS = (((10, 0, 0), 3), ((0, 20, 0), 3), ((0, 0, 30), 1), ((-40, 5, 5), 4))
# How far values may be from what was written: float32, halves (11 bits), and 8 bits of harmonics.
SHAPE = {0: 1e-6, 1: 1e-3, 2: 1e-3}
HARMONIC = {0: 1e-6, 1: 1e-3, 2: 0.5 * 3 / 255 + 1e-6}


def coefficients(section):
    """(N, S, 3) from the numbers of each splat, one by one."""
    found = np.zeros((len(section.means), (section.degree + 1) ** 2 - 1, 3))
    for i, values in enumerate(section.harmonics):
        numbers = iter(values)
        for degree in range(1, section.degree + 1):
            for channel in range(3):
                for order in range(2 * degree + 1):
                    found[i, degree**2 - 1 + order, channel] = next(numbers)
    return found


def assert_read(splats, sections, level):
    got = splats.gaussians
    joined = {
        name: np.array([value for section in sections for value in getattr(section, name)])
        for name in ("means", "scales", "quats", "rgba")
    }
    assert splats.valid.all() and len(got) == len(joined["means"])
    np.testing.assert_allclose(got.means, joined["means"], atol=5 / 2 / 32767 + 1e-5)
    np.testing.assert_allclose(got.scales, joined["scales"], rtol=SHAPE[level])
    np.testing.assert_allclose(got.quats, joined["quats"], atol=SHAPE[level])
    np.testing.assert_allclose(got.opacities, joined["rgba"][:, 3] / 255, atol=1e-6)
    np.testing.assert_allclose(0.5 + SH_C0 * got.sh0[:, 0], joined["rgba"][:, :3] / 255, atol=1e-6)
    widest = max(section.degree for section in sections)
    assert got.sh_degree == widest
    start = 0
    for section in sections:
        wanted = coefficients(section)
        rows = got.shN[start : start + len(wanted)]
        np.testing.assert_allclose(rows[:, : wanted.shape[1]], wanted, atol=HARMONIC[level])
        assert not rows[:, wanted.shape[1] :].any()
        start += len(wanted)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_what_was_written_is_read(folder, level, degree):
    made = ksplat_files.section(11, degree=degree, buckets=BUCKETS, full=2, room=3)
    path = ksplat_files.write(folder / "A.KSPLAT", [made], level=level)
    assert_read(read_splats(path), [made], level)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_sections_of_several_degrees(tmp_path, level):
    sections = [
        ksplat_files.section(11, degree=1, buckets=BUCKETS, full=2, room=2),
        ksplat_files.section(0),
        ksplat_files.section(5, degree=2, seed=1, buckets=[((1, 2, 3), 5)], full=0),
    ]
    path = ksplat_files.write(tmp_path / "a.ksplat", sections, level=level)
    assert_read(read_ksplat(path), sections, level)


def test_the_ranges_of_the_header_are_used(tmp_path):
    made = ksplat_files.section(11, degree=1, buckets=BUCKETS, full=2)
    path = ksplat_files.write(
        tmp_path / "a.ksplat", [made], level=2, sh=(-1.0, 2.0), declared_range=10_000
    )
    got = read_ksplat(path).gaussians
    np.testing.assert_allclose(got.means, made.means, atol=5 / 2 / 10_000)
    np.testing.assert_allclose(got.shN, coefficients(made), atol=0.5 * 3 / 255 + 1e-6)


def test_rows_that_are_not_finite_are_invalid(tmp_path):
    made = ksplat_files.section(4)
    made.means[1][0], made.quats[2] = float("nan"), [0, 0, 0, 0]
    splats = read_ksplat(ksplat_files.write(tmp_path / "a.ksplat", [made], level=0))
    assert splats.valid.tolist() == [True, False, False, True]


def damaged(change, *, level=1):
    """A whole file with some bytes changed: (offset, letter of struct, value)."""

    def make(path):
        made = ksplat_files.section(11, degree=1, buckets=BUCKETS, full=2)
        content = bytearray(ksplat_files.write(path, [made], level=level).read_bytes())
        for offset, letter, value in change:
            struct.pack_into(f"<{letter}", content, offset, value)
        path.write_bytes(content)

    return make


MANY = 2**32 - 1
BAD = {
    "another major version": ([(0, "B", 1)], "version 1.1"),
    "before the first version": ([(1, "B", 0)], "version 0.0"),
    "a level there is not": ([(20, "H", 3)], "compression level 3"),
    "more sections than bytes": ([(4, "I", MANY)], "cut short"),
    "no section": ([(4, "I", 0)], "0 of the 11 splats"),
    "more splats in the header": ([(16, "I", 12)], "11 of the 12 splats"),
    "more splats than room": ([(4096, "I", 12)], "12 splats in the space of 11"),
    "records without end": ([(4096, "I", MANY), (4100, "I", MANY)], "cut short"),
    "buckets without end": ([(4096 + 12, "I", MANY)], "cut short"),
    "buckets without end or size": ([(4096 + 12, "I", MANY), (4096 + 20, "H", 0)], "damaged"),
    "lengths without end": ([(4096 + 36, "I", MANY)], "cut short"),
    "full buckets without end": ([(4096 + 32, "I", MANY)], "damaged"),
    "empty buckets": ([(4096 + 8, "I", 0)], "do not hold 11 splats"),
    "a degree there is not": ([(4096 + 40, "H", 65535)], "degree 65535"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_damaged_files_are_explained(tmp_path, change, message):
    damaged(change)(tmp_path / "a.ksplat")
    with pytest.raises(EngineError, match=message) as caught:
        read_ksplat(tmp_path / "a.ksplat")
    assert caught.value.kind == "bad_file" and "a.ksplat" in caught.value.message


def test_a_bucket_that_claims_billions_of_splats_is_read(tmp_path):
    """Its own size says nothing about memory: the section's count does."""
    damaged([(4096 + 1024, "I", 1), (4096 + 1028, "I", MANY)])(tmp_path / "a.ksplat")
    assert len(read_ksplat(tmp_path / "a.ksplat").gaussians) == 11


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 5000, 5120, 5200, 5500])
def test_files_cut_short(tmp_path, size):
    damaged([])(tmp_path / "a.ksplat")
    content = (tmp_path / "a.ksplat").read_bytes()
    assert len(content) > size
    (tmp_path / "a.ksplat").write_bytes(content[:size])
    with pytest.raises(EngineError, match=r"short|0 of the") as caught:
        read_ksplat(tmp_path / "a.ksplat")
    assert caught.value.kind == "bad_file"


@pytest.mark.parametrize("level", [0, 1, 2])
def test_any_changed_bytes_give_splats_or_an_error(tmp_path, level):
    random = np.random.default_rng(level)
    damaged([], level=level)(tmp_path / "a.ksplat")
    content = np.frombuffer((tmp_path / "a.ksplat").read_bytes(), np.uint8)
    # Where the fields are; the rest of the headers is unused.
    fields = [*range(44), *range(4096, 4096 + 44), *range(5120, len(content))]
    for _ in range(300):
        changed = content.copy()
        changed[random.choice(fields, 3)] = random.choice([0, 1, 127, 255], 3)
        (tmp_path / "a.ksplat").write_bytes(changed.tobytes())
        try:
            assert len(read_ksplat(tmp_path / "a.ksplat").valid) == 11
        except EngineError as error:
            assert error.kind == "bad_file"


def test_a_file_of_another_program(data):
    """Written by PlayCanvas; its .splat twin has the same four splats."""
    folder = data / "formats/splat-transform_fixtures"
    got = read_splats(folder / "minimal.ksplat").gaussians
    twin = read_splats(folder / "minimal.splat").gaussians
    for name in ("means", "quats", "scales", "opacities", "sh0", "shN"):
        np.testing.assert_array_equal(getattr(got, name), getattr(twin, name), err_msg=name)
