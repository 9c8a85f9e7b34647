"""A scene: Gaussians, where each was in the file, and the views of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..arrays import Array, Int, Shaped
from ..errors import EngineError, plural
from .cameras import View, counted, find_view
from .gaussians import Gaussians
from .raster import GSPLAT, Raster, usual_distance


@dataclass(frozen=True)
class Scene:
    """Gaussians in Morton order, the row of the file each came from, and the views of them."""

    gaussians: Gaussians
    rows: Int[Array, " N"]  # row in the file of each Gaussian
    # The number of rows in the file, which is more than N if some were unusable.
    file_count: int
    views: tuple[View, ...] = ()
    path: Path | None = None
    raster: Raster = GSPLAT  # what its pictures are drawn with
    # What the user should know, such as how many rows were dropped.
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.gaussians)

    def __repr__(self) -> str:
        name = f"{self.path.name}, " if self.path else ""
        return f"Scene({name}{plural(len(self), 'splat')}, {counted(self.views)})"

    @property
    def distance(self) -> float:
        """The median distance from the cameras to the Gaussians, in scene units."""
        return usual_distance(self.gaussians.means, [view.camera.center for view in self.views])

    def to_file(self, values: Shaped[Array, "N ..."]) -> Shaped[Array, "F ..."]:
        """Values per Gaussian, brought into the file's order. Rows that were unusable get 0."""
        out = np.zeros((self.file_count, *values.shape[1:]), values.dtype)
        out[self.rows] = values
        return out

    def from_file(self, values: Shaped[Array, "F ..."]) -> Shaped[Array, "N ..."]:
        """Values per row of the file, brought into the engine's order.

        Raises `EngineError` "bad_input" if there are not as many values as rows in the file.
        """
        if len(values) != self.file_count:
            raise EngineError(
                "bad_input",
                f"There are {len(values):,} values, "
                f"but the splat file has {self.file_count:,} splats.",
                ["Use the result that was made from this file."],
            )
        return values[self.rows]

    def view(self, name: str) -> View:
        """The view called `name`, with or without its extension or folder.

        Raises `EngineError` "not_found" if no view, or more than one, has that name.
        """
        return find_view(self.views, name)
