"""Removal: is what is behind an object as it would be without it?

    FOLDER                              a scene, with photos, cameras, splats.ply and masks/<thing>
           truth/sparse/0               cameras that no step uses
           truth/images/<view>.png      what they see
           truth/masks/<thing>/...      bright where the thing is what they see
           truth/without/<thing>/...    what they see without the thing

demo/scenes/truth.py builds such folders. Everything is measured in the pixels that the thing
covered, with a margin, and outside of them, over all these cameras. A scene with shadows keeps the
thing's shadow in its splats; how much of the error that is shows a second measure, after one smooth
gain per view and hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.metrics import structural_similarity

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..io.load import load_scene
from ..io.masks import read_truth
from ..io.photos import read_photo
from ..io.views import load_views
from ..pictures.fitted import fitted
from ..progress import SILENT, Job
from ..rendering import colours, render
from ..scene import Gaussians, Scene, View
from ..stages import COMPARE_TRUTH
from . import captures, metrics
from .datasets import splats_of
from .lifting import lifted, masks_of

MARGIN = 5  # pixels around a thing that count as covered, since its rim blends into them
HOLE = 0.9  # alpha below which a pixel is seen through
CROWD = 7  # pixels, the side of the windows of SSIM


@dataclass(frozen=True)
class Hidden:
    """What one camera sees with and without a thing; pictures in 0..1."""

    view: View
    covered: Bool[Array, "H W"]  # where the thing is what is seen
    complete: Float[Array, "H W 3"]
    truth: Float[Array, "H W 3"]

    @property
    def inside(self) -> Bool[Array, "H W"]:
        """The pixels covered and `MARGIN` more around them."""
        return np.asarray(distance_transform_edt(~self.covered) <= MARGIN)


@dataclass(frozen=True)
class Case:
    """A thing of a scene, and what is there without it."""

    name: str  # "scene: thing"
    thing: captures.Thing
    scene: Scene
    hidden: Sequence[Hidden]  # of the cameras that see the thing


@dataclass(frozen=True)
class Measured:
    """How good what is left is, over all cameras."""

    inside: float  # PSNR in dB of all covered pixels together
    gained: float  # the same after one smooth gain per view
    ssim: float  # the mean over the covered pixels
    outside: float  # PSNR in dB of all other pixels
    holes: float  # the share of the thing's pixels that are seen through, 0..1


def cases(folder: Path, only: Sequence[str] = (), *, job: Job = SILENT) -> list[Case]:
    """The things of a scene that have truth, or those of them that are named in `only`.

    Raises `EngineError` "not_found" if there is no truth, or no such thing.
    """
    place = folder / "truth"
    known = {path.name for path in (place / "without").glob("*") if path.is_dir()}
    found = {thing.name: thing for thing in captures.things(folder) if thing.name in known}
    if not found:
        raise EngineError(
            "not_found",
            f"{folder} has no truth/without/<thing>/<view>.png.",
            ["Build such scenes with demo/scenes/truth.py, or see `ludvig eval --help`."],
        )
    if unknown := set(only) - set(found):
        raise EngineError(
            "not_found",
            f'{folder} has no truth about "{min(unknown)}".',
            [f"The things are: {', '.join(found)}."],
        )
    scene = fitted(load_scene(splats_of(folder), views=folder), job=job)
    views, _ = load_views(place)
    whole = {view.name: read_photo(view).pixels for view in views}
    return [
        Case(f"{folder.name}: {name}", thing, scene, _hidden(place, name, views, whole))
        for name, thing in found.items()
        if not only or name in only
    ]


def _hidden(place: Path, name: str, views: Sequence[View], whole: dict[str, Array]) -> list[Hidden]:
    found = []
    for view in views:
        file = f"{Path(view.name).stem}.png"
        covered = read_truth(place / "masks" / name / file)
        if covered.any():
            truth = _picture(view, place / "without" / name / file)
            found.append(Hidden(view, covered, whole[view.name], truth))
    if not found:
        raise EngineError(
            "bad_file",
            f"No view of {place} shows {name}.",
            ["Build the truth again, with cameras that see the thing."],
        )
    return found


def _picture(view: View, path: Path) -> Float[Array, "H W 3"]:
    return read_photo(replace(view, photo=path)).pixels


def exact(case: Case, *, job: Job = SILENT) -> Bool[Array, " N"]:
    """The Gaussians of which the thing's masks in all photos cover more than half."""
    return lifted(case.scene, masks_of(case.scene, case.thing.masks), job=job)


