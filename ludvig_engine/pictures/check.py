"""Check that the cameras fit the splats, by comparing rendered views with their photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..errors import plural
from ..io.photos import read_photo
from ..progress import SILENT, Job
from ..rendering.search import FITS
from ..rendering.trial import psnr
from ..scene import Scene, evenly
from ..stages import COMPARE_PHOTOS
from .draw import rgb

# PSNR in dB above which cameras may fit; above FITS they do. Unrelated pictures of one place have 8
# to 13 dB.
DOUBTFUL = 16.0


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
    job: Job = SILENT,
) -> Check:
    """Compare the named views, or up to `at_most` evenly spread views that have a photo.

    A photo without valid pixels, transparent or masked out everywhere, is left out. The scene is
    drawn as it says; `fitted` finds what it was trained with. Raises `EngineError` for an unknown
    view or an unreadable photo.
    """
    chosen = [scene.view(name) for name in views] or evenly(
        [v for v in scene.views if v.photo is not None], at_most
    )
    values: dict[str, float] = {}
    for view in job.track(chosen, COMPARE_PHOTOS):
        photo = read_photo(view)
        if photo.valid is None or photo.valid.any():
            picture = rgb(scene.gaussians, view.camera, raster=scene.raster, job=job)
            values[view.name] = psnr(picture, photo)
    found = np.array(list(values.values()), np.float32)
    return Check(tuple(values), found, *_verdict(found, len(chosen) - len(values)))


def _verdict(values: Float[Array, " V"], empty: int) -> tuple[bool, str]:
    """Whether the cameras fit, and a sentence; `empty` photos show nothing."""
    if not len(values):
        why = f": all {empty} are wholly transparent or masked" if empty else ""
        return False, f"There are no photos to compare with{why}."
    fits, sentence = _judged(values)
    if empty:
        many = "photos that are" if empty > 1 else "photo that is"
        sentence += f" Left out: {empty} {many} wholly transparent or masked."
    return fits, sentence


def _judged(values: Float[Array, " V"]) -> tuple[bool, str]:
    middle, bad = float(np.median(values)), int((values < DOUBTFUL).sum())
    if middle >= FITS and not bad:
        return True, f"The cameras fit: {middle:.1f} dB."
    if middle >= FITS:
        return True, (
            f"The cameras fit ({middle:.1f} dB), but {bad} of {plural(len(values), 'photo')} "
            f"{'does' if bad == 1 else 'do'} not: "
            "are they the right ones?"
        )
    if middle >= DOUBTFUL:
        return True, (
            f"The cameras seem to fit ({middle:.1f} dB), but the splats are blurry or exposed "
            "differently."
        )
    return False, (
        f"The cameras do not fit these splats: {middle:.1f} dB. The splats were probably moved "
        "after training, or the cameras or photos belong to another scene."
    )
