"""Another number of splats in an object: some of its own stay, and new ones follow them.

What the splats that stay have, of whatever attribute, stays with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...ludvig_engine.io.activation import log_scales, logits
from . import attributes, changes, making, parts, reading, segments, splats

if TYPE_CHECKING:
    from ...ludvig_engine.scene import Gaussians
    from .types import SplatObject

NOWHERE = -1  # the row in the file, and the leaf, of a splat that has none
BEYOND = 255  # readings: more than there are, so that a new splat is in none of them


def replace(thing: SplatObject, kept: np.ndarray, new: Gaussians) -> None:
    """Let an object consist of its splats `kept`, (N,) bool, and after them of the `new` ones.

    No splat is selected then, no new one is hidden, and new ones belong to no segment. Blender must
    be in Object Mode, because before 5.1 the points become another data-block.
    """
    old, staying = thing.data, int(kept.sum())
    added = _columns(old, new)
    columns: making.Columns = {}
    for name in attributes.names(old):
        values = attributes.get(old, name)
        assert values is not None
        _, more = added.get(name, ("", None))
        if more is None:
            more = np.full((len(new), *values.shape[1:]), _absent(name), values.dtype)
        columns[name] = old.attributes[name].data_type, np.concatenate([values[kept], more])
    cloud = making.resized(old, staying + len(new))
    for name, (type_, joined) in columns.items():
        attributes.put(cloud, name, type_, joined)
    splats.set_selection(cloud, np.zeros(staying + len(new), bool))
    changes.tell(thing)


def _columns(old: bpy.types.PointCloud, new: Gaussians) -> making.Columns:
    """The attributes of the new splats that are not the same for all of them."""
    columns = making.columns(new, rows=np.full(len(new), NOWHERE))
    stored = dict(zip(reading.STORED, (logits(new), log_scales(new), new.quats), strict=True))
    for name, values in stored.items():
        if name in old.attributes:
            columns[name] = reading.STORED[name], values
    return columns


def _absent(name: str) -> int:
    if name == parts.LEAF:
        return NOWHERE
    return BEYOND if name.startswith(segments.LEVELS) else 0
