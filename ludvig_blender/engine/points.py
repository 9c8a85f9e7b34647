"""Reads a splat object for the engine: one attribute a step, with memory that a thread prepares.

Each step looks the object up again, because undo, loading a file or the user may have replaced,
renamed or deleted it.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.wire.methods import Cloud
from ..data import attributes, changes, frame, splats
from ..translation.say import say_report
from . import tasks, waiting

if TYPE_CHECKING:
    from ..data.types import SplatObject

# By session uid: `changes.state()` when it was computed, and `splats.identity`.
_digests: dict[int, tuple[tuple[int, int], str]] = {}


class Points:
    """The points of a splat object."""

    def __init__(self, thing: bpy.types.Object) -> None:
        self.uid, self.name = thing.session_uid, thing.name

    def thing(self) -> SplatObject:
        """The object as it is now. Raises `EngineError` "gone"."""
        thing = splats.with_uid(self.uid)
        if not splats.is_splats(thing):
            what = say_report('"{name}" is gone, so the result was dropped.', name=self.name)
            raise EngineError("gone", what)
        self.name = thing.name
        return thing

    def changed(self, when: str) -> EngineError:
        """The error that the splats are not what they were."""
        what = say_report('"{name}" was changed {when}.', name=self.name, when=say_report(when))
        return EngineError("changed", what, ["Try again."])

    def cloud(self, values: Mapping[str, np.ndarray]) -> tasks.Steps[Cloud]:
        """The Gaussians to send, in the frame of their file, read one coefficient per step."""
        count, coefficients = len(values["position"]), splats.sh_count(self.thing().data)
        shN = yield waiting.in_thread(np.zeros, (count, coefficients, 3), np.float32)
        for k in range(coefficients):
            memory = yield self._memory(f"radiance:sh_{k}")
            band = attributes.get(self.thing().data, f"radiance:sh_{k}", memory)
            if band is None or len(band) != count:
                raise self.changed("while it was read")
            yield waiting.in_thread(shN.__setitem__, (slice(None), k), band)
        base = values[splats.BASE]
        means = yield waiting.in_thread(np.add, values["position"], frame.origin(self.thing()))
        return Cloud(
            means=means,
            quats=values["rotation"],
            scales=values["scale"],
            opacities=base[:, 3],
            sh0=base[:, None, :3],
            shN=shN,
        )

    def identity(self) -> tasks.Steps[str]:
        """`splats.identity`, computed in a thread unless nothing has changed since."""
        known = _digests.get(self.uid)
        # In the background nothing notifies us of what a script changes.
        if known and known[0] == changes.state() and not bpy.app.background:
            return known[1]
        state = changes.state()
        values = yield from self.values()
        identity = yield waiting.in_thread(splats.digest, values)
        if splats.with_uid(self.uid) is not None:
            _digests[self.uid] = state, identity
        return identity

    def values(self, *further: str) -> tasks.Steps[dict[str, np.ndarray]]:
        """The attributes of the schema, and further ones if they are there, read one per step.

        All are read again if they change meanwhile.
        """
        while True:
            state, values = changes.state(), dict[str, np.ndarray]()
            there = [name for name in further if name in self.thing().data.attributes]
            for name in (*splats.SCHEMA, *there):
                memory = yield self._memory(name)
                values[name] = splats.required(self.thing().data, name, memory)
            if state == changes.state() and len({len(v) for v in values.values()}) == 1:
                return values

    def _memory(self, name: str) -> Future[np.ndarray]:
        return waiting.in_thread(attributes.prepare, attributes.nbytes(self.thing().data, name))
