"""Find the settings that a scene was trained with, by what its photos agree with.

The axes are searched one after the other, twice, because fog in front of a picture hides what else
is wrong with it. A candidate is tried on one photo, and only if that is promising on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile

import numpy as np

from ..progress import SILENT, Job
from ..scene.raster import GSPLAT, Raster
from .trial import Trial

# dB, median over the photos, by which other settings must be better than the usual ones. On our two
# captures, which have the usual ones, the best other settings reach a median of 0.00 and at most
# 0.11 in one photo; what a scene was really trained with is worth 1 to 30.
MARGIN = 0.3
# PSNR in dB above which cameras fit. Unrelated pictures of one place have 8 to 13 dB.
FITS = 22.0
# Above this PSNR in dB the clamp is tried: it changes no pixel by more than 1 %, which is 40 dB.
CLEAR = 35.0
# Near planes that are tried, as shares of the usual distance from cameras to Gaussians, and in
# scene units: those of gsplat and of 3DGS.
SHARES, NEARS = tuple(np.geomspace(2e-4, 0.25, 16)), (0.01, GSPLAT.near)
# How far beside the picture centers may be (`Raster.cull`), widest first.
CULLS = (0.3, 0.15, 0.0)
# Opacity compensation and blur: gsplat's, less blur, and Mip-Splatting's compensation with its own.
# The others are better too, though less, where one is, so the first two tell whether any is.
FILTERS = ((True, 0.3), (False, 0.1), (True, 0.1), (False, 0.0))
CLAMPS = (0.999,)
ROUNDS = 2


@dataclass(frozen=True)
class Found:
    """The settings given and found, and the median PSNR in dB with these and with those."""

    start: Raster
    raster: Raster
    before: float
    after: float


Axis = Callable[[Raster], Sequence[Raster]]


@dataclass(frozen=True)
class Search:
    """Which settings are tried on the photos of a scene.

    `distance` is the scene's, in its units; `near` is whether the near plane may change.
    """

    distance: float
    near: bool = True

    def promising(self, trial: Trial, start: Raster, *, job: Job = SILENT) -> bool:
        """Whether one photo does not fit, or would fit better with another setting."""
        value = trial.psnr(start, job=job)
        if not value >= FITS:
            return True
        nears, culls, filters, clamps = (axis(start) for axis in self._axes([trial], trial))
        few = (*nears, *culls[:1], *filters[:2], *clamps)
        return any(trial.psnr(raster, job=job) >= value + MARGIN for raster in few)

    def run(self, trials: Sequence[Trial], start: Raster, *, job: Job = SILENT) -> Found:
        """The settings that the photos agree with. Raises `Cancelled`."""
        best = start
        for _ in range(ROUNDS):
            before = best
            # The photo in the middle stands for the others.
            order = np.argsort([trial.psnr(best, job=job) for trial in trials])
            probe = trials[int(order[len(order) // 2])]
            for axis in self._axes(trials, probe):
                best = self._better(trials, probe, best, axis(best), job)
            if best == before:
                break
        return Found(start, best, _median(trials, start, job), _median(trials, best, job))

    def _axes(self, trials: Sequence[Trial], trial: Trial) -> list[Axis]:
        def nears(now: Raster) -> list[Raster]:
            return _nears(trials, self.distance, now) if self.near else []

        def culls(now: Raster) -> list[Raster]:
            if np.isfinite(now.cull):
                return []
            # What is far beside the picture is so for the narrower ones after it, too.
            found = dropwhile(lambda cull: not trial.beside(now, cull), CULLS)
            return [replace(now, cull=cull) for cull in found]

        def filters(now: Raster) -> list[Raster]:
            every = [replace(now, antialiased=mip, blur=blur) for mip, blur in FILTERS]
            return [one for one in every if one != now]

        def clamps(now: Raster) -> list[Raster]:
            clear = trial.psnr(now) > CLEAR and float(trial.gaussians.opacities.max()) > 0.99
            return [replace(now, alpha_clamp=clamp) for clamp in CLAMPS if clear]

        return [nears, culls, filters, clamps]

    def _better(
        self,
        trials: Sequence[Trial],
        probe: Trial,
        best: Raster,
        others: Sequence[Raster],
        job: Job,
    ) -> Raster:
        value = probe.psnr(best, job=job)
        likely = [r for r in others if probe.psnr(r, job=job) >= value + MARGIN / 2]
        before = np.array([trial.psnr(best, job=job) for trial in trials])
        top = 0.0, 0.0
        for raster in likely:
            gains = np.array([trial.psnr(raster, job=job) for trial in trials]) - before
            # Of settings that are as good in most photos, the one that is best in all.
            gain = round(float(np.median(gains)), 1), float(gains.mean())
            if np.median(gains) >= MARGIN and gain >= top:
                best, top = raster, gain
        return best


def _nears(trials: Sequence[Trial], distance: float, now: Raster) -> list[Raster]:
    """Near planes between which there are Gaussians; of those without any between, one."""
    planes = np.array(sorted({*(share * distance for share in SHARES), *NEARS, now.near}))
    limits = float(planes[0]), float(planes[-1])
    depths = np.sort(np.concatenate([trial.depths(*limits) for trial in trials]))
    group = np.searchsorted(depths, planes)
    own = int(np.searchsorted(depths, now.near))
    found = []
    for number in np.unique(group[group != own]):
        same = planes[group == number]
        # The nearest to the plane there is, on the logarithmic scale of planes.
        found.append(float(same[np.argmin(np.abs(np.log(same / now.near)))]))
    return [replace(now, near=near) for near in found]


def _median(trials: Sequence[Trial], raster: Raster, job: Job) -> float:
    return float(np.median([trial.psnr(raster, job=job) for trial in trials]))
