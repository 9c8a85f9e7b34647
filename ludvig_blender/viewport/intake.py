"""The splat objects that are shown, read from Blender as they change: a little at a time, packed by the worker.

Blender tells that an object's geometry may have changed, not what. Everything but the harmonics is read again, one
attribute per call of `step`, as each is a pause of a ms for a million splats; the harmonics follow when the base
colour has changed, one coefficient per call. The worker prepares the memory for each.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import bpy
import numpy as np

from ..data import attributes, splats
from . import reader
from .cloud import Cloud, update
from .worker import Worker

SMALL = 20_000  # splats of which all attributes are read in one go: some 2 ms, memory included


class Intake:
    """What is known of each splat object, by session uid: objects may be renamed, undone or deleted at any time."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._clouds: dict[int, Cloud] = {}
        self._stale: set[int] = set()
        self._readings: dict[int, reader.Reading] = {}
        self._bands: list[
            tuple[int, int, int]
        ] = []  # uid, colour version, coefficient: still to be read
        self._memory: np.ndarray | None = None  # for what is read next

    def changed(self, depsgraph: Any) -> None:
        """Note what Blender says has changed."""
        for change in depsgraph.updates:
            if change.is_updated_geometry and isinstance(change.id, bpy.types.Object):
                self._stale.add(change.id.original.session_uid)

    def read_again(self, thing: Any = None) -> None:
        """Look for changes in an object, in all that show a point cloud, or in all there are."""
        same = [o for o in bpy.data.objects if thing in (None, o, o.data)]
        self._stale.update(o.session_uid for o in same)

    def cloud(self, thing: Any) -> Cloud | None:
        """What is known of a splat object; if it may have changed, that is being looked into from now on."""
        uid = thing.session_uid
        due = uid in self._stale or uid not in self._clouds
        if due and uid not in self._readings and not self._worker.busy(("read", uid)):
            self._begin(uid, thing)
        return self._clouds.get(uid)

    def _begin(self, uid: int, thing: Any) -> None:
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
        """Read one attribute of an object, or one coefficient of its harmonics; whether something is to be redrawn."""
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

    def _prepared(self, points: Any, name: str | None) -> bool:
        """Whether there is memory for this attribute; if not, let the worker prepare it."""
        size = attributes.nbytes(points, name) if name else 0
        ready = self._memory.nbytes if self._memory is not None else 0
        if ready != size and not self._worker.busy("memory"):
            arrived = partial(setattr, self, "_memory")
            self._worker.submit("memory", partial(attributes.prepare, size), arrived, seen=False)
        return ready == size

    def _read(self, uid: int, points: Any) -> None:
        """Read one attribute; after the last one let the worker compare and pack."""
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
            known, arrived = (
                self._clouds.get(uid),
                partial(self._arrived, uid, splats.sh_count(points)),
            )
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
            self._prepared(points, name)  # all are of one size
            return False
        self._clouds[uid] = known.with_bands(known.bands)
        return True
