"""Who computes a view: the GPU where it is faster on this machine, else the CPU.

Everything that renders or lifts goes through here, so nothing is left to the CPU by accident. What
does not fit into the memory of the GPU is computed on the CPU, and the job says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..machine.device import ON_CPU, release
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT, Raster
from . import cpu, cpu_lift
from .choice import chosen
from .sights import Sight, Sums

R = TypeVar("R")


@runtime_checkable
class BackEnd(Protocol):
    """What the CPU and a GPU can do."""

    def lift(
        self,
        gaussians: Gaussians,
        sights: Sequence[Sight],
        *,
        raster: Raster = GSPLAT,
        stage: str = "",
        job: Job = SILENT,
    ) -> Sums: ...

    def residual(
        self,
        gaussians: Gaussians,
        sights: Sequence[Sight],
        features: Float[Array, "N D"],
        *,
        raster: Raster = GSPLAT,
        stage: str = "",
        job: Job = SILENT,
    ) -> Float[Array, "N D"]: ...

    def adjoint(
        self,
        gaussians: Gaussians,
        camera: Camera,
        image: Float[Array, "C H W"],
        *,
        valid: Bool[Array, "H W"] | None = None,
        raster: Raster = GSPLAT,
        job: Job = SILENT,
    ) -> tuple[Float[Array, "N C"], Float[Array, " N"]]: ...

    def render(
        self,
        gaussians: Gaussians,
        camera: Camera,
        values: Float[Array, "N C"],
        *,
        raster: Raster = GSPLAT,
        job: Job = SILENT,
    ) -> tuple[Float[Array, "C H W"], Float[Array, "H W"]]: ...


class Cpu:
    """The functions of `cpu` and `cpu_lift`."""

    lift = staticmethod(cpu_lift.lift)
    residual = staticmethod(cpu_lift.residual)
    adjoint = staticmethod(cpu.adjoint)
    render = staticmethod(cpu.render)


def lift(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    *,
    raster: Raster = GSPLAT,
    stage: str = "",
    job: Job = SILENT,
) -> Sums:
    """Σ w F, Σ w and Σ_d W_d² over the sights, whose maps all have D channels.

    Raises `Cancelled`.
    """
    return _by(lambda b: b.lift(gaussians, sights, raster=raster, stage=stage, job=job), job)


def residual(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    features: Float[Array, "N D"],
    *,
    raster: Raster = GSPLAT,
    stage: str = "",
    job: Job = SILENT,
) -> Float[Array, "N D"]:
    """Aᵀ(F − A f) over the sights, with the maps brought to full resolution. Raises `Cancelled`."""
    return _by(
        lambda b: b.residual(gaussians, sights, features, raster=raster, stage=stage, job=job), job
    )


def adjoint(
    gaussians: Gaussians,
    camera: Camera,
    image: Float[Array, "C H W"],
    *,
    valid: Bool[Array, "H W"] | None = None,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> tuple[Float[Array, "N C"], Float[Array, " N"]]:
    """(Σ_p w_i(p) F(p), Σ_p w_i(p)) over the pixels p of the image where `valid` is not False.

    Raises ValueError if `image` does not have the camera's size, and `Cancelled`.
    """
    return _by(
        lambda b: b.adjoint(gaussians, camera, image, valid=valid, raster=raster, job=job), job
    )


def render(
    gaussians: Gaussians,
    camera: Camera,
    values: Float[Array, "N C"],
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> tuple[Float[Array, "C H W"], Float[Array, "H W"]]:
    """(Σ_i w_i(p) value_i, Σ_i w_i(p)): the image over black, and its alpha. Raises `Cancelled`."""
    return _by(lambda b: b.render(gaussians, camera, values, raster=raster, job=job), job)


def _by(call: Callable[[BackEnd], R], job: Job) -> R:
    gpu = chosen(job)
    if gpu is not None:
        try:
            return call(gpu)
        except EngineError as error:
            if error.kind != "out_of_memory":
                raise
            told = str(error)
        release()
        job.note(f"{told} {ON_CPU}")
    return call(Cpu())