def shown(
    case: Case, gaussians: Gaussians, one: Hidden, *, job: Job = SILENT
) -> tuple[Float[Array, "H W 3"], Float[Array, "H W"]]:
    """What a camera sees of these Gaussians over black, in 0..1, and alpha."""
    camera = one.view.camera
    colors = colours(gaussians, camera.center)
    image, alpha = render(gaussians, camera, colors, raster=case.scene.raster, job=job)
    return np.clip(image, 0, 1).transpose(1, 2, 0), alpha


def measure(case: Case, gaussians: Gaussians, *, job: Job = SILENT) -> Measured:
    """Compare what is left with the truth from all cameras."""
    errors: dict[str, list[Array]] = {"inside": [], "gained": [], "outside": []}
    likeness: list[Array] = []
    seen_through: list[Array] = []
    for one in job.track(case.hidden, COMPARE_TRUTH):
        picture, alpha = shown(case, gaussians, one, job=job)
        inside, difference = one.inside, (picture - one.truth) ** 2
        errors["inside"].append(difference[inside])
        errors["outside"].append(difference[~inside])
        gained = smooth_gain(picture, one.truth, inside)
        errors["gained"].append((gained - one.truth[inside]) ** 2)
        likeness.append(_ssim(picture, one.truth)[inside])
        seen_through.append(alpha[one.covered] < HOLE)
    return Measured(
        psnr(errors["inside"]),
        psnr(errors["gained"]),
        float(np.concatenate(likeness).mean()),
        psnr(errors["outside"]),
        float(np.concatenate(seen_through).mean()),
    )


def unedited(case: Case, *, job: Job = SILENT) -> float:
    """PSNR in dB of the scene as it is, outside of what the thing covers.

    Nothing that only takes away can be expected to be better there.
    """
    errors = []
    for one in case.hidden:
        picture, _ = shown(case, case.scene.gaussians, one, job=job)
        errors.append(((picture - one.complete) ** 2)[~one.inside])
    return psnr(errors)


def psnr(errors: Sequence[Array]) -> float:
    """PSNR in dB of squared errors, of the pixels of all views together; at most 100."""
    return float(-10 * np.log10(max(np.concatenate(errors).mean(dtype=np.float64), 1e-10)))


def smooth_gain(
    picture: Float[Array, "H W 3"], truth: Float[Array, "H W 3"], where: Bool[Array, "H W"]
) -> Float[Array, "P 3"]:
    """The pixels of `where` times the gain a + b x + c y that brings them closest to the truth."""
    rows, columns = np.nonzero(where)
    place = np.stack([np.ones(len(rows)), rows / len(where), columns / where.shape[1]], 1)
    values, wanted = picture[where].astype(np.float64), truth[where].astype(np.float64)
    terms = (place[:, None, :] * values[:, :, None]).reshape(-1, 3)
    gain, *_ = np.linalg.lstsq(terms, wanted.ravel(), rcond=None)
    return np.clip((terms @ gain).reshape(values.shape), 0, 1)


def _ssim(a: Float[Array, "H W 3"], b: Float[Array, "H W 3"]) -> Float[Array, "H W"]:
    options = {"channel_axis": 2, "data_range": 1.0, "win_size": CROWD, "full": True}
    _, found = structural_similarity(a, b, **options)
    return np.asarray(found.mean(2))


def means(rows: Sequence[Measured]) -> Measured:
    """The mean of each measure."""
    names = ("inside", "gained", "ssim", "outside", "holes")
    return Measured(*(metrics.mean(getattr(row, name) for row in rows) for name in names))
