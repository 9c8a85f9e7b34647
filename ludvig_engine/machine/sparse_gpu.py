"""Sparse times dense on an NVIDIA GPU, with torch alone.

`sparse.operator` chooses it if there is a GPU.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ..arrays import Array, Float
from ..errors import EngineError
from ..progress import SILENT, Job
from .device import ON_CPU, fitting, import_torch, release
from .operator import Operator

DEVICE = "cuda"


@dataclass(frozen=True)
class GpuOperator(Operator):
    """A matrix that stays on the GPU.

    The vectors, which are a thousandth of its size, are copied for each product. If they do not fit
    beside what else is there, the CPU takes over.
    """

    tensor: Any  # sparse CSR
    device: str
    otherwise: Callable[[], Operator]  # the same matrix on the CPU

    def __call__(
        self, x: Float[Array, "M *C"], *, job: Job = SILENT, threads: int = 0
    ) -> Float[Array, "N *C"]:
        """matrix @ x for a vector or a few columns."""
        job.check()
        dense = np.ascontiguousarray(x, np.float32).reshape(len(x), -1)
        try:
            with fitting(self.device, "The graph"):
                there = import_torch().from_numpy(dense).to(self.device)
                out: Array = (self.tensor @ there).cpu().numpy()
        except EngineError as error:
            told = str(error)
        else:
            return out.reshape(len(out), *x.shape[1:])
        release()
        job.note(f"{told} {ON_CPU}")
        return self.otherwise()(x, job=job, threads=threads)


def on_gpu(matrix: csr_matrix, otherwise: Callable[[], Operator]) -> GpuOperator:
    """Copy a matrix to the GPU. Raises `EngineError` "out_of_memory"."""
    torch = import_torch()
    parts = (
        torch.from_numpy(np.ascontiguousarray(part)) for part in (matrix.indptr, matrix.indices)
    )
    with fitting(DEVICE, "The graph"), warnings.catch_warnings():
        # torch warns that these are in beta, which they have been since 2021, and some releases
        # that invariants are not checked, although they are told not to.
        warnings.filterwarnings("ignore", "Sparse (CSR|invariant)", UserWarning)
        indptr, indices = (part.to(DEVICE, torch.int32) for part in parts)
        values = torch.from_numpy(matrix.data.astype(np.float32)).to(DEVICE)
        tensor = torch.sparse_csr_tensor(
            indptr, indices, values, size=matrix.shape, check_invariants=False
        )
    return GpuOperator(tensor, DEVICE, otherwise)
