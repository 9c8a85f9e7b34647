"""The interface of sparse matrices: something that can be applied to vectors."""

from __future__ import annotations

from scipy.sparse import csr_matrix

from ..arrays import Array, Float, Int
from ..progress import SILENT, Job


class Operator:
    """A matrix (N, M) that is applied to many vectors."""

    def __call__(
        self, x: Float[Array, "M *C"], *, job: Job = SILENT, threads: int = 0
    ) -> Float[Array, "N *C"]:
        """matrix @ x, for a vector (M,) or a few columns (M, C). Raises `Cancelled`."""
        raise NotImplementedError

    def near(
        self, rows: Int[Array, " R"], hops: int, most: int
    ) -> tuple[Int[Array, " M"], csr_matrix] | None:
        """The rows that `hops` products reach from some rows, and the matrix among them.

        None if they are more than `most`, or if this kind of matrix has no such shortcut.
        """
        return None
