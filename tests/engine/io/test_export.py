"""Some splats of a file, written to another file, whatever formats the two are."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io import formats
from ludvig_engine.io.activation import checked
from ludvig_engine.io.export import export, rewritten
from ludvig_engine.io.formats import FORMATS, Format
from ludvig_engine.io.ply import read_ply, write_ply
from ludvig_engine.io.splats import read_splats


def save_packed(path, n):
    """Random splats as a compressed PLY."""
    axes = ("x", "y", "z", "scale_x", "scale_y", "scale_z")
    ranges = [f"{end}_{axis}" for axis in axes for end in ("min", "max")]
    packed = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
    chunks = -(-n // 256)
    lines = ["ply", "format binary_little_endian 1.0", f"element chunk {chunks}"]
    lines += [f"property float {name}" for name in ranges]
    lines += [f"element vertex {n}", *(f"property uint {name}" for name in packed), "end_header\n"]
    low_high = np.tile(np.array([-1, 1] * 3 + [-6, -2] * 3, "<f4"), chunks)
    codes = np.random.default_rng(0).integers(0, 2**32, (n, 4), np.uint64).astype("<u4")
    path.write_bytes("\n".join(lines).encode() + low_high.tobytes() + codes.tobytes())


def save_splat(path, n):
    """Random splats as .splat, some of them opaque and some invisible."""
    random = np.random.default_rng(1)
    rows = np.zeros(
        n, [("at", "<f4", 3), ("size", "<f4", 3), ("color", "u1", 4), ("turn", "u1", 4)]
    )
    rows["at"], rows["size"] = random.normal(size=(2, n, 3))
    rows["size"] = np.abs(rows["size"])
    rows["color"], rows["turn"] = random.integers(1, 256, (2, n, 4))
    rows["color"][:2, 3] = 0, 255
    path.write_bytes(rows.tobytes())


@pytest.mark.parametrize("name, save", [("a.compressed.ply", save_packed), ("a.splat", save_splat)])
def test_what_is_only_read_is_written_as_ply(folder, same, name, save):
    save(folder / name, 600)
    whole = read_splats(folder / name).gaussians
    keep = np.random.default_rng(2).random(600) < 0.3
    keep[:2] = True
    export(folder / name, folder / "part.ply", keep)
    found = read_ply(folder / "part.ply")
    assert formats.recognize(folder / "part.ply").name == "PLY" and found.valid.all()
    same(found.gaussians, whole.take(keep), atol=1e-6)
    assert "part.ply" in rewritten(folder / name, folder / "part.ply")
    export(folder / name, folder / "rest.ply", ~keep)
    assert len(read_ply(folder / "rest.ply").gaussians) == 600 - keep.sum()


def test_every_format_that_is_read_can_be_written_as_ply(folder, make_gaussians, same, monkeypatch):
    """Also one that does not exist yet: its row names a reader, and that is enough."""
    write_ply(folder / "a.ply", make_gaussians(50), extras={"label": np.arange(50)})
    made_up = Format("made up", (".madeup",), FORMATS["PLY"].read, marks=(b"plz",))
    monkeypatch.setitem(FORMATS, made_up.name, made_up)
    monkeypatch.setattr(
        "ludvig_engine.io.export.read_splats", lambda path: read_ply(folder / "a.ply")
    )
    (folder / "b.madeup").write_bytes(b"plz")
    keep = np.arange(50) % 3 == 0
    export(folder / "b.madeup", folder / "c.ply", keep)
    same(read_ply(folder / "c.ply").gaussians, read_ply(folder / "a.ply").gaussians.take(keep))
    np.testing.assert_array_equal(read_ply(folder / "c.ply").extras["label"], np.arange(0, 50, 3))


def test_rows_with_values_that_are_not_finite_keep_their_place(folder, make_gaussians, monkeypatch):
    made = make_gaussians(20)
    made.means[3] = np.nan
    monkeypatch.setattr("ludvig_engine.io.export.read_splats", lambda path: checked(made))
    save_splat(folder / "a.splat", 20)
    export(folder / "a.splat", folder / "b.ply", np.ones(20, bool))
    found = read_ply(folder / "b.ply")
    assert len(found.valid) == 20 and not found.valid[3] and found.valid.sum() == 19


def test_rows_between_plys_are_copied_bit_by_bit(folder, make_gaussians):
    """Even of a 2DGS file, which has two scales, and with columns that nobody knows."""
    write_ply(folder / "a.ply", make_gaussians(10, 0), extras={"filter_3D": np.arange(10) / 3})
    data = (folder / "a.ply").read_bytes()
    flat = data.replace(b"property float scale_2\n", b"property float odd_name\n")
    (folder / "flat.ply").write_bytes(flat)
    keep = np.arange(10) % 2 == 1
    export(folder / "flat.ply", folder / "part.ply", keep)
    head, mark, rows = flat.partition(b"end_header\n")
    expected = np.frombuffer(rows, np.uint8).reshape(10, -1)[keep].tobytes()
    found = (folder / "part.ply").read_bytes()
    assert found == head.replace(b"vertex 10", b"vertex 5") + mark + expected
    assert not rewritten(folder / "flat.ply", folder / "part.ply")


def test_what_does_not_fit_is_refused(folder, make_gaussians):
    save_splat(folder / "a.splat", 20)
    with pytest.raises(EngineError, match=r"c\.spz can't be written: \.spz files can only be read"):
        export(folder / "a.splat", folder / "c.spz", np.ones(20, bool))
    with pytest.raises(EngineError, match=r"has 19 values .* but a\.splat has 20 splats"):
        export(folder / "a.splat", folder / "c.ply", np.ones(19, bool))
    with pytest.raises(EngineError, match="no splats to write"):
        export(folder / "a.splat", folder / "c.ply", np.zeros(20, bool))
    assert [path.name for path in folder.iterdir()] == ["a.splat"]


def test_values_beyond_the_ends_are_written_as_the_nearest(folder, make_gaussians):
    made = make_gaussians(4)
    ends = replace(made, opacities=np.float32([0, 1, 0.5, 0.5]), scales=made.scales * 0)
    write_ply(folder / "a.ply", ends)
    found = read_ply(folder / "a.ply")
    assert found.valid.all()
    for field in fields(made):
        values = getattr(found.gaussians, field.name)
        np.testing.assert_allclose(values, getattr(ends, field.name), atol=1e-6)
