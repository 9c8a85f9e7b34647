import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.antimatter import read_splat
from ludvig_engine.io.quantized import SH_C0


def encode(gaussians):
    """The 32 bytes of each splat, as the format's viewer describes them."""
    rgba = np.column_stack([0.5 + SH_C0 * gaussians.sh0[:, 0], gaussians.opacities])
    parts = [gaussians.means.astype("<f4"), gaussians.scales.astype("<f4")]
    parts += [np.clip(np.round(rgba * 255), 0, 255).astype("u1")]
    parts += [np.clip(np.round(gaussians.quats * 128 + 128), 0, 255).astype("u1")]
    return np.concatenate(
        [np.ascontiguousarray(part).view("u1").reshape(len(gaussians), -1) for part in parts], 1
    )


def test_round_trip(folder, make_gaussians):
    gaussians = make_gaussians(500, 0)
    gaussians.sh0[:] = np.clip(gaussians.sh0, -1.7, 1.7)
    (folder / "a.splat").write_bytes(encode(gaussians).tobytes())
    splats = read_splat(folder / "a.splat")
    got = splats.gaussians
    assert splats.valid.all() and got.sh_degree == 0
    np.testing.assert_array_equal(got.means, gaussians.means)
    np.testing.assert_array_equal(got.scales, gaussians.scales)
    np.testing.assert_allclose(got.opacities, gaussians.opacities, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(got.sh0, gaussians.sh0, atol=0.5 / 255 / SH_C0 + 1e-6)
    np.testing.assert_allclose(got.quats, gaussians.quats, atol=0.02)
    np.testing.assert_allclose(np.linalg.norm(got.quats, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("size", [0, 31, 33, 100])
def test_files_cut_short(tmp_path, size):
    (tmp_path / "a.splat").write_bytes(bytes(size))
    with pytest.raises(EngineError, match=f"a.splat has {size} bytes") as caught:
        read_splat(tmp_path / "a.splat")
    assert caught.value.kind == "bad_file"


def test_zero_quaternions_are_invalid(tmp_path, make_gaussians):
    rows = encode(make_gaussians(3, 0))
    rows[1, 28:] = 128
    (tmp_path / "a.splat").write_bytes(rows.tobytes())
    np.testing.assert_array_equal(read_splat(tmp_path / "a.splat").valid, [True, False, True])


def test_real_files(data):
    plant = read_splat(data / "plant/plant.splat")
    assert len(plant.gaussians) == 113_648 and plant.valid.all()
    minimal = read_splat(data / "formats/splat-transform_fixtures/minimal.splat").gaussians
    np.testing.assert_array_equal(minimal.means, [[-1, 0, -1], [0, 0, -1], [-1, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(minimal.scales, 0.1)
