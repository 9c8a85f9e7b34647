"""PLYs of other trainers: two scales, filter_3D, colors as bytes, and columns nobody knows."""

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from ludvig_engine.errors import EngineError
from ludvig_engine.io.load import load_scene
from ludvig_engine.io.ply import copy_ply, read_blocks, read_ply
from ludvig_engine.io.quantized import SH_C0

USUAL = [
    *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"),
    *("scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
]
RGB = ("red", "green", "blue")
ENCODINGS = pytest.mark.parametrize(
    "encoding", [{"byte_order": "<"}, {"byte_order": ">"}, {"text": True}], ids=["le", "be", "text"]
)


def table(n, names, types=None):
    random = np.random.default_rng(0)
    rows = np.empty(n, [(name, (types or {}).get(name, "f4")) for name in names])
    for name in names:
        floats = rows.dtype[name].kind == "f"
        rows[name] = random.normal(-2, 1, n) if floats else random.integers(0, 256, n)
    return rows


def save(path, rows, **encoding):
    PlyData([PlyElement.describe(rows, "vertex")], **encoding).write(str(path))
    return path


@ENCODINGS
@pytest.mark.parametrize("type_", ["f4", "f8"])
def test_two_scales_are_flat(folder, encoding, type_):
    names = [name for name in USUAL if name != "scale_2"]
    rows = table(5000, names, {"scale_0": type_, "x": type_})
    path = save(folder / "a.ply", rows, **encoding)
    scene = load_scene(path)
    scales = scene.to_file(scene.gaussians.scales)
    np.testing.assert_allclose(scales[:, 0], np.exp(rows["scale_0"]), rtol=1e-5)
    np.testing.assert_allclose(scales[:, 2], 1e-6, rtol=1e-6)
    (note,) = scene.notes
    assert "two scales" in note and "1e-06" in note
    blocks = list(read_blocks(path))
    assert sum(len(block["scale_2"]) for block in blocks) == 5000
    # The copy has two scales, too.
    keep = np.arange(5000) % 2 == 0
    copy_ply(path, folder / "b.ply", keep)
    copy = PlyData.read(str(folder / "b.ply"))["vertex"].data
    assert copy.dtype.names == rows.dtype.names
    for name in names:
        np.testing.assert_array_equal(copy[name], rows[name][keep])


@ENCODINGS
def test_the_filter_of_mip_splatting_is_fused(folder, encoding):
    rows = table(5000, [*USUAL, "filter_3D"])
    rows["filter_3D"] = np.random.default_rng(1).uniform(0, 1, 5000)
    rows["filter_3D"][0] = 0
    scene = load_scene(save(folder / "a.ply", rows, **encoding))
    squares = np.exp(np.stack([rows[f"scale_{i}"] for i in range(3)], 1).astype(np.float64)) ** 2
    wider = squares + rows["filter_3D"].astype(np.float64)[:, None] ** 2
    factor = np.sqrt(squares.prod(1) / wider.prod(1))
    opacity = factor / (1 + np.exp(-rows["opacity"].astype(np.float64)))
    got = scene.gaussians
    np.testing.assert_allclose(scene.to_file(got.scales), np.sqrt(wider), rtol=1e-5)
    np.testing.assert_allclose(scene.to_file(got.opacities), opacity, rtol=1e-5)
    (note,) = scene.notes
    assert "Mip-Splatting" in note
    # Not among the user's own columns: written again beside fused scales, it would count twice.
    assert "filter_3D" not in read_ply(folder / "a.ply").extras


def test_tiny_scales_survive_the_filter(tmp_path):
    rows = table(3, [*USUAL, "filter_3D"])
    for i in range(3):
        rows[f"scale_{i}"] = [-80, -np.inf, -np.inf]
    rows["filter_3D"] = [1e-37, 1e-30, 0]
    rows["opacity"] = 0
    splats = read_ply(save(tmp_path / "a.ply", rows))
    assert splats.valid.all()
    np.testing.assert_allclose(splats.gaussians.opacities, [0.5, 0, 0.5], rtol=1e-4)


@ENCODINGS
@pytest.mark.parametrize(("type_", "full"), [("u1", 255), ("u2", 65535), ("i4", 255), ("f4", 1)])
def test_colors_as_red_green_blue(folder, encoding, type_, full):
    names = [*USUAL[:6], *RGB, *USUAL[9:]]
    rows = table(300, names, dict.fromkeys(RGB, type_))
    for name in RGB:
        rows[name] = np.linspace(0, full, 300)
    scene = load_scene(save(folder / "a.ply", rows, **encoding))
    sh0 = scene.to_file(scene.gaussians.sh0)[:, 0, 1]
    np.testing.assert_allclose(0.5 + SH_C0 * sh0, rows["green"] / full, atol=1e-6)
    assert scene.gaussians.sh_degree == 0
    (note,) = scene.notes
    assert "red, green and blue" in note
    assert not set(RGB) & set(read_ply(folder / "a.ply").extras)


def test_fractions_beyond_1_are_no_colors(tmp_path):
    rows = table(9, [*USUAL[:6], *RGB, *USUAL[9:]])
    for name in RGB:
        rows[name] = 200
    with pytest.raises(EngineError, match="its red goes from 200 to 200"):
        read_ply(save(tmp_path / "a.ply", rows))


def test_other_columns_are_kept_and_told(tmp_path):
    names = [*USUAL, "red", "state", "ludvig_pot", "motion_0", "motion_1", "trbf_center"]
    splats = read_ply(save(tmp_path / "a.ply", table(9, names, {"red": "u1", "state": "u1"})))
    (note,) = splats.notes
    assert "3 properties that 3DGS does not know" in note and "motion_0" in note
    assert set(splats.extras) == {*names} - {*USUAL} | {"nx", "ny", "nz"}
    assert read_ply(save(tmp_path / "a.ply", table(9, USUAL))).notes == ()


def test_anchors_of_scaffold_gs_are_named(tmp_path):
    names = [*USUAL[:6], "f_offset_0", "f_anchor_feat_0", *USUAL[9:]]
    with pytest.raises(EngineError, match="anchors of Scaffold-GS"):
        read_ply(save(tmp_path / "a.ply", table(9, names)))


@pytest.mark.parametrize("name", ["f_dc_1", "opacity", "scale_0", "rot_3"])
@pytest.mark.parametrize("kind", ["u1", "i2"])
def test_codes_of_compressed_splats_are_no_values(tmp_path, name, kind):
    with pytest.raises(EngineError, match=f"its {name} is of whole numbers"):
        read_ply(save(tmp_path / "a.ply", table(9, USUAL, {name: kind})))


def test_negative_colors_are_refused(tmp_path):
    rows = table(9, [*USUAL[:6], *RGB, *USUAL[9:]])
    for name in RGB:
        rows[name] = -1
    with pytest.raises(EngineError, match="its red goes from -1 to -1"):
        read_ply(save(tmp_path / "a.ply", rows))
