"""Give what words have found the outlines that a SAM sees.

Text-aligned features blur over edges, and a SAM takes no words. So the words' answer is drawn into
the views, and a box around each piece of it goes to the SAM, in the view that shows most of it. Of
what the SAM makes of them, the reading is taken that agrees best with the words. If none agrees,
the words' answer stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..rendering import render
from ..sam import Segmenter
from ..sam.elsewhere import pieces
from ..sam.looks import Looks, Picture
from ..sam.proposing import Mark
from ..sam.segmenting import KEPT, SAME
from ..sam.segmenting import segment as by_sam
from ..scene import View
from ..scene.raster import Raster
from ..segmentation.fronts import reduced
from ..segmentation.prepared import Prepared
from ..segmentation.segment import DEFAULT, Options, Segment
from ..segmentation.trail import recent

# The long side in pixels of the views that are drawn, of which only areas and boxes are asked.
SIDE = 160


def outlined(
    prepared: Prepared,
    named: Segment,
    segmenter: Segmenter,
    *,
    options: Options = DEFAULT,
    raster: Raster | None = None,
    job: Job = SILENT,
) -> Segment:
    """`named`, the segment of some words, with the outlines of the `segmenter`'s masks.

    A note says so if it sees another thing there. Raises `Cancelled`.
    """
    if not named.selected.any():
        return named
    raster = raster or prepared.raster
    kept = Looks.of(prepared, segmenter, job).proposals
    key = np.packbits(named.selected).tobytes() + repr(raster).encode()
    # Kept, because each further prompt asks for the same words again.
    marks: list[Mark] = recent(
        kept, key, lambda: _boxes(prepared, named.selected, raster, job), KEPT
    )
    if not marks:
        return named

    def read(reading: int) -> Segment:
        asked = replace(options, reading=reading)
        return by_sam(prepared, segmenter, marks, options=asked, raster=raster, job=job)

    found = read(0)
    ways = found.readings
    steps = ways.steps if ways else (0,)
    readings = [ways.of(step) for step in ways.steps] if ways else [found.selected]
    weights = prepared.gaussians.opacities * prepared.visible
    agreements = [_agreement(weights, named.selected, one) for one in readings]
    best = int(np.argmax(agreements))
    if agreements[best] < SAME:
        note = (
            f"{segmenter.name} sees another thing where the words fit: they have "
            f"{agreements[best]:.0%} in common, so its outline is not taken."
        )
        return replace(named, notes=(*named.notes, note))
    if steps[best] + options.reading:
        found = read(steps[best] + options.reading)
    if ways := found.readings:
        shifted = tuple(step - steps[best] for step in ways.steps)
        ways = replace(ways, steps=shifted, taken=ways.taken - steps[best])
    return replace(
        found,
        readings=ways,
        evidence={**named.evidence, **found.evidence},
        notes=(*named.notes, *found.notes),
    )


def _boxes(prepared: Prepared, selected: Bool[Array, " N"], raster: Raster, job: Job) -> list[Mark]:
    """Boxes around the pieces of a selection, in the view that shows most of it."""
    shown = [_drawn(prepared, view, selected, raster, job) for view in prepared.views]
    sizes = [mask.mean() for mask in shown]
    if not any(sizes):
        return []
    most = int(np.argmax(sizes))
    view, mask = prepared.views[most], shown[most]
    scale = view.camera.width / mask.shape[1], view.camera.height / mask.shape[0]
    return [Mark(Picture.of_view(view), box * scale, box=True) for _, box in pieces(mask)]


def _drawn(
    prepared: Prepared, view: View, selected: Bool[Array, " N"], raster: Raster, job: Job
) -> Bool[Array, "h w"]:
    """Where a view mostly shows the selection, in a small picture."""
    job.check()
    values = selected[:, None].astype(np.float32)
    image, _ = render(prepared.gaussians, reduced(view.camera, SIDE), values, raster=raster)
    return np.asarray(image[0] > 0.5)


def _agreement(
    weights: Float[Array, " N"], one: Bool[Array, " N"], other: Bool[Array, " N"]
) -> float:
    """IoU by weight."""
    return float(weights @ (one & other) / max(float(weights @ (one | other)), 1e-12))
