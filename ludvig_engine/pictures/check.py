"""Check that the cameras fit the splats, by comparing rendered views with their photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..io.photos import read_photo
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster
from ..scene import Photo, Scene, View
from ..stages import COMPARE_PHOTOS
from .draw import rgb

# PSNR in dB above which cameras fit, and above which they may fit. Unrelated pictures of one place
# have 8 to 13 dB.
FITS, DOUBTFUL = 22.0, 16.0


@dataclass(frozen=True)
class Check:
    """The PSNR of each compared view, and the verdict."""

    names: tuple[str, ...]
    psnr: Float[Array, " V"]  # dB
    fits: bool
    verdict: str  # one sentence for the user


def check(
    scene: Scene,
    *,
    views: Sequence[str] = (),
    at_most: int = 8,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Check:
    """Compare the named views, or up to `at_most` evenly spread views that have a photo.

    Photos without a valid pixel are left out.

    Raises `EngineError` for an unknown view or an unreadable photo.
    """
    chosen = [scene.view(name) for name in views] or spread(
        [v for v in scene.views if v.photo is not None], at_most
    )
    values, names = [], []
    for view in job.track(chosen, COMPARE_PHOTOS):
        photo = read_photo(view)
        # A photo that is transparent or masked out everywhere says nothing.
        if photo.valid is None or photo.valid.any():
            values.append(psnr(rgb(scene.gaussians, view.camera, raster=raster, job=job), photo))
            names.append(view.name)
    found = np.array(values, np.float32)
    return Check(tuple(names), found, *_verdict(found))


def psnr(image: Float[Array, "H W 3"], photo: Photo) -> float:
    """Peak signal-to-noise ratio in dB over the photo's valid pixels, for values in 0..1."""
    error = (image - photo.pixels) ** 2
    mean = float(error.mean() if photo.valid is None else error[photo.valid].mean())
    return float(-10 * np.log10(max(mean, 1e-10)))


def spread(views: Sequence[View], count: int) -> list[View]:
    """At most `count` views, evenly spread over the list."""
    places = np.linspace(0, len(views) - 1, min(count, len(views)))
    return [views[n] for n in np.unique(places.round().astype(int))]


def _verdict(values: Float[Array, " V"]) -> tuple[bool, str]:
    if not len(values):
        return False, "There are no photos to compare with."
    middle, bad = float(np.median(values)), int((values < DOUBTFUL).sum())
    if middle >= FITS and not bad:
        return True, f"The cameras fit: {middle:.1f} dB."
    if middle >= FITS:
        return True, (
            f"The cameras fit ({middle:.1f} dB), but {bad} of {len(values)} photos do not: "
            "are they the right ones?"
        )
    if middle >= DOUBTFUL:
        return True, (
            f"The cameras seem to fit ({middle:.1f} dB), but the splats are blurry or exposed "
            "differently."
        )
    return False, (
        f"The cameras do not fit these splats: {middle:.1f} dB. The splats were probably moved, "
        "scaled or turned after training, or the cameras belong to another scene."
    )
