"""`ludvig merge`: the shards of `ludvig uplift --shard` become one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .arguments import File
from .common import AsJson, bars, nothing_kept


def command(
    shards: Annotated[list[Path], typer.Argument(help="What `ludvig uplift --shard` has written")],
    out: Annotated[
        Path,
        typer.Option(help="Write the features to this .safetensors, in file order"),
        File((".safetensors",)),
    ],
    json: AsJson = False,
) -> None:
    """Merge the shards of an uplift into the file that one `ludvig uplift` writes.

    The bits are the same, however many shards there are and in whatever order they are given.
    """
    from ..cluster import shard_files
    from .uplift import write

    with bars(json, nothing_kept) as job:
        found = shard_files.merge(shards, job=job)
    write(out, found.uplifted, found.about, found.notes, json)
