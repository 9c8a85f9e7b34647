"""The GPU back end computes what the CPU does. Its kernels run as C++ here, and on a GPU if any."""

from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from host_kernels import host_gpu  # noqa: E402
from ludvig_engine.errors import Cancelled, EngineError  # noqa: E402
from ludvig_engine.progress import Job  # noqa: E402
from ludvig_engine.rendering import choice, cpu, cpu_lift, gpu, resident  # noqa: E402
from ludvig_engine.rendering.sights import Sight  # noqa: E402
from ludvig_engine.rendering.tiles import SIDE, corners, foldable, tiles  # noqa: E402
from ludvig_engine.scene.raster import Raster  # noqa: E402
from scenes import joined, look_at, random_gaussians, single  # noqa: E402

CAMERA = look_at((3, 0.5, 0.8), size=(133, 97), focal=100)
GAUSSIANS = joined(random_gaussians(300, 2), random_gaussians(60, 10, scale=0.3))
RNG = np.random.default_rng(0)
VALID = RNG.random((97, 133)) > 0.3
PATCH = np.zeros((97, 133), bool)
PATCH[40:50, 60:70] = True
# Cells that are folded, cells that are too small for that, and full resolution.
GRIDS = [(6, 9), (12, 16), (4, 5), (1, 1), (30, 40), (97, 133), (200, 3)]
SETTINGS = [
    {},
    {"blur": 0.1, "antialiased": True},
    {"cull": 0.1, "margin": 0.1},
    {"alpha_clamp": 0.999, "near": 2.5},
    {"min_alpha": 1 / 50, "stop": 0.1},
]


@pytest.fixture(params=["as C++", pytest.param("on the GPU", marks=pytest.mark.gpu)])
def back_end(request):
    if request.param == "as C++":
        return host_gpu()
    try:
        return choice.load()
    except EngineError as error:
        pytest.skip(f"the GPU itself is NOT tested: {error}")


def close(got, expected):
    """Equal up to float32 and the few fragments at the edge of a threshold."""
    assert got.shape == expected.shape and got.dtype == np.float32
    assert np.abs(got - expected).sum() <= 2e-5 * np.abs(expected).sum()
    assert np.abs(got - expected).max() <= 0.02 * np.abs(expected).max(initial=0)


def sights(D, grid, valid=None, views=1):
    cameras = [CAMERA, look_at((0, 3, 0.8), size=(133, 97), focal=70)][:views]
    return [Sight(camera, RNG.random((D, *grid), np.float32), valid) for camera in cameras]


def compare(back_end, some, raster=None):
    raster = raster or Raster()
    got = back_end.lift(GAUSSIANS, some, raster=raster)
    expected = cpu_lift.lift(GAUSSIANS, some, raster=raster)
    for name in ("features", "weights", "squares"):
        close(getattr(got, name), getattr(expected, name))


@pytest.mark.parametrize("valid", [None, VALID, PATCH], ids=["all", "valid", "patch"])
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_lifting(back_end, grid, valid):
    compare(back_end, sights(5, grid, valid))


@pytest.mark.parametrize("channels", [1, 15, 16, 40, 130])
@pytest.mark.parametrize("grid", [(7, 9), (33, 45)], ids=str)
def test_any_number_of_channels_and_views(back_end, grid, channels):
    compare(back_end, sights(channels, grid, VALID, views=2))


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_what_a_scene_was_trained_with(back_end, setting):
    raster = Raster(**setting)
    compare(back_end, sights(3, (7, 9)), raster)
    values = RNG.random((len(GAUSSIANS), 20), np.float32)
    got = back_end.render(GAUSSIANS, CAMERA, values, raster=raster)
    for one, other in zip(got, cpu.render(GAUSSIANS, CAMERA, values, raster=raster), strict=True):
        close(one, other)


@pytest.mark.parametrize("valid", [None, VALID, PATCH, PATCH & False], ids=str)
@pytest.mark.parametrize("channels", [1, 3, 20])
def test_adjoint(back_end, channels, valid):
    image = RNG.random((channels, 97, 133), np.float32)
    got = back_end.adjoint(GAUSSIANS, CAMERA, image, valid=valid)
    for one, other in zip(got, cpu.adjoint(GAUSSIANS, CAMERA, image, valid=valid), strict=True):
        close(one, other)


@pytest.mark.parametrize("grid", [(7, 9), (97, 133)], ids=str)
def test_residuals(back_end, grid):
    some, values = sights(20, grid, VALID, views=2), RNG.random((len(GAUSSIANS), 20), np.float32)
    close(back_end.residual(GAUSSIANS, some, values), cpu_lift.residual(GAUSSIANS, some, values))


def test_adjoint_law(back_end):
    values = RNG.normal(size=(len(GAUSSIANS), 3)).astype(np.float32)
    image = RNG.normal(size=(3, 97, 133)).astype(np.float32)
    left = float((back_end.render(GAUSSIANS, CAMERA, values)[0].astype(float) * image).sum())
    right = float((back_end.adjoint(GAUSSIANS, CAMERA, image)[0].astype(float) * values).sum())
    assert left == pytest.approx(right, rel=1e-4)


