"""Makes snapshots and styles of Blender's data. Main thread only.

Apart from `intake`, which reads the harmonics, only this part of the display reads attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ..data import attributes, splats
from .cloud import Snapshot
from .colors import Style

if TYPE_CHECKING:
    from ..data.types import SplatObject


def evaluated(thing: bpy.types.Object) -> bpy.types.PointCloud | None:
    """The point cloud after the modifiers, or None if they leave no splats."""
    cloud = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    if isinstance(cloud, bpy.types.PointCloud) and splats.is_splat_cloud(cloud):
        return cloud
    return None


_FIELDS = {
    "means": "position",
    "scales": "scale",
    "quats": "rotation",
    "base": splats.BASE,
    "selected": splats.SELECTION,
    "hidden": splats.HIDDEN,
}


class Changed(Exception):
    """The point cloud has changed while it was being read."""


@dataclass
class Reading:
    """A snapshot being read, one attribute at a time.

    Each attribute takes about a ms per million splats, in which Blender has to wait.
    """

    look: Style
    size: int
    arrays: dict[str, np.ndarray | None] = field(default_factory=dict)

    @property
    def next(self) -> str | None:
        """The name of the attribute that is read next; None after the last."""
        return next(
            (name for name in (*_FIELDS.values(), *self.look.names) if name not in self.arrays),
            None,
        )

    def step(self, cloud: bpy.types.PointCloud, memory: np.ndarray | None = None) -> None:
        """Read the next attribute, into `memory` if given.

        Raises `Changed` if points were added or removed.
        """
        if attributes.count(cloud) != self.size:
            raise Changed
        assert self.next is not None
        self.arrays[self.next] = attributes.get(cloud, self.next, memory)

    def snapshot(self) -> Snapshot:
        """The snapshot, once everything is read. May be called in any thread."""
        # Any, because mypy cannot know that only optional fields are None here:
        # `splats.is_splat_cloud` has checked the others.
        fields: dict[str, Any] = {field: self.arrays[name] for field, name in _FIELDS.items()}
        return Snapshot(**fields, values=self._values(), source=(self.look.mode, *self.look.names))

    def _values(self) -> np.ndarray | None:
        columns = [self.arrays[name] for name in self.look.names]
        if self.look.mode == "SEGMENTS":
            missing = np.full(self.size, -np.inf, np.float32)
            found = [missing if c is None else c for c in columns]
            return np.stack(found, axis=1) if found else None
        values = columns[0] if columns else None
        if values is None or values.ndim != (1 if self.look.mode == "SCORE" else 2):
            return None
        return values.astype(np.float32, copy=False)


def begin(thing: SplatObject, cloud: bpy.types.PointCloud) -> Reading:
    """Start reading an object's point cloud."""
    return Reading(style(thing), attributes.count(cloud))


def snapshot(thing: SplatObject, cloud: bpy.types.PointCloud) -> Snapshot:
    """A copy of all that is drawn, without the harmonics."""
    reading = begin(thing, cloud)
    while reading.next is not None:
        reading.step(cloud)
    return reading.snapshot()


def band_name(k: int) -> str:
    """The name of the attribute (N, 3) with coefficient `k` of the harmonics beyond degree 0."""
    return f"radiance:sh_{k}"


def style(thing: SplatObject) -> Style:
    """How the object is shown according to its settings."""
    settings = thing.ludvig
    segments = [segment for segment in settings.segments if segment.visible]
    if settings.mode == "SEGMENTS":
        names = tuple(segment.attribute for segment in segments)
    else:
        names = () if settings.mode == "COLOR" else (settings.attribute,)
    return Style(
        mode=settings.mode,
        names=names,
        sh_degree=settings.sh_degree,
        low=settings.low,
        high=settings.high,
        strength=settings.strength,
        segments=tuple((_rgb(segment.color), segment.threshold) for segment in segments),
    )


def _rgb(color: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = color
    return red, green, blue
