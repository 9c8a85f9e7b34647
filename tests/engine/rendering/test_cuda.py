"""The GPU back end: with a stand-in for gsplat everywhere, with gsplat where there is a GPU."""

from __future__ import annotations

import inspect
import logging
import sys
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ludvig_engine.errors import Cancelled, EngineError  # noqa: E402
from ludvig_engine.progress import Job  # noqa: E402
from ludvig_engine.rendering import cpu, cuda  # noqa: E402
from ludvig_engine.rendering.cuda import CHANNELS, Gsplat, clamp_of  # noqa: E402
from ludvig_engine.scene.raster import Raster  # noqa: E402
from ludvig_engine.uplifting import Sight, uplift  # noqa: E402
from scenes import joined, look_at, random_gaussians, single  # noqa: E402
from torch_rasterization import rasterization, rasterization_1_5, rasterization_1_6  # noqa: E402

CAMERA = look_at((3, 0.5, 0.8))
GAUSSIANS = random_gaussians(300, 2)
RNG = np.random.default_rng(0)
BACK_ENDS = [Gsplat(rasterization_1_5, "cpu", 0.999), Gsplat(rasterization_1_6, "cpu", 0.99)]
ON_GPU = pytest.param("gpu", marks=pytest.mark.gpu)


@pytest.fixture(params=["1.5", "1.6", ON_GPU])
def back_end(request):
    if request.param != "gpu":
        return BACK_ENDS[request.param == "1.6"]
    try:
        return cuda.load()
    except EngineError as error:
        pytest.skip(f"gsplat itself is NOT tested: {error}")


def close(got, expected):
    """Equal up to float32 and the few fragments at the edge of a threshold."""
    assert got.shape == expected.shape and got.dtype == np.float32
    assert np.abs(got - expected).sum() <= 2e-4 * np.abs(expected).sum()
    assert np.abs(got - expected).max() <= 0.02 * np.abs(expected).max()


@pytest.mark.parametrize("channels", [1, 3, CHANNELS - 1, CHANNELS, CHANNELS + 1, 2 * CHANNELS + 5])
def test_adjoint_is_the_cpu_s(back_end, channels):
    image = RNG.random((channels, CAMERA.height, CAMERA.width)).astype(np.float32)
    valid = RNG.random((CAMERA.height, CAMERA.width)) > 0.3
    raster = Raster(alpha_clamp=back_end.alpha_clamp)
    for mask in (None, valid):
        got = back_end.adjoint(GAUSSIANS, CAMERA, image, valid=mask, raster=raster)
        expected = cpu.adjoint(GAUSSIANS, CAMERA, image, valid=mask, raster=raster)
        for one, other in zip(got, expected, strict=True):
            close(one, other)


@pytest.mark.parametrize("channels", [1, 40])
def test_render_is_the_cpu_s(back_end, channels):
    values = RNG.random((len(GAUSSIANS), channels)).astype(np.float32)
    raster = Raster(alpha_clamp=back_end.alpha_clamp)
    got = back_end.render(GAUSSIANS, CAMERA, values, raster=raster)
    for one, other in zip(got, cpu.render(GAUSSIANS, CAMERA, values, raster=raster), strict=True):
        close(one, other)


def test_maps_of_any_resolution_are_the_cpu_s_fold(back_end):
    feature_map = RNG.random((35, 6, 9)).astype(np.float32)
    raster = Raster(alpha_clamp=back_end.alpha_clamp)
    sums, totals = back_end.lift(GAUSSIANS, CAMERA, feature_map, raster=raster)
    folded = cpu.fold(GAUSSIANS, CAMERA, (6, 9), raster=raster)
    close(sums, folded @ feature_map.reshape(35, -1).T)
    close(totals, np.asarray(folded.sum(1), np.float32)[:, 0])


@pytest.mark.parametrize(
    "setting", [{"antialiased": True}, {"antialiased": True, "blur": 0.1}, {"cull": 0.1}], ids=str
)
def test_what_a_scene_was_trained_with_is_passed_on(back_end, setting, monkeypatch):
    """Uplifting uses gsplat with it, and finds what the CPU finds."""
    small, large = random_gaussians(150, 9, scale=0.02), random_gaussians(150, 10, scale=0.3)
    gaussians, camera = joined(small, large), look_at((3, 0.5, 0.8), focal=90)
    raster = Raster(alpha_clamp=back_end.alpha_clamp, **setting)
    monkeypatch.setattr(cuda, "find_gsplat", lambda: back_end)
    assert cuda.usable(Raster(**setting)) is back_end
    image = RNG.random((3, camera.height, camera.width)).astype(np.float32)
    found = back_end.adjoint(gaussians, camera, image, raster=raster)
    expected = cpu.adjoint(gaussians, camera, image, raster=raster)
    for one, other in zip(found, expected, strict=True):
        close(one, other)
    usual = cpu.adjoint(gaussians, camera, image)[1]
    assert np.abs(usual - expected[1]).sum() > 0.002 * usual.sum()


def test_adjoint_law(back_end):
    values = RNG.normal(size=(len(GAUSSIANS), 3)).astype(np.float32)
    image = RNG.normal(size=(3, CAMERA.height, CAMERA.width)).astype(np.float32)
    left = float((back_end.render(GAUSSIANS, CAMERA, values)[0].astype(float) * image).sum())
    right = float((back_end.adjoint(GAUSSIANS, CAMERA, image)[0].astype(float) * values).sum())
    assert left == pytest.approx(right, rel=1e-4)


