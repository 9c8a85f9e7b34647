"""The GPU back end, on gsplat's public `rasterization` (CUDA, Apache-2.0).

Rendering is linear in the colors, I = A c, so AᵀF is the gradient of ⟨I, F⟩ with respect to c. One
forward and one backward pass thus uplift any map, and a channel whose map is 1 everywhere gives Σ w
as well. No array has an entry for each pair of pixel and Gaussian.

Traps: channels go in chunks of 32, because 128 need more shared memory in the backward pass than
consumer GPUs have. One camera per call, because several would copy the colors. gsplat 1.5 clamps
alpha at 0.999, gsplat 1.6 and 3DGS at 0.99.
"""

from __future__ import annotations

import functools
import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..machine.device import fitting, import_torch
from ..outside import programs
from ..progress import SILENT, Job, chunks
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT, Raster
from .project import inside

WHAT = "The scene"
# Channels of a call, including the one of ones.
CHANNELS = 32
# The fields of a Raster that are arguments of gsplat, depend on its version, or are done here.
ADJUSTABLE = ("near", "blur", "alpha_clamp", "cull", "antialiased")
FIXES = [
    "Install a gsplat built for your torch (docs.gsplat.studio/whl), "
    "or the CUDA toolkit so that it can build itself.",
    "Set LUDVIG_DEVICE=cpu to stop trying; the CPU gives the same result, slower.",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gsplat:
    """The operations of `rendering.cpu`, computed on `device`, with `lift` in place of `fold`."""

    rasterization: Callable[..., Any]
    device: str
    alpha_clamp: float  # of this version of gsplat

    def render(
        self,
        gaussians: Gaussians,
        camera: Camera,
        values: Float[Array, "N C"],
        *,
        raster: Raster = GSPLAT,
        job: Job = SILENT,
    ) -> tuple[Float[Array, "C H W"], Float[Array, "H W"]]:
        """(Σ_i w_i(p) value_i, Σ_i w_i(p)), like `cpu.render`.

        Raises `EngineError` "out_of_memory".
        """
        view = _View(self, gaussians, camera, raster)
        image = np.empty((values.shape[1], camera.height, camera.width), np.float32)
        alpha = np.zeros((camera.height, camera.width), np.float32)
        with fitting(self.device, WHAT):
            for part in chunks(values.shape[1], CHANNELS):
                job.check()
                picture, opaque = view.picture(view.tensor(values[:, part]))
                image[part] = picture.permute(2, 0, 1).cpu().numpy()
                alpha = opaque[..., 0].cpu().numpy()
        return image, alpha

    def adjoint(
        self,
        gaussians: Gaussians,
        camera: Camera,
        image: Float[Array, "C H W"],
        *,
        valid: Bool[Array, "H W"] | None = None,
        raster: Raster = GSPLAT,
        job: Job = SILENT,
    ) -> tuple[Float[Array, "N C"], Float[Array, " N"]]:
        """(Σ_p w_i(p) F(p), Σ_p w_i(p)), like `cpu.adjoint`.

        Raises ValueError if `image` does not have the camera's size, and `EngineError`
        "out_of_memory".
        """
        if image.shape[1:] != (camera.height, camera.width):
            raise ValueError(
                f"map of {image.shape[1:]} pixels for a camera of {(camera.height, camera.width)}"
            )
        return self.lift(gaussians, camera, image, valid=valid, raster=raster, job=job)

    def lift(
        self,
        gaussians: Gaussians,
        camera: Camera,
        feature_map: Float[Array, "C h w"],
        *,
        valid: Bool[Array, "H W"] | None = None,
        raster: Raster = GSPLAT,
        job: Job = SILENT,
    ) -> tuple[Float[Array, "N C"], Float[Array, " N"]]:
        """The same for a map of any resolution, in chunks of channels.

        The map is brought to the image's resolution bilinearly (align_corners=False).
        """
        view = _View(self, gaussians, camera, raster)
        sums = np.empty((len(gaussians), len(feature_map)), np.float32)
        totals = np.empty(len(gaussians), np.float32)
        with fitting(self.device, WHAT):
            counted = view.ones(valid)
            for part in chunks(len(feature_map) + 1, CHANNELS):  # channel 0 is the one of ones
                job.check()
                features = slice(max(part.start - 1, 0), part.stop - 1)
                target = view.upsampled(feature_map[features]) * counted
                if part.start:
                    sums[:, features] = view.gradient(target)
                else:
                    both = view.gradient(import_torch().cat([counted, target]))
                    totals, sums[:, features] = both[:, 0], both[:, 1:]
        return sums, totals


class _View:
    """A scene and a camera on the device."""

    def __init__(
        self, back_end: Gsplat, gaussians: Gaussians, camera: Camera, raster: Raster
    ) -> None:
        self._back_end = back_end
        self._camera = camera
        self._raster = raster
        self._N = len(gaussians)
        # gsplat does not leave out what is beside the image; without opacity it has no weight.
        kept = inside(gaussians.means, camera, raster.cull)
        opacities = np.where(kept, gaussians.opacities, 0)
        shapes = gaussians.means, gaussians.quats, gaussians.scales, opacities
        self._shapes = [self.tensor(array) for array in shapes]
        self._pose = self.tensor(camera.viewmat)[None], self.tensor(camera.K)[None]

    def tensor(self, array: Array) -> Any:
        return import_torch().as_tensor(
            np.ascontiguousarray(array, np.float32), device=self._back_end.device
        )

    def ones(self, valid: Array | None) -> Any:
        """A (1, H, W) map: 1 at the pixels that count, else 0."""
        full = np.ones((self._camera.height, self._camera.width)) if valid is None else valid
        return self.tensor(full)[None]

    def upsampled(self, feature_map: Array) -> Any:
        functional = import_torch().nn.functional
        size = (self._camera.height, self._camera.width)
        if not len(feature_map):
            return self.tensor(np.zeros((0, *size)))
        return functional.interpolate(
            self.tensor(feature_map)[None], size, mode="bilinear", align_corners=False
        )[0]

    def picture(self, colours: Any) -> tuple[Any, Any]:
        """(H, W, C) over black, and (H, W, 1) alpha."""
        picture, alpha, _ = self._back_end.rasterization(
            *self._shapes,
            colours,
            *self._pose,
            self._camera.width,
            self._camera.height,
            near_plane=self._raster.near,
            eps2d=self._raster.blur,
            rasterize_mode="antialiased" if self._raster.antialiased else "classic",
            packed=False,
            channel_chunk=CHANNELS,
        )
        return picture[0], alpha[0]

    def gradient(self, target: Any) -> Float[Array, "N C"]:
        """Aᵀ of a (C, H, W) map."""
        torch = import_torch()
        colours = torch.zeros(
            self._N, len(target), device=self._back_end.device, requires_grad=True
        )
        picture, _ = self.picture(colours)
        (found,) = torch.autograd.grad(picture, colours, target.permute(1, 2, 0).contiguous())
        gradient: Array = found.cpu().numpy()
        return gradient


def usable(raster: Raster = GSPLAT) -> Gsplat | None:
    """The GPU back end if it runs here and can do `raster`, else None.

    If something can be fixed, the reason is logged, once.
    """
    back_end = find_gsplat()
    others = [f.name for f in fields(raster) if f.name not in ADJUSTABLE]
    return (
        back_end
        if back_end and all(getattr(raster, name) == getattr(GSPLAT, name) for name in others)
        else None
    )


@functools.cache
def find_gsplat() -> Gsplat | None:
    """Try gsplat with one Gaussian, once per process. `LUDVIG_DEVICE=cpu` prevents that."""
    if os.environ.get("LUDVIG_DEVICE") == "cpu" or not (
        find_spec("gsplat") or programs.find("nvidia-smi")
    ):
        return None
    try:
        back_end = load()
    except EngineError as error:
        log.warning("Rasterizing on the CPU. %s", error)
        return None
    log.info("Rasterizing on the GPU with gsplat (alpha clamped at %g).", back_end.alpha_clamp)
    return back_end


def load() -> Gsplat:
    """gsplat, proved to work by rendering one Gaussian.

    Raises `EngineError` "no_gpu" or "missing_package", with what to do.
    """
    torch = import_torch()
    # Checked first, because without a GPU gsplat fails with messages that explain nothing.
    if not torch.cuda.is_available():
        raise EngineError(
            "no_gpu", f"torch {torch.__version__} finds no NVIDIA GPU.", ["Use the CPU."]
        )
    try:
        from gsplat import rasterization

        back_end = Gsplat(rasterization, "cuda", clamp_of(version("gsplat")))
        one = np.ones((1, 3), np.float32)
        point = Gaussians(
            3 * one,
            np.eye(1, 4, dtype=np.float32),
            one,
            one[:, 0],
            one[:, None],
            np.zeros((1, 0, 3), np.float32),
        )
        back_end.render(point, Camera(np.eye(4), np.diag([4.0, 4, 1]), 8, 8), one)
    except PackageNotFoundError as error:
        raise EngineError("missing_package", "gsplat is not installed properly.", FIXES) from error
    except (ImportError, AttributeError, OSError, RuntimeError) as error:
        raise EngineError(
            "missing_package", f"gsplat is not installed or not built: {error}.", FIXES
        ) from error
    return back_end


def clamp_of(version: str) -> float:
    """The largest alpha that a version of gsplat allows: 0.999 before 1.6, 0.99 since."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return 0.999 if numbers < [1, 6] else 0.99
