"""From Blender's data to snapshots and styles: the only part of the display that reads attributes. Main thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from ..data import attributes, splats
from .cloud import Snapshot
from .colors import Style


def evaluated(thing: Any) -> Any:
    """The point cloud as modifiers leave it, or None if they leave no splats."""
    cloud = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    return (
        cloud if isinstance(cloud, bpy.types.PointCloud) and splats.is_splat_cloud(cloud) else None
    )


_FIELDS = {
    "means": "position",
    "scales": "scale",
    "quats": "rotation",
    "base": splats.BASE,
    "selected": splats.SELECTION,
    "hidden": splats.HIDDEN,
}


class Changed(Exception):
    """The point cloud is no longer the one that is being read."""


@dataclass
class Reading:
    """A snapshot in the making, one attribute at a time: each is a pause of a ms for a million splats."""

    look: Style
    size: int
    arrays: dict[str, np.ndarray | None] = field(default_factory=dict)

    @property
    def next(self) -> str | None:
        """The attribute that is to be read next; None after the last."""
        return next(
            (name for name in (*_FIELDS.values(), *self.look.names) if name not in self.arrays),
            None,
        )

    def step(self, cloud: Any, memory: np.ndarray | None = None) -> None:
        """Read the next attribute, into `memory` if given. Raises `Changed` if points were added or removed."""
        if attributes.count(cloud) != self.size:
            raise Changed
        assert self.next is not None
        self.arrays[self.next] = attributes.get(cloud, self.next, memory)

    def snapshot(self) -> Snapshot:
        """What has been read. Any thread."""
        fields = {field: self.arrays[name] for field, name in _FIELDS.items()}
        return Snapshot(**fields, values=self._values(), source=(self.look.mode, *self.look.names))  # type: ignore[arg-type]

    def _values(self) -> np.ndarray | None:
        columns = [self.arrays[name] for name in self.look.names]
        if self.look.mode == "SEGMENTS":
            missing = np.full(self.size, -np.inf, np.float32)
            return (
                np.stack([missing if c is None else c for c in columns], axis=1)
                if columns
                else None
            )
        values = columns[0] if columns else None
        if values is None or values.ndim != (1 if self.look.mode == "SCORE" else 2):
            return None
        return values.astype(np.float32, copy=False)


def begin(thing: Any, cloud: Any) -> Reading:
    """Start reading an object's point cloud."""
    return Reading(style(thing), attributes.count(cloud))


def snapshot(thing: Any, cloud: Any) -> Snapshot:
    """A copy of what is drawn, without the harmonics."""
    reading = begin(thing, cloud)
    while reading.next is not None:
        reading.step(cloud)
    return reading.snapshot()


def band_name(k: int) -> str:
    """The attribute of coefficient `k` of the harmonics beyond degree 0, (N, 3)."""
    return f"radiance:sh_{k}"


def style(thing: Any) -> Style:
    """How the object's settings want it shown."""
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
        segments=tuple((tuple(segment.color), segment.threshold) for segment in segments),
    )
