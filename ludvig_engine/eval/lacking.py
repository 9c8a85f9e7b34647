"""What a dataset's folder lacks: all of it is told before hours of work begin."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol, runtime_checkable

from ..errors import EngineError, plural
from ..io.views import load_views
from ..scene.cameras import find_view
from .datasets import splats_of

TOLD = 8  # of what is missing; more would not be read


@runtime_checkable
class Task(Protocol):
    """What all benchmarks' tasks have."""

    @property
    def name(self) -> str: ...

    @property
    def scene(self) -> Path: ...

    @property
    def named(self) -> Iterable[str]:
        """The views that the task names."""

    @property
    def files(self) -> Iterable[Path]:
        """The files that it reads besides the scene."""


@dataclass
class Lacks:
    """Collects what is missing, in sentences for people."""

    # The tasks that are asked for; empty: all. What others lack does not matter.
    only: Collection[str] = ()
    found: list[str] = field(default_factory=list)

    @contextmanager
    def noted(self, task: str = "") -> Iterator[None]:
        """Go on after something is missing that belongs to a task."""
        try:
            yield
        except EngineError as error:
            if error.kind != "not_found":
                raise
            if not task or not self.only or task in self.only:
                self.found.append(error.message)

    def tell(self, root: Path, benchmark: ModuleType) -> None:
        """Raise `EngineError` "not_found" if something is missing, with the layout as published."""
        lines = list(dict.fromkeys(self.found))
        if not lines:
            return
        more = [f"{len(lines) - TOLD:,} more."] if len(lines) > TOLD else []
        raise EngineError(
            "not_found",
            f"{root} is not complete: {plural(len(lines), 'thing')} missing. "
            + " ".join([*lines[:TOLD], *more]),
            [
                "Download what is missing, or choose scenes that are complete with --scene.",
                "The layout:",
                *layout(benchmark),
            ],
        )


def layout(benchmark: ModuleType) -> list[str]:
    """The lines about the folders in a benchmark's description."""
    found = re.search(r"^ *DATA/.*?(?=\n\n)", benchmark.__doc__ or "", re.MULTILINE | re.DOTALL)
    return [line.strip() for line in found[0].splitlines()] if found else []


def check(tasks: Sequence[Task], root: Path, benchmark: ModuleType) -> None:
    """Look for the splats, the cameras, the photos and the files of all tasks.

    Raises `EngineError` "not_found" with everything that is missing, and the errors of
    `load_views` for damaged cameras.
    """
    lacks = Lacks()
    for scene in dict.fromkeys(task.scene for task in tasks):
        named = [name for task in tasks if task.scene == scene for name in task.named]
        with lacks.noted():
            splats_of(scene)
        with lacks.noted():
            views, _ = load_views(scene, need_photos=False)
            if not any(view.pictured for view in views):
                lacks.found.append(f"{scene} has cameras, but none of their photos.")
            for name in dict.fromkeys(named):
                with lacks.noted():
                    if not find_view(views, name).pictured:
                        lacks.found.append(f"{scene} has no photo {name}.")
    for path in dict.fromkeys(path for task in tasks for path in task.files):
        if not path.exists():
            lacks.found.append(f"There is no {path}.")
    lacks.tell(root, benchmark)
