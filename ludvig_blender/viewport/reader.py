"""From Blender's data to snapshots and styles: the only part of the display that reads attributes. Main thread."""

from __future__ import annotations

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


def snapshot(thing: Any, cloud: Any) -> Snapshot:
    """A copy of what is drawn, without the harmonics: 7 ms per million splats."""
    base = attributes.get(cloud, splats.BASE)
    means, scales, quats = (attributes.get(cloud, name) for name in ("position", "scale", "rotation"))
    if base is None or means is None or scales is None or quats is None:
        raise ValueError(f'"{thing.name}" has splat attributes of an unexpected type')
    return Snapshot(
        means=means,
        scales=scales,
        quats=quats,
        base=base,
        selected=attributes.get(cloud, splats.SELECTION),
        hidden=attributes.get(cloud, splats.HIDDEN),
        values=_values(thing.ludvig, cloud),
    )


def _values(settings: Any, cloud: Any) -> np.ndarray | None:
    if settings.mode == "SEGMENTS":
        columns = [attributes.get(cloud, segment.attribute) for segment in settings.segments if segment.visible]
        empty = np.full(attributes.count(cloud), -np.inf, np.float32)
        return np.stack([empty if c is None else c for c in columns], axis=1) if columns else None
    values = attributes.get(cloud, settings.attribute) if settings.mode != "COLOR" else None
    if values is None or values.ndim != (1 if settings.mode == "SCORE" else 2):
        return None
    return values.astype(np.float32, copy=False)


def band(cloud: Any, k: int) -> np.ndarray | None:
    """Coefficient `k` of the harmonics beyond degree 0, (N, 3)."""
    return attributes.get(cloud, f"radiance:sh_{k}")


def style(thing: Any) -> Style:
    """How the object's settings want it shown."""
    settings = thing.ludvig
    return Style(
        mode=settings.mode,
        sh_degree=settings.sh_degree,
        low=settings.low,
        high=settings.high,
        strength=settings.strength,
        segments=tuple((tuple(s.color), s.threshold) for s in settings.segments if s.visible),
    )
