"""`ludvig bench cuda` compares every kind of work, and says so where there is no GPU."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from host_kernels import host_gpu
from ludvig_engine.bench import cuda, synthetic
from ludvig_engine.errors import EngineError
from ludvig_engine.rendering import choice


def test_figures():
    found = cuda.run(
        host_gpu(), synthetic.gaussians(300), synthetic.cameras(2, 140, 98), channels=(3, 20)
    )
    for work in ("lift_3", "lift_20", "refine", "masks", "click", "render"):
        cpu, gpu, ratio = (found[f"{work}_{kind}"] for kind in ("cpu_s", "gpu_s", "ratio"))
        assert cpu > 0 and gpu > 0 and ratio == pytest.approx(cpu / gpu)
    assert found["gaussians"] == 300 and found["views"] == 2


def test_without_a_gpu(monkeypatch):
    monkeypatch.setattr(choice, "works", lambda kind: False)
    with pytest.raises(EngineError, match="finds no NVIDIA GPU"):
        cuda.load()


def test_different_results_are_no_figures():
    class Wrong(type(host_gpu())):
        def lift(self, *arguments, **options):
            found = super().lift(*arguments, **options)
            found.features[:] *= 1.01
            return found

    found = host_gpu()
    wrong = Wrong(found.launch, found.device, found.warp)
    with pytest.raises(AssertionError, match="differ"):
        cuda.run(wrong, synthetic.gaussians(300), synthetic.cameras(1, 140, 98))
