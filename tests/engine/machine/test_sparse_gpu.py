"""Products on the GPU. Without a GPU the same code runs on torch's CPU device."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from scipy.sparse import random as random_sparse

torch = pytest.importorskip("torch")

from ludvig_engine.errors import Cancelled, EngineError  # noqa: E402
from ludvig_engine.machine import device, sparse, sparse_gpu  # noqa: E402
from ludvig_engine.machine.sparse import operator  # noqa: E402
from ludvig_engine.machine.sparse_gpu import GpuOperator, on_gpu  # noqa: E402
from ludvig_engine.progress import Job  # noqa: E402
from ludvig_engine.service.recent import size_of  # noqa: E402

MATRIX = random_sparse(300, 300, 0.1, "csr", np.float32, random_state=0)
ON_GPU = pytest.param("cuda", marks=pytest.mark.gpu)


@pytest.fixture(params=["cpu", ON_GPU])
def place(request, monkeypatch):
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip(f"torch {torch.__version__} finds no GPU: sparse products on it are NOT tested")
    monkeypatch.setattr(sparse_gpu, "DEVICE", request.param)


@pytest.mark.parametrize("shape", [(300,), (300, 1), (300, 5)])
def test_product(place, shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = on_gpu(MATRIX, lambda: sparse.sliced(MATRIX))(x)
    assert found.shape == shape and found.dtype == np.float32
    np.testing.assert_allclose(found, operator(MATRIX)(x), rtol=1e-4, atol=1e-5)


def test_its_size_is_that_of_its_entries(place):
    # What is prepared for clicks holds such matrices. When they counted as dense ones, they alone
    # were beyond any limit, and everything was dropped and prepared again for each click.
    made = on_gpu(MATRIX, lambda: sparse.sliced(MATRIX))
    assert size_of(made) == 4 * (len(MATRIX.indptr) + 2 * MATRIX.nnz)


def test_cancelling(place):
    class Stop(Job):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        on_gpu(MATRIX, lambda: sparse.sliced(MATRIX))(np.ones(300, np.float32), job=Stop())


def test_chosen_for_large_matrices_where_there_is_a_gpu(monkeypatch, caplog):
    monkeypatch.setattr(sparse_gpu, "DEVICE", "cpu")
    assert not isinstance(operator(MATRIX), GpuOperator)
    monkeypatch.setattr(sparse, "gpu", lambda: True)
    assert not isinstance(operator(MATRIX), GpuOperator), "too small"
    monkeypatch.setattr(sparse, "LARGE", 1000)
    assert isinstance(operator(MATRIX), GpuOperator)

    def full(matrix, otherwise):
        raise EngineError("out_of_memory", "The graph does not fit into the memory of the GPU.")

    monkeypatch.setattr(sparse_gpu, "on_gpu", full)
    assert not isinstance(operator(MATRIX), GpuOperator)
    assert "Diffusing on the CPU" in caplog.text and "does not fit" in caplog.text


def test_vectors_that_do_not_fit_go_to_the_cpu_with_a_note(place):
    class Full:
        def __matmul__(self, other):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")

    class Noted(Job):
        notes: ClassVar[list[str]] = []

        def note(self, text):
            self.notes.append(text)

    x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    full = GpuOperator(Full(), sparse_gpu.DEVICE, lambda: sparse.sliced(MATRIX))
    np.testing.assert_allclose(full(x, job=Noted()), MATRIX @ x, rtol=1e-4, atol=1e-5)
    assert len(Noted.notes) == 1 and "does not fit" in Noted.notes[0] and "CPU" in Noted.notes[0]


def test_is_there_a_gpu(monkeypatch):
    device.gpu.cache_clear()
    monkeypatch.delenv("LUDVIG_DEVICE", raising=False)
    monkeypatch.setattr(device.programs, "find", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(device, "works", lambda kind: kind == "cuda")
    assert device.gpu()
    device.gpu.cache_clear()
    for name in ("cpu", "mps", "auto", "cuda", ""):
        device.gpu.cache_clear()
        monkeypatch.setenv("LUDVIG_DEVICE", name)
        assert device.gpu() == (name not in ("cpu", "mps"))
    device.gpu.cache_clear()