def test_the_clamps_differ():
    opaque = single((0, 0, 0), 1.0)
    alphas = [
        back_end.render(opaque, CAMERA, np.ones((1, 1), np.float32))[1].max()
        for back_end in BACK_ENDS
    ]
    assert alphas == pytest.approx([0.999, 0.99])
    assert (clamp_of("1.5.3"), clamp_of("1.6.0"), clamp_of("2.0.1")) == (0.999, 0.99, 0.99)


def test_uplift_uses_it_where_it_is_usable(monkeypatch):
    sights = [
        Sight(camera, RNG.random((5, 6, 9)).astype(np.float32))
        for camera in (CAMERA, look_at((0, 3, 0.8)))
    ]
    expected = uplift(GAUSSIANS, sights)
    calls = []

    def counted(*arguments, **options):
        calls.append(1)
        return rasterization_1_6(*arguments, **options)

    monkeypatch.setattr(cuda, "find_gsplat", lambda: Gsplat(counted, "cpu", 0.99))
    got = uplift(GAUSSIANS, sights)
    assert len(calls) == len(sights)
    close(got.features, expected.features)
    close(got.weights, expected.weights)
    uplift(GAUSSIANS, sights, raster=Raster(min_alpha=1 / 100))
    assert len(calls) == len(sights), "what gsplat cannot be asked for stays on the CPU"


def test_cancelling():
    class Stop(Job):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        BACK_ENDS[0].adjoint(
            GAUSSIANS, CAMERA, np.ones((1, CAMERA.height, CAMERA.width), np.float32), job=Stop()
        )


@pytest.fixture
def fresh(monkeypatch):
    cuda.find_gsplat.cache_clear()
    monkeypatch.delenv("LUDVIG_DEVICE", raising=False)
    monkeypatch.setattr(cuda, "find_spec", lambda name: True)
    yield monkeypatch
    cuda.find_gsplat.cache_clear()


def test_without_a_gpu_the_cpu_is_used_and_it_says_so(fresh, caplog):
    fresh.setattr(torch.cuda, "is_available", lambda: False)
    assert cuda.usable() is None and cuda.usable() is None
    assert len(caplog.records) == 1, "said once"
    assert "Rasterizing on the CPU" in caplog.text and "finds no NVIDIA GPU" in caplog.text


@pytest.mark.parametrize(
    "failure",
    [
        AttributeError("'NoneType' object has no attribute 'CameraModelType'"),  # no nvcc
        ImportError("gsplat_cuda.so: cannot open shared object file"),  # torch without CUDA
        RuntimeError("Error building extension 'gsplat_cuda'"),
    ],
)
def test_an_unbuilt_gsplat_is_reported_with_its_fix(fresh, caplog, failure):
    def broken(*_, **__):
        raise failure

    fake = ModuleType("gsplat")
    fake.rasterization = broken
    fresh.setitem(sys.modules, "gsplat", fake)
    fresh.setattr(torch.cuda, "is_available", lambda: True)
    fresh.setattr(cuda, "version", lambda name: "1.5.3")
    fresh.setattr(cuda, "Gsplat", lambda function, device, clamp: Gsplat(function, "cpu", clamp))
    assert cuda.usable() is None
    assert (
        str(failure) in caplog.text
        and "docs.gsplat.studio/whl" in caplog.text
        and "LUDVIG_DEVICE=cpu" in caplog.text
    )


def test_a_missing_gsplat_is_reported_beside_a_gpu_and_not_missed_elsewhere(fresh, caplog):
    fresh.setattr(cuda, "find_spec", lambda name: None)
    fresh.setattr(cuda.programs, "find", lambda name: None)
    assert cuda.find_gsplat() is None and not caplog.records
    cuda.find_gsplat.cache_clear()
    fresh.setattr(cuda.programs, "find", lambda name: "/usr/bin/nvidia-smi")
    fresh.setattr(torch.cuda, "is_available", lambda: True)
    fresh.setitem(sys.modules, "gsplat", None)
    assert cuda.find_gsplat() is None
    assert "gsplat is not installed or not built" in caplog.text


def test_a_working_gsplat_is_found(fresh, caplog):
    fake = ModuleType("gsplat")
    fake.rasterization = rasterization_1_5
    fresh.setitem(sys.modules, "gsplat", fake)
    fresh.setattr(torch.cuda, "is_available", lambda: True)
    fresh.setattr(cuda, "version", lambda name: "1.5.3")
    fresh.setattr(cuda, "Gsplat", lambda function, device, clamp: Gsplat(function, "cpu", clamp))
    with caplog.at_level(logging.INFO):
        assert cuda.usable().alpha_clamp == 0.999
    assert "Rasterizing on the GPU with gsplat" in caplog.text
    cuda.find_gsplat.cache_clear()
    fresh.setenv("LUDVIG_DEVICE", "cpu")
    assert cuda.usable() is None


@pytest.mark.gpu
def test_the_stand_in_has_gsplat_s_signature():
    gsplat = pytest.importorskip("gsplat")
    real = list(inspect.signature(gsplat.rasterization).parameters)
    ours = list(inspect.signature(rasterization).parameters)
    assert ours[:12] == real[:12] and {"packed", "channel_chunk", "eps2d"} <= set(real)
