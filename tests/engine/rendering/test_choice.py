"""CPU or GPU is decided by a measurement, which is kept; nothing that a GPU does wrong is fatal."""

from __future__ import annotations

import logging
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from waiting import wait_for  # noqa: E402

from host_kernels import host_gpu  # noqa: E402
from ludvig_engine.errors import Cancelled, EngineError  # noqa: E402
from ludvig_engine.progress import Job  # noqa: E402
from ludvig_engine.rendering import choice  # noqa: E402
from ludvig_engine.rendering.choice import Trial  # noqa: E402
from ludvig_engine.rendering.gpu import Gpu  # noqa: E402
from ludvig_engine.stages import TRY_GPU  # noqa: E402


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    choice.decided.cache_clear()
    monkeypatch.delenv("LUDVIG_DEVICE", raising=False)
    monkeypatch.setenv("LUDVIG_CACHE", str(tmp_path))
    monkeypatch.setattr(choice, "gpu", lambda: True)
    monkeypatch.setattr(choice, "load", host_gpu)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    yield monkeypatch
    choice.decided.cache_clear()


def trials(monkeypatch, *trials):
    made = []

    def tried(found):
        made.append(found)
        return trials[len(made) - 1]

    monkeypatch.setattr(choice, "tried", tried)
    return made


@pytest.mark.parametrize(
    ("trial", "won"),
    [
        (Trial(0.05, 0.01, 3e-7), True),
        (Trial(0.01, 0.05, 3e-7), False),
        (Trial(0.05, 0.01, 0.02), False),
        (Trial(0.05, 0.01, float("nan")), False),
    ],
    ids=["faster", "slower", "wrong", "not a number"],
)
def test_the_faster_one_is_chosen_and_the_measurement_kept(fresh, trial, won):
    made = trials(fresh, trial)
    for _ in range(3):
        choice.decided.cache_clear()  # as in another process
        assert (choice.chosen() is not None) == won
    assert len(made) == 1


def test_another_machine_is_measured_anew(fresh):
    made = trials(fresh, Trial(1, 2, 0), Trial(2, 1, 0), Trial(1, 2, 0))
    assert choice.chosen() is None
    choice.decided.cache_clear()
    fresh.setattr(torch.cuda, "get_device_name", lambda: "another GPU")
    assert choice.chosen() is not None
    choice.decided.cache_clear()
    fresh.setattr(choice, "cpu_count", lambda: 99)
    assert choice.chosen() is None and len(made) == 3


def test_a_cancelled_job_does_not_wait(fresh):
    reported = []

    class Impatient(Job):
        def report(self, stage, done, total):
            reported.append(stage)

        def cancelled(self):
            return measuring.is_set()

    measuring, goes_on = threading.Event(), threading.Event()

    def tried(found):
        measuring.set()
        goes_on.wait(60)
        return Trial(2, 1, 0)

    fresh.setattr(choice, "tried", tried)
    with pytest.raises(Cancelled):
        choice.chosen(Impatient())
    goes_on.set()
    assert reported == [TRY_GPU]
    assert choice.chosen() is not None
    # The thread that was left alone must not go on into the next test.
    assert wait_for(lambda: not any(t.name == "aside" for t in threading.enumerate()))


def test_it_can_be_forced(fresh):
    made = trials(fresh, Trial(1, 2, 0))
    fresh.setenv("LUDVIG_DEVICE", "cuda")
    assert choice.chosen() is not None and not made


def test_without_a_gpu_nothing_is_said(fresh, caplog):
    fresh.setattr(choice, "gpu", lambda: False)
    assert choice.chosen() is None and not caplog.records


def test_a_gpu_that_is_asked_for_but_not_there_is_told(fresh, caplog):
    def missing():
        raise EngineError("no_gpu", "torch finds no NVIDIA GPU.")

    fresh.setattr(choice, "gpu", lambda: False)
    fresh.setattr(choice, "load", missing)
    fresh.setenv("LUDVIG_DEVICE", "cuda")
    assert choice.chosen() is None
    assert "Rasterizing on the CPU. torch finds no NVIDIA GPU." in caplog.text


def test_wrong_results_are_told(fresh, caplog):
    trials(fresh, Trial(0.05, 0.01, 0.02))
    assert choice.chosen() is None
    assert "differ from the CPU's by 0.02" in caplog.text


@pytest.mark.parametrize(
    "failure",
    [
        EngineError("missing_package", "PyTorch cannot compile: none of nvrtc.dll is there."),
        RuntimeError("CUDA: no kernel image is available for execution on the device"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    ],
    ids=str,
)
@pytest.mark.parametrize("where", ["load", "tried"])
def test_failures_are_told_once(fresh, caplog, failure, where):
    def broken(*_):
        raise failure

    fresh.setattr(choice, where, broken)
    assert choice.chosen() is None and choice.chosen() is None
    assert len(caplog.records) == 1
    assert "Rasterizing on the CPU" in caplog.text and str(failure) in caplog.text


def test_the_trial_is_of_the_same_view(monkeypatch):
    for name, value in {"COUNT": 400, "WIDTH": 96, "HEIGHT": 64, "GRID": (4, 6)}.items():
        monkeypatch.setattr(choice, name, value)
    trial = choice.tried(host_gpu())
    assert trial.difference < 1e-5 and trial.cpu > 0 and trial.gpu > 0
    right = host_gpu()

    def all_but_one(kernel, *arguments, **options):
        if kernel != "multiply":
            right.launch(kernel, *arguments, **options)

    assert not choice.tried(Gpu(all_but_one, "cpu", warp=1)).won


def test_a_gpu_is_asked_for_its_name_and_torch_for_its_build(monkeypatch):
    monkeypatch.setattr(choice, "works", lambda kind: False)
    with pytest.raises(EngineError, match="finds no NVIDIA GPU") as caught:
        choice.load()
    assert caught.value.kind == "no_gpu"


@pytest.mark.gpu
def test_the_gpu_agrees(monkeypatch, tmp_path, caplog):
    if not torch.cuda.is_available():
        pytest.skip("the GPU itself is NOT tested: torch finds none")
    monkeypatch.setenv("LUDVIG_CACHE", str(tmp_path))
    choice.decided.cache_clear()
    with caplog.at_level(logging.INFO):
        choice.chosen()
    choice.decided.cache_clear()
    assert "ms on the GPU" in caplog.text
    assert choice.kept(choice.load()).difference < 1e-5
    assert np.isfinite(choice.kept(choice.load()).gpu)
