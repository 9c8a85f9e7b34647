"""New Gaussians for a hole in a surface, in the colors that belong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.spatial.transform import Rotation

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..rendering import colours, render
from ..rendering.frames import SH0
from ..scene import Gaussians
from ..scene.raster import Raster
from ..uplifting import Sight, uplift
from .colors import seen_colors
from .hole import SOLID
from .inpaint import Inpainter, patches
from .sheets import Patch, above
from .sightings import Sighting
from .smooth import continued

# The standard deviation of new Gaussians, as a share of the distance between them, and their
# opacity: so the lattice has an alpha of 0.97 and more everywhere.
WIDTH, OPACITY = 0.6, 0.95
STEPS = 1  # of the uplift towards least squares, which keeps the texture sharp
# Gaussians nearer to a hole than this many of their spacings took part of their color from the
# object, so they are not copied.
STAINED = 1.5
EYES = 8  # from which the usual color is taken


def filled(
    gaussians: Gaussians,
    patch: Patch,
    sights: Sequence[Sighting],
    off: float,
    raster: Raster,
    *,
    inpainter: Inpainter = patches,
    job: Job = SILENT,
) -> Gaussians:
    """Gaussians that continue a surface into its hole.

    What the sights see within `off` of its plane is the surface, in scene units.

    Raises `Cancelled`.
    """
    sheet, hole = patch.sheet, patch.hole
    members = gaussians.take(patch.members)
    camera = above(sheet)
    eyes = _facing(np.array([sight.camera.center for sight in sights]), patch)
    values = np.concatenate([usual_colors(members, eyes), members.shN.reshape(len(members), -1)], 1)
    heights = sheet.plane.local(members.means)[:, 2:].astype(np.float32)
    image, alpha = render(
        members, camera, np.concatenate([values, heights], 1), raster=raster, job=job
    )
    image = (image / np.maximum(alpha, 1e-3)).transpose(1, 2, 0)
    surface = alpha > SOLID
    stained = ndimage.distance_transform_edt(~hole) < STAINED * patch.spacing / sheet.cell
    colors, shown = seen_colors(sheet, sights, off)
    places, at, under = _lattice(patch)
    parts, count = ndimage.label(under)
    _, at_part = ndimage.distance_transform_edt(~under, return_indices=True)
    nearest = parts[tuple(at_part)]
    whole = np.zeros_like(image)
    # Each part goes on from what touches it: what touches another part can be another thing.
    for one in range(1, count + 1):
        known = _material(surface, hole & (parts == one)) & ~stained
        picture = image
        if (known & shown).any():
            known &= shown
            picture = np.dstack(
                [np.where(shown[..., None], colors, image[..., :3]), image[..., 3:]]
            )
        elif not known.any():
            known = surface
        asked = (under | ndimage.binary_dilation(stained & surface)) & (nearest == one)
        part = _going_on(picture, known, asked, inpainter)
        whole = np.where((nearest == one)[..., None], part, whole)
    wanted = whole[..., :3]
    made = _discs(members, patch, places, whole[at][:, -1])
    lifted = uplift(made, [Sight(camera, wanted.transpose(2, 0, 1))], refine=STEPS, raster=raster)
    colored = np.where(lifted.seen[:, None], lifted.features, wanted[at])
    # Sharper than the picture is from above would be streaks from the side.
    low, high = (bound(wanted, (3, 3, 1))[at] for bound in (minimum_filter, maximum_filter))
    colored = np.clip(colored, low, high)
    shN = whole[at][:, 3:-1].reshape(len(made), -1, 3).astype(np.float32)
    bare = replace(made, shN=shN)
    missing = colored - usual_colors(bare, eyes)
    return replace(bare, sh0=(missing / SH0).astype(np.float32)[:, None])


def _going_on(
    picture: Float[Array, "h w C"],
    known: Bool[Array, "h w"],
    asked: Bool[Array, "h w"],
    inpainter: Inpainter,
) -> Float[Array, "h w C"]:
    """What is known of a picture, continued: colors, the first three channels, with texture."""
    smooth = continued(picture, known.astype(np.float32))
    color = np.clip(picture[..., :3], 0, 1)
    color[~known] = np.nan
    wanted = inpainter(color, asked)
    # Discs at the edge reach into cells of which nothing is known.
    smooth[..., :3] = np.where((asked | known)[..., None], wanted, smooth[..., :3])
    return smooth


def _material(surface: Bool[Array, "h w"], hole: Bool[Array, "h w"]) -> Bool[Array, "h w"]:
    """The parts of the surface that touch the hole: another one at this height is another thing."""
    parts, _ = ndimage.label(surface)
    touching = np.unique(parts[ndimage.binary_dilation(hole, iterations=3)])
    found: Array = np.isin(parts, touching[touching > 0])
    return found


def usual_colors(gaussians: Gaussians, eyes: Float[Array, "C 3"]) -> Float[Array, "N 3"]:
    """The mean of what the eyes see.

    The harmonic of degree 0 alone is not it: a surface that is seen from above only may have any,
    if those of degree 1 make up for it.
    """
    total = np.zeros((len(gaussians), 3), np.float32)
    for eye in eyes:
        total += colours(gaussians, eye)
    return total / len(eyes)


def _facing(eyes: Float[Array, "C 3"], patch: Patch) -> Float[Array, "F 3"]:
    """Some of the eyes on the side of the surface that is colored."""
    above_it = eyes[patch.sheet.plane.local(eyes)[:, 2] > 0]
    return above_it[:: max(len(above_it) // EYES, 1)] if len(above_it) else eyes[:1]


def _lattice(
    patch: Patch,
) -> tuple[Float[Array, "P 2"], tuple[Array, Array], Bool[Array, "h w"]]:
    """Places on a triangular lattice, the row and column of each, and the cells they are in."""
    sheet = patch.sheet
    step = patch.spacing / sheet.cell
    rows = np.arange(0, sheet.height, step * np.sqrt(0.75))
    y, x = np.meshgrid(rows, np.arange(0, sheet.width, step), indexing="ij")
    x = x + np.where(np.arange(len(rows)) % 2, step / 2, 0)[:, None]
    x, y = x.ravel(), y.ravel()
    row = np.minimum(y.round().astype(int), sheet.height - 1)
    column = np.minimum(x.round().astype(int), sheet.width - 1)
    # One more ring lies under the rim, so that there is no seam.
    under = ndimage.binary_dilation(patch.hole, iterations=max(int(step / 2), 1))
    inside = under[row, column]
    x, y, row, column = (one[inside] for one in (x, y, row, column))
    return sheet.low + np.stack([x, y], 1) * sheet.cell, (row, column), under


def _discs(
    members: Gaussians, patch: Patch, places: Float[Array, "P 2"], heights: Float[Array, " P"]
) -> Gaussians:
    """Flat discs in the plane, as thin as the rim's Gaussians are, without colors."""
    count = len(places)
    thin = min(float(np.median(members.scales.min(1))), 0.3 * patch.spacing)
    # The rim lies above what is under it.
    local = np.concatenate([places, (heights - thin)[:, None]], 1)
    plane = patch.sheet.plane
    x, y, normal = plane.axes
    turn = Rotation.from_matrix(np.stack([x, y, -normal], 1)).as_quat(scalar_first=True)
    wide = WIDTH * patch.spacing
    return Gaussians(
        plane.world(local).astype(np.float32),
        np.tile(turn.astype(np.float32), (count, 1)),
        np.tile(np.array([wide, wide, thin], np.float32), (count, 1)),
        np.full(count, OPACITY, np.float32),
        np.zeros((count, 1, 3), np.float32),
        np.zeros((count, 0, 3), np.float32),
    )
