"""Everything that renders or lifts takes the GPU if it is chosen, and the CPU if it is full."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import ludvig_engine as ludvig  # noqa: E402
from host_kernels import host_gpu  # noqa: E402
from imports import imports  # noqa: E402
from ludvig_engine.errors import EngineError  # noqa: E402
from ludvig_engine.eval import scannet  # noqa: E402
from ludvig_engine.progress import SILENT, Job, Shared  # noqa: E402
from ludvig_engine.rendering import back_end  # noqa: E402
from ludvig_engine.rendering.choice import load  # noqa: E402
from ludvig_engine.sam import multiview  # noqa: E402
from ludvig_engine.scene.raster import GSPLAT, Raster  # noqa: E402
from ludvig_engine.segmentation.painting import click, lift_paint  # noqa: E402
from ludvig_engine.service.stopwatch import Stopwatch  # noqa: E402
from ludvig_engine.uplifting import Sight, uplift  # noqa: E402
from scenes import look_at, random_gaussians  # noqa: E402

GAUSSIANS = random_gaussians(200, 3)
CAMERA = look_at((3, 0.5, 0.8))
RNG = np.random.default_rng(0)
SIGHTS = [Sight(CAMERA, RNG.random((3, 4, 5), np.float32))] * 2


class Noted(Job):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def chosen(monkeypatch):
    found = host_gpu()
    monkeypatch.setattr(back_end, "chosen", lambda job: found)
    return found


WORK = {
    "uplift": lambda: uplift(GAUSSIANS, SIGHTS).features,
    "uplift with other settings": lambda: (
        uplift(GAUSSIANS, SIGHTS, raster=Raster(antialiased=True, min_alpha=0.01)).features
    ),
    "refine": lambda: uplift(GAUSSIANS, SIGHTS, refine=2).features,
    "a click": lambda: lift_paint(GAUSSIANS, [click(CAMERA, 30, 20)]).positive,
    "paint for SAM in many views": lambda: multiview._lifted(
        GAUSSIANS, [click(CAMERA, 30, 20)], GSPLAT, SILENT
    ),
    "a picture": lambda: ludvig.render(GAUSSIANS, CAMERA),
    "labels of ScanNet": lambda: scannet._shares(
        GAUSSIANS, CAMERA, np.arange(43 * 61).reshape(43, 61) // 900, GSPLAT, SILENT
    )[0],
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_everything_runs_on_the_gpu(work, chosen, monkeypatch):
    got = work()
    assert chosen.launch.launched
    with monkeypatch.context() as context:
        context.setattr(back_end, "chosen", lambda job: None)
        expected = work()
    np.testing.assert_allclose(got, expected, atol=2e-4)


def test_nobody_else_asks_the_cpu():
    """Benchmarks do, the search for settings, which draws a few rows of a picture, the planning of
    views, which uses a projection twice, and the small views of clicks, which keep all weights.
    """
    package = Path(ludvig.__file__).parent
    cpu = re.compile(r"ludvig_engine\.rendering\.cpu(_lift)?(\.|$)")
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if path.parent.name != "bench" and any(map(cpu.match, imports(path, package)))
    }
    allowed = ("back_end", "choice", "cpu_lift", "trial")
    others = {"planning/sightings.py", "segmentation/small_view.py"}
    assert asking == {*others, *(f"rendering/{name}.py" for name in allowed)}


def full(*_, **__):
    raise EngineError("out_of_memory", "The scene does not fit into the memory of the GPU.")


@pytest.mark.parametrize("refine", [0, 1])
def test_a_full_gpu_leaves_the_work_to_the_cpu_with_a_note(chosen, monkeypatch, refine):
    for name in ("lift", "residual"):
        monkeypatch.setattr(type(chosen), name, full)
    job = Noted()
    got = uplift(GAUSSIANS, SIGHTS, refine=refine, job=job)
    monkeypatch.setattr(back_end, "chosen", lambda job: None)
    np.testing.assert_array_equal(got.features, uplift(GAUSSIANS, SIGHTS, refine=refine).features)
    assert len(job.notes) == 1 + refine
    assert "does not fit into the memory of the GPU" in job.notes[0] and "CPU" in job.notes[0]


def test_other_errors_end_the_job(chosen, monkeypatch):
    def broken(*_, **__):
        raise EngineError("bad_input", "This is not the GPU's fault.")

    monkeypatch.setattr(type(chosen), "render", broken)
    with pytest.raises(EngineError, match="not the GPU's fault"):
        back_end.render(GAUSSIANS, CAMERA, np.ones((200, 1), np.float32), raster=GSPLAT)


def test_notes_reach_the_answer_once():
    job = Noted()
    watch = Stopwatch(job)

    def work(inner):
        for _ in range(3):
            inner.note("The scene does not fit.")

    Shared(work, job=watch).result(job=watch)
    assert watch.notes() == ("The scene does not fit.",) and len(job.notes) == 3


def test_notes_of_silent_jobs_are_logged(caplog):
    SILENT.note("The scene does not fit.")
    assert "does not fit" in caplog.text


@pytest.mark.gpu
def test_a_gpu_that_is_really_full(monkeypatch):
    try:
        found = load()
    except EngineError as error:
        pytest.skip(f"a full GPU is NOT tested: {error}")
    monkeypatch.setattr(back_end, "chosen", lambda job: found)
    many = random_gaussians(100_000, 1, scale=0.01)
    some, job = [Sight(CAMERA, RNG.random((500, 4, 5), np.float32))], Noted()
    expected = uplift(many, some, job=job)
    assert not job.notes
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-4)  # 8 MB of 80 GB, where 200 MB are needed
    try:
        got = uplift(replace(many), some, job=job)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert len(job.notes) == 1 and "does not fit" in job.notes[0]
    np.testing.assert_allclose(got.features, expected.features, atol=2e-4)
