"""Loading torch and models, and what happens when that fails."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

import tiny_models
from ludvig_engine.errors import EngineError
from ludvig_engine.machine import device as device_module
from ludvig_engine.machine.device import choose, import_torch, import_transformers, inference
from ludvig_engine.machine.pretrained import load_pretrained, load_tokenizer
from tiny_models import torch


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_a_missing_package(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        EngineError, match=rf"package {name} cannot be imported.*ludvig-engine\[models\]"
    ) as caught:
        import_transformers()
    assert caught.value.kind == "missing_package"


def test_a_torchvision_that_does_not_fit(monkeypatch):
    """A broken torchvision breaks transformers, though nothing here needs it.

    The error says so, as torch's own message does not help.
    """

    def load(name):
        if name in broken:
            raise RuntimeError("operator torchvision::nms does not exist")
        return importlib.import_module(name)

    monkeypatch.setattr("ludvig_engine.machine.device.import_module", load)
    monkeypatch.setattr("ludvig_engine.machine.device.find_spec", lambda name: name)
    broken = {"transformers", "torchvision"}
    with pytest.raises(EngineError, match="pip uninstall torchvision"):
        import_transformers()
    # It is not torchvision's fault, whatever the message says.
    broken = {"transformers"}
    monkeypatch.setattr("ludvig_engine.machine.device.find_spec", lambda name: None)
    with pytest.raises(EngineError) as caught:
        import_transformers()
    assert len(caught.value.fixes) == 1


def test_threads(monkeypatch):
    before = torch.get_num_threads()
    for count in (1, 2):
        monkeypatch.setenv("LUDVIG_THREADS", str(count))
        assert import_torch().get_num_threads() == count
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", ["cuda", "mps"])
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (None, True),
        (RuntimeError("CUDA error: no kernel image is available for execution"), False),
        (torch.OutOfMemoryError("CUDA out of memory."), True),
    ],
    ids=["works", "too old", "full"],
)
def test_a_gpu_has_to_compute(kind, failure, expected, monkeypatch, caplog):
    def ones(count, device):
        assert device == kind
        if failure:
            raise failure
        return torch.full((count,), 1.0)

    place = torch.cuda if kind == "cuda" else torch.backends.mps
    monkeypatch.setattr(place, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", ones)
    device_module.works.cache_clear()
    assert device_module.works(kind) == device_module.works(kind) == expected
    device_module.works.cache_clear()
    assert len(caplog.records) == (not expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_choose_without_a_gpu():
    assert choose("auto") == choose("cpu") == choose() == "cpu"
    for device in ("cuda", "cuda:1"):
        with pytest.raises(EngineError, match="finds no NVIDIA GPU") as caught:
            choose(device)
        assert caught.value.kind == "no_gpu"
    with pytest.raises(EngineError, match='no device "gpu"'):
        choose("gpu")


@pytest.mark.parametrize(
    ("there", "auto"),
    [({"cuda", "mps"}, "cuda"), ({"cuda"}, "cuda"), ({"mps"}, "mps"), (set(), "cpu")],
)
def test_auto_takes_the_gpu_that_is_there(there, auto, monkeypatch):
    monkeypatch.delenv("LUDVIG_DEVICE", raising=False)
    monkeypatch.setattr(device_module, "works", lambda kind: kind in there)
    assert choose() == auto
    monkeypatch.setenv("LUDVIG_DEVICE", "cpu")
    assert choose() == "cpu" and choose(auto) == auto, "what is asked for by name comes first"
    for name in ("mps", "cuda"):
        monkeypatch.setenv("LUDVIG_DEVICE", name)
        if name in there:
            assert choose() == name
        else:
            with pytest.raises(EngineError, match="GPU") as caught:
                choose()
            assert caught.value.kind == "no_gpu"
    monkeypatch.setenv("LUDVIG_DEVICE", "npu")
    with pytest.raises(EngineError, match='no device "npu"'):
        choose()


def test_what_apple_s_gpus_lack_runs_on_their_cpu(monkeypatch):
    monkeypatch.delenv("PYTORCH_ENABLE_MPS_FALLBACK", raising=False)
    import_torch()
    assert os.environ["PYTORCH_ENABLE_MPS_FALLBACK"] == "1"


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory"),
    MemoryError(),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    RuntimeError("CUDA: out of memory"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9 GB, max allowed: 9 GB)"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_out_of_memory(error):
    with (
        pytest.raises(EngineError, match=r"does not fit into the memory.*smaller image") as caught,
        inference("cpu"),
    ):
        raise error
    assert caught.value.kind == "out_of_memory"


def test_other_errors_pass_through():
    with pytest.raises(RuntimeError, match="shapes"), inference("cpu"):
        raise RuntimeError("shapes do not fit")


def test_inference_needs_no_gradients():
    with inference("cpu"):
        assert torch.is_inference_mode_enabled()
    assert not torch.is_inference_mode_enabled()


def test_load_pretrained(tmp_path):
    model = load_pretrained("AutoModel", tiny_models.dinov2(tmp_path / "tiny"), device="cpu")
    assert not model.training and model.dtype == torch.float32
    half = load_pretrained("AutoModel", tmp_path / "tiny", device="cpu", half=True)
    assert half.dtype == torch.float16
    (tmp_path / "tiny" / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(EngineError, match="does not hold a model") as caught:
        load_pretrained("AutoModel", tmp_path / "tiny", device="cpu")
    assert caught.value.kind == "bad_file"
    with pytest.raises(EngineError, match="has no tokenizer"):
        load_tokenizer(tmp_path / "tiny")


def test_weights_that_do_not_belong_to_the_settings(tmp_path):
    """transformers would start those from random numbers and only mention it."""
    small, large = (
        tiny_models.dinov2(tmp_path / "a"),
        tiny_models.dinov2(tmp_path / "b", num_hidden_layers=4),
    )
    (large / "model.safetensors").write_bytes((small / "model.safetensors").read_bytes())
    with pytest.raises(
        EngineError, match=r"has no weights for \d+ parts of the model, such as encoder"
    ):
        load_pretrained("AutoModel", large, device="cpu")


@pytest.mark.parametrize(
    ("device", "dtype"), [("cuda", "float16"), ("cuda:1", "float16"), ("mps", "float32")]
)
def test_only_nvidia_s_gpus_compute_in_half_precision(device, dtype, tmp_path, monkeypatch):
    """Models are moved to the device after loading, which the machine at hand need not have."""
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *_, **__: self)
    found = load_pretrained("AutoModel", tiny_models.dinov2(tmp_path / "tiny"), device=device)
    assert found.dtype == getattr(torch, dtype)


@pytest.mark.parametrize(
    ("asked", "driver", "expected"),
    [
        ("", None, False),
        ("", "nvidia-smi", True),
        ("cpu", "nvidia-smi", False),
        ("cuda", None, True),
    ],
)
def test_torch_is_imported_only_where_there_may_be_a_gpu(asked, driver, expected, monkeypatch):
    monkeypatch.setenv("LUDVIG_DEVICE", asked)
    monkeypatch.setattr(device_module, "find_spec", lambda name: name)
    monkeypatch.setattr(device_module.programs, "find", lambda name: driver)
    monkeypatch.setattr(device_module.system, "is_macos", lambda: False)
    monkeypatch.setattr(device_module, "Path", lambda path: Path("not there"))
    assert device_module.may_have_gpu() == expected
    monkeypatch.setattr(device_module, "find_spec", lambda name: None)
    assert not device_module.may_have_gpu()
