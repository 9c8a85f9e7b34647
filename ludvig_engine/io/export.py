"""Write some of a file's splats to another file, whatever formats the two are.

The ending of the target decides. Rows between files of one format are copied bit by bit where that
is possible; else the values that the reader gives are written anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..arrays import Array, Bool
from ..errors import EngineError
from .formats import Format, by_ending, function, recognize, writer
from .splats import read_splats


def export(
    source: str | os.PathLike[str], target: str | os.PathLike[str], keep: Bool[Array, " F"]
) -> None:
    """Write the splats of the rows `keep` of a splat file to another one, in the file's order.

    Properties that the source has beside those of splats are kept if both formats can hold them.
    Raises `EngineError` "bad_input" if the target cannot be written, `keep` does not have as many
    rows as the file or selects none; and the errors of `read_splats` and of the writer.
    """
    write, copy = writer(target), _copier(source, target)
    if copy:
        function(copy)(source, target, keep)
        return
    splats = read_splats(source)
    if keep.shape != splats.valid.shape or keep.dtype != bool:
        raise EngineError(
            "bad_input",
            f"The selection has {keep.size:,} values (shape {keep.shape}), "
            f"but {Path(source).name} has {len(splats.valid):,} splats.",
            ["Use the result that was made from this file."],
        )
    extras = {name: column[keep] for name, column in splats.extras.items()}
    write(target, splats.gaussians.take(keep), extras=extras)


def rewritten(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> str:
    """A note for the user if `export` cannot copy rows but has to write them anew; else ""."""
    if _copier(source, target):
        return ""
    return (
        f"{Path(target).name} holds the values of {Path(source).name} "
        f"({recognize(source).name}) written anew as {_named(target).name}."
    )


def _copier(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> str | None:
    format = recognize(source)
    return format.copy if format is by_ending(target) else None


def _named(target: str | os.PathLike[str]) -> Format:
    format = by_ending(target)
    assert format is not None  # `writer` has found it
    return format
