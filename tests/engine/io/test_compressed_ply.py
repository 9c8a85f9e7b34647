"""Files are packed here by the format's description, word by word."""

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from ludvig_engine.errors import EngineError
from ludvig_engine.io.compressed_ply import read_compressed_ply
from ludvig_engine.io.ply import read_ply
from ludvig_engine.io.quantized import SH_C0

AXES = ["x", "y", "z", "scale_x", "scale_y", "scale_z", "r", "g", "b"]


def pack(values, bits):
    """Values 0..1 in fields of a 32-bit word, highest first."""
    words = np.zeros(len(values), np.uint64)
    for value, n in zip(values.T, bits, strict=True):
        words = (words << np.uint64(n)) | np.round(value * (2**n - 1)).astype(np.uint64)
    return words.astype(np.uint32)


def save(path, gaussians, color_range=True):
    n = len(gaussians)
    rows = np.arange(n) // 256
    columns = np.column_stack(
        [gaussians.means, np.log(gaussians.scales), 0.5 + SH_C0 * gaussians.sh0[:, 0]]
    )
    low = np.array([columns[rows == c].min(0) for c in range(rows[-1] + 1)])
    high = np.array([columns[rows == c].max(0) for c in range(rows[-1] + 1)])
    if not color_range:
        low[:, 6:], high[:, 6:] = 0, 1
    unit = (columns - low[rows]) / (high - low)[rows]
    count = 9 if color_range else 6
    chunk = np.empty(
        len(low), [(f"{end}_{axis}", "f4") for axis in AXES[:count] for end in ("min", "max")]
    )
    for i, axis in enumerate(AXES[:count]):
        chunk[f"min_{axis}"], chunk[f"max_{axis}"] = low[:, i], high[:, i]
    vertex = np.empty(
        n, [(f"packed_{name}", "u4") for name in ("position", "rotation", "scale", "color")]
    )
    vertex["packed_position"] = pack(unit[:, :3], (11, 10, 11))
    vertex["packed_scale"] = pack(unit[:, 3:6], (11, 10, 11))
    vertex["packed_color"] = pack(np.column_stack([unit[:, 6:], gaussians.opacities]), (8, 8, 8, 8))
    largest = np.abs(gaussians.quats).argmax(1)
    signs = np.sign(gaussians.quats[np.arange(n), largest])[:, None]
    three = np.stack(
        [np.delete(q, i) for q, i in zip(gaussians.quats * signs, largest, strict=True)]
    )
    vertex["packed_rotation"] = pack(
        np.column_stack([largest / 3, three / np.sqrt(2) + 0.5]), (2, 10, 10, 10)
    )
    elements = [PlyElement.describe(chunk, "chunk"), PlyElement.describe(vertex, "vertex")]
    if s := gaussians.shN.shape[1]:
        sh = np.empty(n, [(f"f_rest_{i}", "u1") for i in range(3 * s)])
        for c in range(3):
            for k in range(s):
                sh[f"f_rest_{c * s + k}"] = np.clip(
                    np.floor((gaussians.shN[:, k, c] / 8 + 0.5) * 256), 0, 255
                )
        elements.append(PlyElement.describe(sh, "sh"))
    PlyData(elements, byte_order="<").write(str(path))
    return (high - low)[rows]


@pytest.mark.parametrize("degree", [0, 1, 3])
@pytest.mark.parametrize("color_range", [True, False])
def test_round_trip(folder, make_gaussians, degree, color_range):
    gaussians = make_gaussians(1000, degree)  # four chunks, the last one not full
    gaussians.sh0[:] = np.clip(gaussians.sh0, -1.7, 1.7)
    spans = save(folder / "a.ply", gaussians, color_range)
    splats = read_compressed_ply(folder / "a.ply")
    got = splats.gaussians
    assert splats.valid.all() and got.sh_degree == degree
    steps = np.array([2047, 1023, 2047])
    assert (np.abs(got.means - gaussians.means) <= spans[:, :3] / steps * 0.51).all()
    assert (np.abs(np.log(got.scales / gaussians.scales)) <= spans[:, 3:6] / steps * 0.51).all()
    assert (np.abs(got.sh0 - gaussians.sh0)[:, 0] <= spans[:, 6:] / SH_C0 / 255 * 0.51).all()
    np.testing.assert_allclose(got.opacities, gaussians.opacities, atol=0.51 / 255)
    assert np.abs((got.quats * gaussians.quats).sum(1)).min() > 1 - 1e-5
    # The ends of the range are clipped.
    np.testing.assert_allclose(got.shN, np.clip(gaussians.shN, -4, 4), atol=1 / 32)


def test_extreme_harmonics_reach_the_ends(tmp_path, make_gaussians):
    gaussians = make_gaussians(10, 1)
    gaussians.shN[:] = np.array([-5, 0, 5]).reshape(1, 3, 1)
    save(tmp_path / "a.ply", gaussians)
    np.testing.assert_array_equal(
        read_compressed_ply(tmp_path / "a.ply").gaussians.shN[3, :, 0], [-4, 1 / 64, 4]
    )


def test_damaged_files_are_explained(tmp_path, make_gaussians):
    save(tmp_path / "a.ply", make_gaussians(300, 1))
    whole = (tmp_path / "a.ply").read_bytes()
    for length in range(0, len(whole), 211):
        (tmp_path / "b.ply").write_bytes(whole[:length])
        with pytest.raises(EngineError) as caught:
            read_compressed_ply(tmp_path / "b.ply")
        assert caught.value.kind == "bad_file"

    def refused(match, old, new):
        (tmp_path / "b.ply").write_bytes(whole.replace(old, new))
        with pytest.raises(EngineError, match=match):
            read_compressed_ply(tmp_path / "b.ply")

    refused("no property packed_color", b"packed_color", b"packed_shade")
    refused("no property max_y", b"max_y", b"MAX_Y")
    refused("chunks do not make 300", b"element chunk 2", b"element chunk 1")
    refused("no property max_g", b"max_g", b"MAX_G")
    refused("no property min_r", b"min_r", b"MIN_R")
    refused("not integers of 4 bytes", b"uint packed_scale", b"float packed_scale")
    refused("harmonics are not", b"property uchar f_rest_3", b"property char f_rest_3")
    refused("no property f_rest_3", b"property uchar f_rest_3", b"property uchar f_rest_9")
    refused("no chunk element", b"element chunk", b"element CHUNK")
    with pytest.raises(EngineError, match="compressed PLY"):
        read_ply(tmp_path / "a.ply")
