"""A splat object as the engine knows it. The way for every request about splats:

    subject.of(thing).ask(RunSegment("", prompts), done=apply)       apply(thing, segment)

The scene is opened when it is first needed, and again when the splats have changed, or when the engine has forgotten
it or found other files. Arrays per splat, asked and answered, are in the order of the object's points. An answer is
delivered only if the splats are still those it was computed for; else it is dropped with a message. The object is
looked up again for each step, as undo, a new file or the user may have replaced, renamed or deleted it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...ludvig_engine.errors import Cancelled, EngineError
from ...ludvig_engine.wire.codec import array_type, hints
from ...ludvig_engine.wire.methods import Cloud, OpenScene, SceneOpened
from ..data import attributes, capture, changes, splats
from . import link, pump

# What the engine says of a scene that it no longer has, and of one whose files are no longer what they were.
FORGOTTEN = ("not_found", "changed")

_digests: dict[
    int, tuple[int, str]
] = {}  # by session uid: the version that was current, `splats.identity`


@dataclass(frozen=True)
class Opened:
    """The engine's scene of an object."""

    scene: SceneOpened
    identity: str  # of the splats it was opened with
    paths: tuple[str, str]  # cameras and photos
    rows: np.ndarray | None  # the file's row of each point; None: sent point by point


