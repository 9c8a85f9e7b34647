"""What every command does with its arguments before it runs: `checked`.

* `~` at the start of a path means the user's home, also in `--out=~/x`, where no shell expands it.
* Numbers are finite; "nan" is a number for Python.
* Output paths, which are annotated with `File` or `Folder`, can be written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, get_args, get_type_hints

from ..errors import EngineError


@dataclass(frozen=True)
class File:
    """Marks a parameter as the path of a file that the command writes."""

    # Endings that fit, in lower case; a name without ending fits as well. Empty: all.
    endings: tuple[str, ...] = ()
    # Whether splats are written: then the table of formats knows the endings.
    splats: bool = False


@dataclass(frozen=True)
class Folder:
    """Marks a parameter as the path of a folder that the command writes files to."""


def checked(function: Callable[..., None]) -> Callable[..., None]:
    """A command that first looks at its arguments, which typer has converted.

    It raises `EngineError` for what cannot work, before anything is read or computed.
    """
    hints = get_type_hints(function, include_extras=True)
    marks = {
        name: mark
        for name, hint in hints.items()
        for mark in get_args(hint)[1:]
        if isinstance(mark, File | Folder)
    }

    @wraps(function)
    def called(**given: Any) -> None:
        values = {name: at_home(value) for name, value in given.items()}
        for name, value in values.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise EngineError(
                    "bad_input",
                    f"--{name.replace('_', '-')} {value} is not a finite number.",
                    ["Give another number."],
                )
        if marks:
            _check_outputs(marks, values)
        function(**values)

    return called


def at_home(value: Any) -> Any:
    """A path with the user's home in place of `~`, also in lists; other values as they are."""
    if isinstance(value, list):
        return [at_home(one) for one in value]
    if not isinstance(value, Path):
        return value
    try:
        return value.expanduser()
    except RuntimeError:  # ~nobody: there is no such user, but perhaps such a file
        return value


def _check_outputs(marks: dict[str, File | Folder], values: dict[str, Any]) -> None:
    # Imported here, because `ludvig serve` should not wait for NumPy before it is needed.
    from ..io.formats import writer
    from ..io.targets import check_files, check_folder

    files: list[Path] = []
    folders: list[Path] = []
    for name, mark in marks.items():
        path = values[name]
        if path is None:
            continue
        if isinstance(mark, Folder):
            check_folder(path)
            folders.append(path)
            continue
        files.append(path)
        if mark.splats:
            writer(path)
        elif mark.endings and path.suffix and path.suffix.lower() not in mark.endings:
            raise EngineError(
                "bad_input",
                f"{path.name} has the ending {path.suffix}, "
                f"but --{name.replace('_', '-')} writes {' or '.join(mark.endings)}.",
                [f"Give it the ending {' or '.join(mark.endings)}."],
            )
    inputs = [
        given for name, value in values.items() if name not in marks for given in _read(value)
    ]
    check_files(files, folders=folders, inputs=inputs)


def _read(value: Any) -> Iterator[Path]:
    """The paths of input files that the value of a parameter names."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, list):  # folders, or prompts, some of which are VIEW=FILE
        yield from (one for one in value if isinstance(one, Path))
        yield from (at_home(Path(text.partition("=")[2])) for text in value if "=" in str(text))
