"""Tiny random models in the file formats of the real ones: what they see means nothing, but how they load does."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason='learned models need: pip install "ludvig-engine[models]"')
transformers = pytest.importorskip("transformers", reason='learned models need: pip install "ludvig-engine[models]"')

VIT = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 48}


def save(model, folder: Path) -> Path:
    """Weights larger than training starts with, so that differences show."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(5)
    model.save_pretrained(folder)
    return folder


def dinov2(folder: Path, **settings) -> Path:
    torch.manual_seed(0)
    config = transformers.Dinov2Config(image_size=70, patch_size=14, mlp_ratio=2, **{**VIT, **settings})
    return save(transformers.Dinov2Model(config), folder)


def dinov2_with_registers(folder: Path) -> Path:
    torch.manual_seed(0)
    config = transformers.Dinov2WithRegistersConfig(image_size=70, patch_size=14, mlp_ratio=2, **VIT)
    return save(transformers.Dinov2WithRegistersModel(config), folder)


def dinov3(folder: Path) -> Path:
    torch.manual_seed(0)
    config = transformers.DINOv3ViTConfig(image_size=64, patch_size=16, num_register_tokens=4, **VIT)
    return save(transformers.DINOv3ViTModel(config), folder)