class Subject:
    """Made for each use by `of`."""

    def __init__(self, thing: Any) -> None:
        self.uid, self.name = thing.session_uid, thing.name

    def ask(
        self,
        request: Any,
        *,
        done: Callable[[Any, Any], object] | None = None,
        failed: Callable[[EngineError], object] | None = None,
        progress: Callable[[Any], object] | None = None,
        replaces: str = "",
        label: str = "",
    ) -> pump.Task:
        """As `link.ask`, but about the object: `scene` is filled in, and it is `done(thing, answer)`."""
        return link.begin(
            self._asking(link.with_word(request, replaces)),
            replaces,
            done=lambda answer: done(self.thing(), answer) if done else None,
            failed=failed,
            progress=progress,
            label=label,
        )

    def open(
        self,
        *,
        done: Callable[[Any, SceneOpened], object] | None = None,
        failed: Callable[[EngineError], object] | None = None,
        label: str = "Opening the scene",
    ) -> pump.Task:
        """Let the engine load splats and cameras, unless it has."""

        def deliver(opened: Opened) -> None:
            if done:
                done(self.thing(), opened.scene)

        return pump.start(self.opening(), done=deliver, failed=failed, label=label)

    @property
    def opened(self) -> SceneOpened | None:
        """What the engine has said of the object, if it was opened; the splats may have changed since."""
        connection = link.connection()
        known = connection.scenes.get(self.uid) if connection else None
        return known.scene if known else None

    def thing(self) -> Any:
        """The object as it is now. Raises `EngineError` "gone"."""
        thing = splats.with_uid(self.uid)
        if not splats.is_splats(thing):
            raise EngineError("gone", f'"{self.name}" is no longer there: the result was dropped.')
        self.name = thing.name
        return thing

    def _asking(self, request: Any) -> pump.Steps:
        opened = yield from self.opening()
        try:
            answer, opened = yield from self._answer(request, opened)
        except EngineError as error:
            if error.kind not in FORGOTTEN:
                raise
            opened = yield from self.opening(anew=True)
            answer, opened = yield from self._answer(request, opened)
            if error.kind == "changed" and hasattr(answer, "notes"):
                answer = dataclasses.replace(
                    answer, notes=(*answer.notes, f"Read again: {error.message}")
                )
        if (yield from self._identity()) != opened.identity:
            raise EngineError(
                "changed",
                f'"{self.name}" has changed meanwhile: the result was dropped.',
                ["Try again."],
            )
        return mapped(answer, lambda values: values if opened.rows is None else values[opened.rows])

    def _answer(self, request: Any, opened: Opened) -> pump.Steps:
        """The steps to the engine's answer, and the scene that it is about."""
        call = self._send(request, opened)
        try:
            # Looked at while the engine works, so it costs no time; it seldom is another.
            if (yield from self._identity()) != opened.identity:
                call.cancel()
                opened = yield from self.opening(anew=True)
                call = self._send(request, opened)
            return (yield call), opened
        finally:
            if not call.done:
                call.cancel()
            if connection := link.connection():
                connection.client.poll()

    def _send(self, request: Any, opened: Opened) -> Any:
        def to_rows(values: np.ndarray) -> np.ndarray:
            if opened.rows is None:
                return values
            everything = np.zeros((opened.scene.count, *values.shape[1:]), values.dtype)
            everything[opened.rows] = values
            return everything

        connection = link.connection()
        assert connection is not None
        return connection.client.send(
            dataclasses.replace(mapped(request, to_rows), scene=opened.scene.scene)
        )

    def opening(self, *, anew: bool = False) -> pump.Steps:
        """The steps to the engine's scene, an `Opened`."""
        connection = yield from link.running()
        known = connection.scenes.get(self.uid)
        if known is not None and known.paths == capture.folders(self.thing()) and not anew:
            return known
        task = connection.opening.get(self.uid)
        if task is None or task.done:
            task = pump.start(self._open(connection), failed=lambda error: None)
            connection.opening[self.uid] = task
        try:
            return (yield task)
        except (
            Cancelled
        ):  # by the user; a task that is superseded leaves it to the one that takes its place
            task.cancel()
            raise

    def _open(self, connection: link.Connection) -> pump.Steps:
        values = yield from self._values()
        identity = yield pump.in_thread(splats.digest, values)
        thing = self.thing()
        views, photos = paths = capture.folders(thing)
        rows = None
        path = capture.source(thing)
        if path:
            path = yield from self._untouched(values, path)
        if path:
            request = OpenScene(splats=path, views=views, photos=photos)
            rows = splats.rows(self.thing().data)
        else:
            request = OpenScene(cloud=(yield from self._cloud(values)), views=views, photos=photos)
        scene = yield from link.answered(connection.client, request)
        opened = connection.scenes[self.uid] = Opened(scene, identity, paths, rows)
        return opened

    def _untouched(self, values: Mapping[str, np.ndarray], path: str) -> pump.Steps:
        """The path of the file, if these are still its splats, else ""."""
        look = yield pump.in_thread(capture.look, values)
        return path if self.thing().ludvig_capture.untouched == look + capture.stamp(path) else ""

    def _cloud(self, values: Mapping[str, np.ndarray]) -> pump.Steps:
        """The Gaussians to send, read a coefficient at a time."""
        count, coefficients = len(values["position"]), splats.sh_count(self.thing().data)
        shN = yield pump.in_thread(np.zeros, (count, coefficients, 3), np.float32)
        for k in range(coefficients):
            memory = yield self._memory(f"radiance:sh_{k}")
            band = attributes.get(self.thing().data, f"radiance:sh_{k}", memory)
            if band is None or len(band) != count:
                raise EngineError(
                    "changed", f'"{self.name}" has changed while it was read.', ["Try again."]
                )
            yield pump.in_thread(shN.__setitem__, (slice(None), k), band)
        base = values[splats.BASE]
        return Cloud(
            means=values["position"],
            quats=values["rotation"],
            scales=values["scale"],
            opacities=base[:, 3],
            sh0=base[:, None, :3],
            shN=shN,
        )

    def _identity(self) -> pump.Steps:
        """`splats.identity`, of which the main thread notices nothing; at once if nothing has happened since."""
        known = _digests.get(self.uid)
        # No dependency graph tells a script what it has changed.
        if known and known[0] == changes.version and not bpy.app.background:
            return known[1]
        version = changes.version
        values = yield from self._values()
        identity = yield pump.in_thread(splats.digest, values)
        if splats.with_uid(self.uid) is not None:
            _digests[self.uid] = version, identity
        return identity

    def _values(self) -> pump.Steps:
        """The attributes of the schema, read one at a time; again if meanwhile they have changed."""
        while True:
            version, values = changes.version, dict[str, np.ndarray]()
            for name in splats.SCHEMA:
                memory = yield self._memory(name)
                values[name] = splats.required(self.thing().data, name, memory)
            if version == changes.version and len({len(v) for v in values.values()}) == 1:
                return values

    def _memory(self, name: str) -> Future[np.ndarray]:
        return pump.in_thread(attributes.prepare, attributes.nbytes(self.thing().data, name))


def of(thing: Any) -> Subject:
    """A splat object as the engine knows it."""
    return Subject(thing)


def mapped(message: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """A message with another order of its arrays per splat, which are those whose shape begins with N."""
    kinds = {name: array_type(hint) for name, hint in hints(type(message)).items()}
    per_splat = [name for name, kind in kinds.items() if kind and kind[1].split()[0] == "N"]
    changed = {
        name: change(value) for name in per_splat if (value := getattr(message, name)) is not None
    }
    return dataclasses.replace(message, **changed)