@pytest.mark.parametrize(
    "gaussians",
    [GAUSSIANS.take(slice(0, 0)), single((9, 0, 0), 0.5), single((0, 0, 0), 0.003)],
    ids=["none", "behind", "transparent"],
)
def test_nothing_to_see(back_end, gaussians):
    found = back_end.lift(gaussians, sights(3, (7, 9)))
    image, opaque = back_end.render(gaussians, CAMERA, np.ones((len(gaussians), 2), np.float32))
    assert found.features.shape == (len(gaussians), 3)
    assert not any(a.any() for a in (found.features, found.weights, image, opaque))


def test_pixels_that_nothing_covers_stay_black(back_end):
    small = single((0, 0, 0), 0.9, 0.05)
    got = back_end.render(small, CAMERA, np.ones((1, 17), np.float32))
    for one, other in zip(
        got, cpu.render(small, CAMERA, np.ones((1, 17), np.float32)), strict=True
    ):
        close(one, other)
        assert (one == 0).mean() > 0.9


def test_results_are_the_same_bits_every_time(back_end):
    some = sights(40, (7, 9), views=2)
    one, other = (back_end.lift(GAUSSIANS, some) for _ in range(2))
    np.testing.assert_array_equal(one.features, other.features)


def test_a_map_of_another_size_is_refused(back_end):
    with pytest.raises(ValueError, match="camera of"):
        back_end.adjoint(GAUSSIANS, CAMERA, np.ones((1, 10, 10), np.float32))


def test_pixels_are_walked_once_for_any_number_of_channels():
    back_end = host_gpu()
    back_end.lift(GAUSSIANS, sights(384, (7, 9), views=2))
    assert back_end.launch.launched == 2 * ["project", "list_pairs", "weigh_4", "multiply"]


def test_sums_come_back_once(monkeypatch):
    back_end, fetched = host_gpu(), []
    monkeypatch.setattr(gpu, "fetched", lambda tensor: fetched.append(tensor) or tensor.numpy())
    back_end.lift(GAUSSIANS, sights(3, (7, 9)) * 5)
    back_end.residual(GAUSSIANS, sights(3, (7, 9)) * 5, np.ones((len(GAUSSIANS), 3), np.float32))
    assert len(fetched) == 4, "features, weights and squares; the residual"


def test_a_scene_stays_on_the_device_as_long_as_it_is_used():
    back_end, gaussians = host_gpu(), replace(GAUSSIANS)
    values = np.ones((len(gaussians), 1), np.float32)
    back_end.render(gaussians, CAMERA, values)
    first = back_end._kept._last
    back_end.render(gaussians, CAMERA, values)
    assert back_end._kept._last is first
    other = replace(gaussians, opacities=np.zeros_like(gaussians.opacities))
    assert not back_end.render(other, CAMERA, values)[0].any()
    assert back_end._kept._last is not first
    del other
    gc.collect()
    assert back_end._kept._last is None


def test_large_results_are_fetched_in_pieces(monkeypatch):
    monkeypatch.setattr(resident, "PIECE", 1000)
    tensor = torch.rand(37, 61, 3, device="cuda" if torch.cuda.is_available() else "cpu")
    np.testing.assert_array_equal(resident.fetched(tensor), tensor.cpu().numpy())


def test_cancelling(back_end):
    class Stop(Job):
        def cancelled(self):
            return True

    ones = np.ones((1, 97, 133), np.float32)
    values = np.ones((len(GAUSSIANS), 1), np.float32)
    for call in (
        lambda: back_end.lift(GAUSSIANS, sights(1, (7, 9)), job=Stop()),
        lambda: back_end.residual(GAUSSIANS, sights(1, (7, 9)), values, job=Stop()),
        lambda: back_end.adjoint(GAUSSIANS, CAMERA, ones, job=Stop()),
        lambda: back_end.render(GAUSSIANS, CAMERA, values, job=Stop()),
    ):
        with pytest.raises(Cancelled):
            call()


def test_running_out_of_memory(monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    back_end = replace(host_gpu(), launch=full)
    with pytest.raises(EngineError, match="does not fit") as caught:
        back_end.lift(GAUSSIANS, sights(3, (7, 9)))
    assert caught.value.kind == "out_of_memory"


@pytest.mark.parametrize("size", [(133, 97), (16, 16), (17, 1), (1000, 665)], ids=str)
@pytest.mark.parametrize("grid", [None, (6, 9), (1, 1), (47, 71)], ids=str)
def test_tiles(size, grid):
    """They are small, cover every pixel once, and lie between the same four cells."""
    camera = look_at((3, 0, 0), size=size)
    made = tiles(camera, grid)
    for edges, of_pixel, pixels in (
        (made.columns, made.of_column, size[0]),
        (made.rows, made.of_row, size[1]),
    ):
        assert edges[0] == 0 and edges[-1] == pixels
        assert (np.diff(edges) > 0).all() and np.diff(edges).max() <= SIDE
        np.testing.assert_array_equal(
            np.repeat(np.arange(len(edges) - 1), np.diff(edges)), of_pixel
        )
    if grid:
        around = corners(made, camera, grid)
        assert around.shape == (made.count, 4)
        assert around.min() >= 0 and around.max() < grid[0] * grid[1]
        assert foldable(camera, grid) == (size[1] >= 8 * grid[0] and size[0] >= 8 * grid[1])
