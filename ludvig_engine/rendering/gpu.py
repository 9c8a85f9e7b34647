"""The GPU back end: a view as a sparse linear operator on the device, by the kernels of kernels.cu.

    lift       Σ w F over all views, which stays on the device and comes back once
    residual   Aᵀ(F − A f) likewise
    adjoint, render   what `rendering.cpu` calls so

A map of large cells is folded, as on the CPU: one pass over the pixels gives each pair of a
Gaussian and a tile its weight for the four cells around the tile, and any number of channels then
costs one sparse product, which the bandwidth of the GPU's caches limits. Other maps take a pass
over the pixels for every 16 channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..arrays import Array, Bool, Float
from ..machine.device import fitting, import_torch
from ..machine.nvrtc import WARP, Launch
from ..progress import SILENT, Job, chunks
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT, Raster
from .gpu_view import CHANNELS, WHAT
from .resident import Resident, fetched
from .sights import Sight, Sums
from .tree import summed


@dataclass(frozen=True)
class Gpu:
    """The operations of `rendering.cpu` on `device`. All raise `EngineError` "out_of_memory"."""

    launch: Launch
    device: str = "cuda"
    warp: int = WARP
    # The scene of the last call, which is often the next one's too.
    _kept: Resident = field(default_factory=Resident, repr=False, compare=False)

    def lift(
        self,
        gaussians: Gaussians,
        sights: Sequence[Sight],
        *,
        raster: Raster = GSPLAT,
        stage: str = "",
        job: Job = SILENT,
    ) -> Sums:
        """Σ w F (N, D), Σ w (N,) and Σ_d W_d² (N,) over the sights, like `cpu_lift.lift`."""
        torch = import_torch()
        with fitting(self.device, WHAT):
            scene = self._kept.scene(self.launch, self.device, self.warp, gaussians)
            shapes = ((scene.N, len(sights[0].feature_map)), (scene.N,), (scene.N,))

            def add(node: tuple[Any, ...], sight: Sight) -> None:
                job.check()
                sums, weights, squares = node
                total = scene.add(sight, raster, sums, job)
                weights += total
                squares += total**2

            def empty() -> tuple[Any, ...]:
                return tuple(torch.zeros(shape, device=self.device) for shape in shapes)

            found = summed(job.track(sights, stage), len(sights), empty, add)
            return Sums(*map(fetched, found))

    def residual(
        self,
        gaussians: Gaussians,
        sights: Sequence[Sight],
        features: Float[Array, "N D"],
        *,
        raster: Raster = GSPLAT,
        stage: str = "",
        job: Job = SILENT,
    ) -> Float[Array, "N D"]:
        """Aᵀ(F − A f), like `cpu.residual`."""
        with fitting(self.device, WHAT):
            scene = self._kept.scene(self.launch, self.device, self.warp, gaussians)
            values = scene.tensor(features)
            zeros = import_torch().zeros_like

            def add(node: tuple[Any], sight: Sight) -> None:
                (out,) = node
                view = scene.view(sight.camera, raster)
                for part in chunks(features.shape[1], CHANNELS):
                    job.check()
                    image, _ = view.blended(values[:, part].contiguous())
                    error = view.upsampled(sight.feature_map[part]) - image
                    out[:, part] += view.gathered(error, sight.valid)

            tracked = job.track(sights, stage)
            return fetched(summed(tracked, len(sights), lambda: (zeros(values),), add)[0])

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
        """(Σ_p w_i(p) F(p), Σ_p w_i(p)), like `cpu.adjoint`."""
        if image.shape[1:] != (camera.height, camera.width):
            raise ValueError(
                f"map of {image.shape[1:]} pixels for a camera of {(camera.height, camera.width)}"
            )
        with fitting(self.device, WHAT):
            view = self._kept.scene(self.launch, self.device, self.warp, gaussians).view(
                camera, raster, valid=valid
            )
            sums = import_torch().zeros(len(gaussians), len(image), device=self.device)
            total = view.add_dense(image, valid, sums, job)
            return fetched(sums), fetched(total)

    def render(
        self,
        gaussians: Gaussians,
        camera: Camera,
        values: Float[Array, "N C"],
        *,
        raster: Raster = GSPLAT,
        job: Job = SILENT,
    ) -> tuple[Float[Array, "C H W"], Float[Array, "H W"]]:
        """(Σ_i w_i(p) value_i, Σ_i w_i(p)), like `cpu.render`."""
        with fitting(self.device, WHAT):
            scene = self._kept.scene(self.launch, self.device, self.warp, gaussians)
            view = scene.view(camera, raster)
            image, opaque = view.blended(scene.tensor(values), job)
            return fetched(image), fetched(opaque)
