"""The interface of sparse matrices: something that can be applied to vectors."""

from __future__ import annotations

from ..arrays import Array, Float
from ..progress import SILENT, Job


class Operator:
    """A matrix (N, M) that is applied to many vectors."""

    def __call__(
        self, x: Float[Array, "M *C"], *, job: Job = SILENT, threads: int = 0
    ) -> Float[Array, "N *C"]:
        """matrix @ x, for a vector (M,) or a few columns (M, C). Raises `Cancelled`."""
        raise NotImplementedError
