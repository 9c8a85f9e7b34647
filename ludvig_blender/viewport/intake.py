"""Reads the splat objects that are shown as they change, a little at a time; the worker packs them.

Blender reports that an object's geometry may have changed, but not what. So everything but the
harmonics is read again, one attribute per call of `step`, because each takes about a ms per million
splats. If the base color has changed, the harmonics follow, one coefficient per call. The worker
prepares the memory for each.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..data import attributes, splats
from . import reader
from .cloud import Cloud, update
from .worker import Worker

if TYPE_CHECKING:
    from ..data.types import SplatObject

# Of an object with fewer splats all attributes are read at once, which takes about 2 ms.
SMALL = 20_000


class Intake:
    """What is known of each splat object, by session uid.

    The uid stays valid while objects are renamed, undone or deleted at any time.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._clouds: dict[int, Cloud] = {}
        self._stale: set[int] = set()
        self._readings: dict[int, reader.Reading] = {}
        # The harmonics still to be read: uid, color version, coefficient.
        self._bands: list[tuple[int, int, int]] = []
        self._memory: np.ndarray | None = None  # for the next attribute

    def changed(self, depsgraph: bpy.types.Depsgraph) -> None:
        """Note the objects whose geometry may have changed according to Blender."""
        for change in depsgraph.updates:
            if change.is_updated_geometry and isinstance(change.id, bpy.types.Object):
                self._stale.add(change.id.original.session_uid)

    def read_again(self, thing: bpy.types.Object | bpy.types.PointCloud | None = None) -> None:
        """Look for changes in one object, in all objects of a point cloud, or (None) in all."""
        same = [o for o in bpy.data.objects if thing in (None, o, o.data)]
        self._stale.update(o.session_uid for o in same)

    def cloud(self, thing: SplatObject) -> Cloud | None:
        """What is known of a splat object. If it may have changed, this starts reading it again."""
        uid = thing.session_uid
        due = uid in self._stale or uid not in self._clouds
        if due and uid not in self._readings and not self._worker.busy(("read", uid)):
            self._begin(uid, thing)
        return self._clouds.get(uid)

    def _begin(self, uid: int, thing: SplatObject) -> None:
        self._stale.discard(uid)
        points = reader.evaluated(thing)
        if points is None:
            self._clouds.pop(uid, None)
            return
        self._readings[uid] = reader.begin(thing, points)
        while uid in self._readings and self._readings[uid].size < SMALL:
            self._read(uid, points)

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do."""
        return bool(self._readings or self._bands)

    def step(self) -> bool:
        """Read one attribute of an object, or one coefficient of its harmonics.

        Returns whether the viewports must be redrawn.
        """
        if not self._readings:
            return self._read_band()
        uid = next(iter(self._readings))
        thing = splats.with_uid(uid)
        points = reader.evaluated(thing) if thing is not None else None
        if points is None:
            del self._readings[uid]
        elif self._prepared(points, self._readings[uid].next):
            self._read(uid, points)
            if uid in self._readings:
                self._prepared(points, self._readings[uid].next)
        return uid in self._stale

    def _prepared(self, points: bpy.types.PointCloud, name: str | None) -> bool:
        """Whether there is memory for this attribute. If not, the worker starts preparing it."""
        size = attributes.nbytes(points, name) if name else 0
        ready = self._memory.nbytes if self._memory is not None else 0
        if ready != size and not self._worker.busy("memory"):
            arrived = partial(setattr, self, "_memory")
            self._worker.submit("memory", partial(attributes.prepare, size), arrived, seen=False)
        return ready == size

    def _read(self, uid: int, points: bpy.types.PointCloud) -> None:
        """Read one attribute. After the last one the worker compares and packs them."""
        reading, memory = self._readings[uid], self._memory
        self._memory = None
        try:
            reading.step(points, memory)
        except reader.Changed:
            self._stale.add(uid)
            del self._readings[uid]
            return
        if reading.next is None:
            del self._readings[uid]
            known = self._clouds.get(uid)
            arrived = partial(self._arrived, uid, splats.sh_count(points))
            self._worker.submit(("read", uid), lambda: update(known, reading.snapshot()), arrived)

    def _arrived(self, uid: int, coefficients: int, cloud: Cloud) -> None:
        self._clouds[uid] = cloud
        self._bands = [entry for entry in self._bands if entry[0] != uid]
        self._bands += [
            (uid, cloud.color_version, k) for k in range(len(cloud.bands), coefficients)
        ]

    def _read_band(self) -> bool:
        if not self._bands:
            return False
        uid, version, k = self._bands[0]
        thing, known = splats.with_uid(uid), self._clouds.get(uid)
        if thing is None or known is None or known.color_version != version or uid in self._stale:
            del self._bands[0]
            return False
        points, name = reader.evaluated(thing), reader.band_name(k)
        if points is not None and not self._prepared(points, name):
            return False
        del self._bands[0]
        values = attributes.get(points, name, self._memory) if points is not None else None
        self._memory = None
        if values is None or len(values) != len(known.snapshot):
            self._stale.add(uid)
            return True
        known.bands.append(values)
        if any(entry[0] == uid for entry in self._bands):
            assert points is not None
            self._prepared(points, name)  # all bands have the same size
            return False
        self._clouds[uid] = known.with_bands(known.bands)
        return True
