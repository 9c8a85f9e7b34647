"""A splat object as the engine knows it. Every request about splats goes through this:

    subject.of(thing).ask(ComputeFeatures(""), done=apply)       calls apply(thing, features)

The engine opens the scene at the first request, and again if the splats have changed, or if it has
forgotten the scene or finds that its files have changed. Arrays per splat, in requests and answers,
are in the order of the object's points. So a request with such arrays is made when it is sent, of
the points that are there then. An answer is delivered only if the splats are still those
it was computed for; else it is dropped with an error. Each step looks the object up again, because
undo, loading a file or the user may have replaced, renamed or deleted it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypedDict, TypeVar

import numpy as np

from ...ludvig_engine.errors import Cancelled, EngineError
from ...ludvig_engine.wire.codec import array_type, hints
from ...ludvig_engine.wire.methods import OpenScene, SceneOpened
from ..data import attributes, capture, scene_cameras, splats
from ..translation.say import say_report
from . import link, pump, tasks, waiting
from .opened import Opened
from .points import Points

if TYPE_CHECKING:
    from typing import Unpack

    from ...ludvig_engine.wire.client import Call
    from ...ludvig_engine.wire.methods import Request
    from ...ludvig_engine.wire.protocol import Progress
    from ..data.types import SplatObject

R = TypeVar("R")  # the answer to a request
M = TypeVar("M")  # a request or an answer

# The kinds of errors about a scene that the engine has forgotten, and about one whose files have
# changed.
FORGOTTEN = ("not_found", "changed")


class Shown(TypedDict, total=False):
    """Some of `tasks.Options`."""

    failed: Callable[[EngineError], object] | None
    progress: Callable[[Progress], object] | None
    label: str
    kind: str


class Subject(Points):
    """A splat object that the engine is asked about. Made for each use by `of`."""

    def ask(
        self,
        request: Request[R] | Callable[[SplatObject], Request[R]],
        *,
        done: Callable[[SplatObject, R], object] | None = None,
        replaces: str = "",
        **shown: Unpack[Shown],
    ) -> tasks.Task[R]:
        """Like `link.ask`, but about the object: fills in `scene`, calls `done(thing, answer)`.

        A request with arrays per splat is a function of the object. It is called whenever the
        request is sent, which may be minutes later and more than once.
        """

        def deliver(answer: R) -> None:
            if done:
                done(self.thing(), answer)

        def made(thing: SplatObject) -> Request[R]:
            return link.with_word(request(thing) if callable(request) else request, replaces)

        return link.begin(self._asking(made), replaces, done=deliver, **shown)

    def open(
        self,
        *,
        done: Callable[[SplatObject, SceneOpened], object] | None = None,
        failed: Callable[[EngineError], object] | None = None,
        label: str = "Opening the scene",
    ) -> tasks.Task[Opened]:
        """Let the engine load splats and cameras, unless it has done so."""

        def deliver(opened: Opened) -> None:
            if done:
                done(self.thing(), opened.scene)

        return pump.start(self.opening(), done=deliver, failed=failed, label=label)

    @property
    def opened(self) -> SceneOpened | None:
        """The engine's scene if it has opened one; the splats may have changed since."""
        connection = link.connection()
        known = connection.scenes.get(self.uid) if connection else None
        return known.scene if known else None

    def _asking(self, make: Callable[[SplatObject], Request[R]]) -> tasks.Steps[R]:
        """The steps to an answer in the order of the points; an outdated scene is opened again."""
        opened = yield from self.opening()
        try:
            answer, opened = yield from self._answer(make, opened)
        except EngineError as error:
            if error.kind not in FORGOTTEN:
                raise
            opened = yield from self.opening(anew=True)
            answer, opened = yield from self._answer(make, opened)
            if error.kind == "changed" and hasattr(answer, "notes"):
                notes = (*answer.notes, say_report("Read again: {why}", why=error.message))
                # Answers are dataclasses, though no type says so.
                answer = dataclasses.replace(answer, notes=notes)  # type: ignore[type-var]
        if (yield from self.identity()) != opened.identity:
            raise self.changed("during the computation, so the result was dropped")
        return mapped(answer, lambda values: values if opened.rows is None else values[opened.rows])

    def _answer(
        self, make: Callable[[SplatObject], Request[R]], opened: Opened
    ) -> tasks.Steps[tuple[R, Opened]]:
        """The steps to the engine's answer, and the scene that it is about."""
        call = None
        try:
            if opened.points == attributes.count(self.thing().data):
                call = self._send(make, opened)
            # Compared while the engine works, so that it costs no time. It rarely differs.
            if call is None or (yield from self.identity()) != opened.identity:
                if call is not None:
                    call.cancel()
                opened = yield from self.opening(anew=True)
                call = self._send(make, opened)
            return (yield call), opened
        finally:
            if call is not None and not call.done:
                call.cancel()
            if connection := link.connection():
                connection.client.poll()

    def _send(self, make: Callable[[SplatObject], Request[R]], opened: Opened) -> Call[R]:
        """Send a request about a scene, with its arrays in the order of the file's rows."""
        thing = self.thing()
        if attributes.count(thing.data) != opened.points:
            raise self.changed("while the engine read it")

        def to_rows(values: np.ndarray) -> np.ndarray:
            if len(values) != opened.points:
                raise self.changed("after the request was made")
            if opened.rows is None:
                return values
            everything = np.zeros((opened.scene.count, *values.shape[1:]), values.dtype)
            everything[opened.rows] = values
            return everything

        connection = link.connection()
        assert connection is not None
        # Every request about splats is a dataclass with a `scene`, though their common base is
        # none.
        changed: Request[R] = dataclasses.replace(
            mapped(make(thing), to_rows),  # type: ignore[type-var]
            scene=opened.scene.scene,
        )
        return connection.client.send(changed)

    def opening(self, *, anew: bool = False) -> tasks.Steps[Opened]:
        """The steps to the engine's scene; with `anew` the engine reads it again."""
        connection = yield from link.running()
        known = connection.scenes.get(self.uid)
        if known is not None and not anew and self._asked() == known.asked:
            return known
        task = connection.opening.get(self.uid)
        if task is None or task.done:
            task = pump.start(self._open(connection), failed=lambda error: None)
            connection.opening[self.uid] = task
        try:
            return (yield task)
        # The user has cancelled. A superseded task ends with another error, and the newer task
        # continues to wait.
        except Cancelled:
            task.cancel()
            raise

    def _asked(self) -> tuple[tuple[str, str], str, float]:
        """The files of cameras and photos, Blender's cameras, and the near plane asked for."""
        thing = self.thing()
        own = thing.ludvig_capture
        return capture.folders(thing), own.rendered_at, own.near

    def _open(self, connection: link.Connection) -> tasks.Steps[Opened]:
        values = yield from self.values(splats.ROW)
        rows = values.pop(splats.ROW, None)
        if rows is None:
            rows = np.arange(len(values["position"]), dtype=np.int32)
        identity = yield waiting.in_thread(splats.digest, values)
        thing = self.thing()
        asked = (views, photos), _, near = self._asked()
        cameras = () if views else scene_cameras.kept(thing)
        path = capture.source(thing)
        if path:
            path = yield from self._untouched(values, path)
        if path:
            request = OpenScene(
                splats=path, views=views, photos=photos, cameras=cameras, near=near or None
            )
        else:
            cloud = yield from self.cloud(values)
            source = capture.source(thing)
            request = OpenScene(
                cloud=cloud,
                views=views,
                photos=photos,
                cameras=cameras,
                source=source,
                near=near or None,
            )
        scene = yield from link.answered(connection.client, request)
        opened = connection.scenes[self.uid] = Opened(
            scene, identity, *asked, len(rows), rows if path else None
        )
        capture.keep_trained(self.thing(), scene.raster)
        return opened

    def _untouched(self, values: Mapping[str, np.ndarray], path: str) -> tasks.Steps[str]:
        """The path of the file, if the splats are still those in it, else ""."""
        look = yield waiting.in_thread(capture.look, values)
        return path if self.thing().ludvig_capture.untouched == look + capture.stamp(path) else ""


def of(thing: SplatObject) -> Subject:
    """A splat object as the engine knows it."""
    return Subject(thing)


def mapped(message: M, change: Callable[[np.ndarray], np.ndarray]) -> M:
    """A message with its arrays per splat changed: those whose shape begins with N."""
    # Messages are dataclasses, though no type says so.
    fields = hints(type(message))  # type: ignore[arg-type]
    kinds = {name: array_type(hint) for name, hint in fields.items()}
    per_splat = [name for name, kind in kinds.items() if kind and kind[1].split()[0] == "N"]
    changed = {
        name: change(value) for name in per_splat if (value := getattr(message, name)) is not None
    }
    return dataclasses.replace(message, **changed)  # type: ignore[type-var]
