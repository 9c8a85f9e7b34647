"""CPU or GPU? Both compute the same view, once per machine; the cache keeps how long they took."""

from __future__ import annotations

import functools
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..cache.store import Cache, default_folder, key
from ..errors import EngineError
from ..machine.device import asked, gpu, import_torch, works
from ..machine.nvrtc import Kernels
from ..machine.sparse import add_product
from ..progress import SILENT, Job, cpu_count
from ..scene import Camera, Gaussians
from ..stages import TRY_GPU
from .cpu import fold
from .gpu import Gpu
from .gpu_view import SOURCE
from .sights import Sight

# The trial is a small scene, in which the GPU gains least: a twentieth of a usual one.
COUNT = 100_000
WIDTH, HEIGHT = 640, 448
GRID, CHANNELS = (32, 46), 40
# Both round differently, by 3e-7 on the machines we saw. Beyond this the GPU is not trusted.
AGREES = 1e-3
REPEATS = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """Seconds of one view on the CPU and on the GPU, and the relative difference of the results."""

    cpu: float
    gpu: float
    difference: float

    @property
    def won(self) -> bool:
        """Whether the GPU is faster, and computes the same."""
        return self.difference <= AGREES and self.gpu < self.cpu


def chosen(job: Job = SILENT) -> Gpu | None:
    """The GPU if there is one, it works, and it is faster than the CPU; else None.

    `LUDVIG_DEVICE`=cuda skips the comparison, cpu the GPU. The first call on a machine took 15
    seconds, nearly all of it for compiling the CPU's code; a job that is cancelled meanwhile does
    not wait for it. Raises `Cancelled`.
    """
    if decided.cache_info().currsize:
        return decided()
    if job.aside(gpu):
        job.report(TRY_GPU, 0, 1)
    return job.aside(decided)


@functools.cache
def decided() -> Gpu | None:
    """What `chosen` says, found out once per process."""
    if not gpu() and asked() != "cuda":
        return None
    try:
        found = load()
        if asked() == "cuda":
            return found
        trial = kept(found)
    except (EngineError, RuntimeError) as error:  # torch's and the driver's are RuntimeErrors
        log.warning("Rasterizing on the CPU. %s", error)
        return None
    if trial.difference > AGREES:
        log.warning(
            "Rasterizing on the CPU: the GPU's results differ from the CPU's by %.2g, and %g is "
            "allowed. Please report this with the names of the GPU and its driver.",
            *(trial.difference, AGREES),
        )
    else:
        log.info("A view takes %.0f ms here, %.0f ms on the GPU.", 1e3 * trial.cpu, 1e3 * trial.gpu)
    return found if trial.won else None


def load() -> Gpu:
    """The GPU, with its kernels compiled, which takes half a second.

    Raises `EngineError` "no_gpu" or "missing_package", with what to do.
    """
    torch = import_torch()
    if not works("cuda"):
        raise EngineError(
            "no_gpu",
            f"torch {torch.__version__} finds no NVIDIA GPU that works.",
            ["Use the CPU.", "Install the build of torch for your GPU and a current driver."],
        )
    return Gpu(Kernels(SOURCE.read_text("utf-8")))


def kept(found: Gpu) -> Trial:
    """The trial of this machine, made if it is not in the cache."""
    torch = import_torch()
    machine = [torch.cuda.get_device_name(), torch.__version__, cpu_count()]
    name = key("gpu trial", 1, machine, hashlib.sha256(SOURCE.read_bytes()).hexdigest())
    arrays = Cache(default_folder()).get_or(name, lambda: _arrays(tried(found)), about="GPU or CPU")
    return Trial(*map(float, arrays["trial"]))


def tried(found: Gpu) -> Trial:
    """Measure. The first round compiles, and is not counted."""
    gaussians, camera, feature_map = _view()

    def on_cpu() -> Float[Array, "N D"]:
        sums = np.zeros((COUNT, CHANNELS), np.float32)
        add_product(fold(gaussians, camera, GRID), feature_map.reshape(CHANNELS, -1).T, sums)
        return sums

    def on_gpu() -> Float[Array, "N D"]:
        return found.lift(gaussians, [Sight(camera, feature_map)]).features

    expected, got = on_cpu(), on_gpu()
    difference = np.abs(got - expected).sum() / max(float(expected.sum()), 1e-9)
    return Trial(_seconds(on_cpu), _seconds(on_gpu), float(difference))


def _view() -> tuple[Gaussians, Camera, Float[Array, "D h w"]]:
    """A box full of Gaussians before a camera, each about four pixels wide."""
    rng = np.random.default_rng(0)
    means = rng.uniform((-2.2, -1.5, 2), (2.2, 1.5, 6), (COUNT, 3)).astype(np.float32)
    quats = rng.normal(size=(COUNT, 4)).astype(np.float32)
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    scales = rng.uniform(0.004, 0.03, (COUNT, 3)).astype(np.float32)
    opacities = rng.uniform(0.05, 1, COUNT).astype(np.float32)
    black = np.zeros((COUNT, 1, 3), np.float32)
    gaussians = Gaussians(means, quats, scales, opacities, black, black[:, :0])
    K = np.array([[600.0, 0, WIDTH / 2], [0, 600.0, HEIGHT / 2], [0, 0, 1]])
    return gaussians, Camera(np.eye(4), K, WIDTH, HEIGHT), rng.random((CHANNELS, *GRID), np.float32)


def _seconds(function: Callable[[], object]) -> float:
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found)


def _arrays(trial: Trial) -> dict[str, Array]:
    return {"trial": np.array([trial.cpu, trial.gpu, trial.difference], np.float64)}
