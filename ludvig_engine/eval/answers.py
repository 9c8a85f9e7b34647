"""Ways from prompts to a selection that ours is measured beside, on the same features.

They are what a reader would try first: the nearest feature, a plain classifier, the lifted mask as
it is, and the paper's own recipe for one object. A new way to choose must beat all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from skimage.filters import threshold_otsu

from ..arrays import Array, Bool
from ..graph.neighbors import unit
from ..paper.configs import Foreground
from ..paper.one_view import find_foreground
from ..paper.unary import logistic
from ..pipeline import DEFAULT
from ..progress import SILENT, Job
from ..segmentation.paint import Paint, merged
from ..segmentation.painting import lift_paint
from ..segmentation.prepared import Prepared
from ..segmentation.segment import segment
from .clicks import Answer

OURS = "ours"
# Inverse regularization of the plain regression: scikit-learn's default.
PLAIN_C = 1.0
SPIN = Foreground(recipe=DEFAULT)  # the paper's experiment on SPIn-NeRF, on our features


def from_clicks(prepared: Prepared, *, job: Job = SILENT) -> dict[str, Answer]:
    """Ours and the others, by name, for clicks.

    The paper's recipe is not among them: it finds its cut by a whole mask of the reference view,
    which it gets from SAM where the prompts are strokes.
    """
    return {
        OURS: lambda paints: segment(prepared, paints, job=job).selected,
        "regression": lambda paints: regression(prepared, paints),
        "nearest": lambda paints: nearest(prepared, paints),
    }


def from_masks(prepared: Prepared, *, job: Job = SILENT) -> dict[str, Answer]:
    """Ours and the others, by name, for the mask of one view."""
    return {
        OURS: lambda paints: segment(prepared, paints, job=job).selected,
        "regression": lambda paints: regression(prepared, paints),
        "lift only": lambda paints: lift_paint(prepared.gaussians, paints, job=job).share > 0.5,
        "paper": lambda paints: paper(prepared, paints, job=job),
    }


def regression(prepared: Prepared, paints: Sequence[Paint]) -> Bool[Array, " N"]:
    """A plain logistic regression on the features: the clicked Gaussians against all others.

    Gaussians that no prompt shows are examples of the rest, with the weight that photos see them
    with; both classes are balanced.
    """
    evidence = lift_paint(prepared.gaussians, merged(paints))
    inside = evidence.positive > evidence.negative
    weights = np.where(inside, evidence.positive, prepared.uplifted.weights + evidence.negative)
    x = unit(prepared.uplifted.features)
    return logistic(x, inside, weights.astype(np.float32), C=PLAIN_C) > 0.5


def nearest(prepared: Prepared, paints: Sequence[Paint]) -> Bool[Array, " N"]:
    """No learning and no graph: cosine with what was clicked, less that with what was not meant.

    The cut is Otsu's.
    """
    evidence = lift_paint(prepared.gaussians, merged(paints))
    x = unit(prepared.uplifted.features)
    likeness = x @ (evidence.positive @ x / max(float(evidence.positive.sum()), 1e-12))
    if evidence.negative.any():
        likeness -= x @ (evidence.negative @ x / float(evidence.negative.sum()))
    seen = prepared.uplifted.seen
    if not seen.any() or np.ptp(likeness[seen]) == 0:
        return np.zeros(len(x), bool)
    return np.asarray(seen & (likeness > threshold_otsu(likeness[seen])))


def paper(prepared: Prepared, paints: Sequence[Paint], *, job: Job = SILENT) -> Bool[Array, " N"]:
    """The paper's flood and its P by regression (section 4.2), which know positive prompts only.

    Bandwidths and cut are those that agree best with the mask.
    """
    (paint,) = merged(paints)
    found = find_foreground(prepared, paint, SPIN, job=job)
    return found.segment.selected
