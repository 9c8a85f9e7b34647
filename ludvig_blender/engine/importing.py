"""From splat files to splat objects, without a step that Blender waits for.

A thread reads the file, or the engine does where NumPy does not suffice. Then the attributes are
set one per step. What Blender itself must wait for: storing one attribute (up to 11 ms per million
splats) and, before Blender 5.1, making a point cloud from a mesh (20 ms per million splats).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.io import formats
from ...ludvig_engine.planning.bounds import Ball
from ..data import making, reading, splats
from ..data.file_segments import Kept
from ..translation.say import say_report
from . import link, tasks, waiting


@dataclass(frozen=True)
class Imported:
    """A new splat object, in no collection yet, and the file that it has the splats of."""

    path: Path
    uid: int  # the object's session uid
    untouched: str
    notes: tuple[str, ...]
    ball: Ball  # around the scene without floaters, in the file's frame
    up: np.ndarray | None  # (3,), where that is up; None if the splats do not say
    segments: tuple[Kept, ...]  # that the file has


@dataclass(frozen=True)
class Outcome:
    """What came of several files, some of which may be bad."""

    imported: tuple[Imported, ...]
    errors: tuple[EngineError, ...]


def steps(paths: Sequence[Path]) -> tasks.Steps[Outcome]:
    """The steps to new objects of these files. None of them is left if the steps end early.

    Raises the first file's `EngineError` if no file could be read.
    """
    imported: list[Imported] = []
    errors: list[EngineError] = []
    scene = _scene()
    try:
        for path in paths:
            try:
                imported.append((yield from _one(path)))
            except EngineError as error:
                if error.kind in tasks.QUIET:
                    raise
                errors.append(error)
        if scene != _scene():
            raise EngineError("changed", "Another file was opened during the import.")
        if not imported:
            raise errors[0]
    except BaseException:
        for thing in imported:
            splats.remove(thing.uid)
        raise
    return Outcome(tuple(imported), tuple(errors))


def _one(path: Path) -> tasks.Steps[Imported]:
    content = yield from _read(path)
    if content is None:
        content = yield from _ask(path)
    # Before Blender 5.1 that leaves Edit Mode, under the hands of a user who moves something there.
    yield waiting.Until(lambda: making.RESIZABLE or bpy.app.background or not _busy())
    name = path.parent.name if formats.is_unpacked(path) else path.stem
    thing = yield from making.steps(name, content.columns)
    kept = content.untouched, content.notes, content.ball, content.up, content.segments
    return Imported(path, thing.session_uid, *kept)


def _read(path: Path) -> tasks.Steps[reading.Content | None]:
    # Not in the pool, whose two threads the engine needs as well.
    work = waiting.Work(lambda work: reading.read(path, work.check))
    try:
        return (yield work)
    finally:
        work.cancel()


def _ask(path: Path) -> tasks.Steps[reading.Content]:
    from ...ludvig_engine.wire.methods import ReadSplats

    try:
        answer = yield from link.asking(ReadSplats(str(path.absolute())))
    except EngineError as error:
        if error.kind != "not_installed":
            raise
        what = say_report(
            "{name} is in a format that only the engine reads. {why}",
            name=path.name,
            why=say_report(error.message),
        )
        raise EngineError(error.kind, what, error.fixes) from error
    return (yield waiting.in_thread(reading.received, path, answer))


def _busy() -> bool:
    """Whether the user is in the middle of a move, a stroke or the like outside of Object Mode."""
    manager = bpy.context.window_manager
    assert manager is not None
    operators = (len(window.modal_operators) for window in manager.windows)
    return bpy.context.mode != "OBJECT" and any(operators)


def _scene() -> int:
    """The session uid of the first scene, which is another one in every file that is opened."""
    return bpy.data.scenes[0].session_uid
