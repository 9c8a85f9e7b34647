"""Only changed parts get a new version, and the packed numbers are those of the splats."""

from dataclasses import replace

import numpy as np
import pytest

from clouds import gaussians
from extension import blender_module

cloud = blender_module("ludvig_blender.viewport.cloud")
transform = blender_module("ludvig_blender.maths.transform")


def snapshot(n=30, seed=0, **options):
    g = gaussians(n, seed=seed)
    base = np.concatenate([g.sh0[:, 0], g.opacities[:, None]], axis=1)
    return cloud.Snapshot(g.means, g.scales, g.quats, base, np.zeros(n, bool), None, **options)


def versions(packed):
    return packed.geometry_version, packed.color_version, packed.state_version


def test_packed_as_the_shader_reads():
    made = snapshot()
    packed = cloud.update(None, made)
    np.testing.assert_array_equal(
        packed.texels[:, 0], np.column_stack([made.means, made.base[:, 3]])
    )
    axes = transform.rotations(made.quats) * made.scales[:, None, :]
    full = axes @ axes.transpose(0, 2, 1)
    upper = full[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    np.testing.assert_allclose(packed.texels.reshape(-1, 12)[:, 4:10], upper, rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(packed.texels[:, 2, 2:], 0)


def test_state():
    made = replace(
        snapshot(4), selected=np.array([0, 1, 0, 1], bool), hidden=np.array([0, 0, 1, 1], bool)
    )
    np.testing.assert_array_equal(cloud.pack_state(made), [0, 1, 2, 3])
    np.testing.assert_array_equal(cloud.pack_state(replace(made, selected=None, hidden=None)), 1)


def test_the_same_again_costs_no_upload():
    packed = cloud.update(None, snapshot()).with_bands([np.zeros((30, 3), np.float32)] * 3)
    again = cloud.update(packed, snapshot())
    assert versions(again) == versions(packed)
    assert again.texels is packed.texels
    assert len(again.bands) == 3


@pytest.mark.parametrize(
    ("change", "renewed"),
    [
        ({"selected": np.ones(30, bool)}, (False, False, True)),
        ({"hidden": np.ones(30, bool)}, (False, False, True)),
        ({"values": np.ones(30, np.float32), "source": ("SCORE", "a")}, (False, True, False)),
        ({"means": np.ones((30, 3), np.float32)}, (True, False, False)),
        ({"scales": np.ones((30, 3), np.float32)}, (True, False, False)),
        ({"base": np.ones((30, 4), np.float32)}, (True, True, False)),
    ],
    ids=["selected", "hidden", "values", "means", "scales", "base"],
)
def test_only_what_changed_is_renewed(change, renewed):
    packed = cloud.update(None, snapshot()).with_bands([np.zeros((30, 3), np.float32)] * 3)
    again = cloud.update(packed, replace(snapshot(), **change))
    assert tuple(a != b for a, b in zip(versions(again), versions(packed), strict=True)) == renewed
    np.testing.assert_array_equal(again.texels, cloud.pack(again.snapshot))
    assert len(again.bands) == (0 if "base" in change else 3)


def test_fewer_splats_are_all_new():
    packed = cloud.update(None, snapshot(30))
    again = cloud.update(packed, snapshot(20))
    assert not set(versions(again)) & set(versions(packed))
    assert again.texels.shape == (20, 3, 4)
