"""What a sparse matrix is to its users: something that can be applied to vectors."""

from __future__ import annotations

from ..arrays import Array, Float
from ..progress import SILENT, Job


class Operator:
    """A matrix to be applied to many vectors."""

    def __call__(
        self, x: Float[Array, "M *C"], *, job: Job = SILENT, threads: int = 0
    ) -> Float[Array, "N *C"]:
        """matrix @ x for a vector or a few columns."""
        raise NotImplementedError
