"""From Blender's data to snapshots and styles: the only part of the display that reads attributes. Main thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from .. import attributes, splats
from .cloud import Snapshot
from .colors import Style


def find(uid: int) -> Any:
    """The object with this session uid, or None: objects may be renamed, undone or deleted at any time."""
    return next((thing for thing in bpy.data.objects if thing.session_uid == uid), None)


def evaluated(thing: Any) -> Any:
    """The point cloud as modifiers leave it, or None if they leave no splats."""
    cloud = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    return cloud if isinstance(cloud, bpy.types.PointCloud) and splats.is_splat_cloud(cloud) else None


@dataclass
class Reading:
    """A snapshot in the making, one attribute at a time: each is a pause of some ms for a million splats."""

    look: Style
    size: int
    arrays: dict[str, np.ndarray | None] = field(default_factory=dict)

    def step(self, cloud: Any) -> Snapshot | None:
        """Read the next attribute; the snapshot after the last. Raises `Changed` if points were added or removed."""
        if attributes.count(cloud) != self.size:
            raise Changed
        name = next(name for name in (*_FIELDS, "values") if name not in self.arrays)
        self.arrays[name] = _values(self.look, cloud) if name == "values" else attributes.get(cloud, _FIELDS[name])
        if name != "values":
            return None
        return Snapshot(**self.arrays, source=(self.look.mode, *self.look.names))  # type: ignore[arg-type]


class Changed(Exception):
    """The point cloud is no longer the one that is being read."""


_FIELDS = {
    "means": "position",
    "scales": "scale",
    "quats": "rotation",
    "base": splats.BASE,
    "selected": splats.SELECTION,
    "hidden": splats.HIDDEN,
}


def begin(thing: Any, cloud: Any) -> Reading:
    """Start reading an object's point cloud."""
    return Reading(style(thing), attributes.count(cloud))


def snapshot(thing: Any, cloud: Any) -> Snapshot:
    """A copy of what is drawn, without the harmonics: 7 ms per million splats."""
    reading = begin(thing, cloud)
    while (done := reading.step(cloud)) is None:
        pass
    return done


def _values(look: Style, cloud: Any) -> np.ndarray | None:
    if look.mode == "SEGMENTS":
        columns = [attributes.get(cloud, name) for name in look.names]
        missing = np.full(attributes.count(cloud), -np.inf, np.float32)
        return np.stack([missing if c is None else c for c in columns], axis=1) if columns else None
    values = attributes.get(cloud, look.names[0]) if look.names else None
    if values is None or values.ndim != (1 if look.mode == "SCORE" else 2):
        return None
    return values.astype(np.float32, copy=False)


def band(cloud: Any, k: int) -> np.ndarray | None:
    """Coefficient `k` of the harmonics beyond degree 0, (N, 3)."""
    return attributes.get(cloud, f"radiance:sh_{k}")


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
