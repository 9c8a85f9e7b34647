"""`everything:A[@SAM]`: the features of extractor A, averaged within the masks of a SAM.

SAM segments everything in the photo (sam/everything.py). Each segment is filled with the mean of
A's map over it, as OpenGaussian does with CLIP, so that the features get the sharp edges of the
masks. Where there is no segment the map stays as it is. The default SAM is `sam2`; another one is
named as in `everything:dinov2@sam:huge`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arrays import Array, Float, Int
from ..errors import EngineError
from ..machine.images import fitted_size
from ..scene import Photo
from . import Extractor, load_extractor
from .windows import interpolation

# Cells along the longer side, enough for sharp edges.
LONG_SIDE = 256


@dataclass(frozen=True)
class Everything:
    """The extractor A, and the SAM whose masks its maps are averaged in."""

    inner: Extractor
    segmenter: Any = field(repr=False, compare=False)  # holds one photo at a time
    parallel: bool = False

    @property
    def name(self) -> str:
        return f"{self.inner.name} within {self.segmenter.name}"

    @property
    def key(self) -> str:
        return f"everything-1({self.inner.key})({self.segmenter.key})"

    @property
    def licence(self) -> str:
        return " AND ".join(dict.fromkeys((self.inner.licence, self.segmenter.licence)))

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        from ..sam.everything import everything, paint

        self.segmenter.set_image(photo.pixels)
        labels = paint(everything(self.segmenter), photo.pixels.shape[:2])
        return filled(self.inner(photo), labels)


def filled(feature_map: Float[Array, "D a b"], labels: Int[Array, "H W"]) -> Float[Array, "D h w"]:
    """Replace the features of every label's cells by their mean; label 0 is left as it is.

    The result has at most `LONG_SIDE` cells along its longer side.
    """
    grid = fitted_size(labels.shape, limit=LONG_SIDE)
    centers = [(np.arange(n) + 0.5) / n for n in grid]
    rows, columns = (
        interpolation(at * count - 0.5, count)
        for at, count in zip(centers, feature_map.shape[1:], strict=True)
    )
    fine = np.ascontiguousarray(rows @ feature_map @ columns.T, np.float32)
    picked = [(at * side).astype(int) for at, side in zip(centers, labels.shape, strict=True)]
    label = labels[np.ix_(*picked)].ravel()
    flat = fine.reshape(len(fine), -1)
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    sums = np.add.reduceat(flat[:, order], starts, axis=1)
    counts = np.diff(np.append(starts, len(label)))
    means = (sums / counts).astype(np.float32)
    place = np.searchsorted(label[order][starts], label)
    flat[:, label > 0] = means[:, place[label > 0]]
    return fine


def load(argument: str, *, device: str) -> Everything:
    """Load both models. Raises `EngineError` "bad_input" or `weights.MissingWeights`."""
    from ..sam import load_segmenter

    inner, _, segmenter = argument.partition("@")
    if not inner:
        raise EngineError(
            "bad_input", '"everything" needs an extractor.', ["Write: everything:dinov2."]
        )
    return Everything(
        load_extractor(inner, device=device), load_segmenter(segmenter or "sam2", device=device)
    )
