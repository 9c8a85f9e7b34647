"""Tiny random models in the file formats of the real ones.

Their features mean nothing, but they are loaded by the same code.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import tiny_tokenizers

torch = pytest.importorskip(
    "torch", reason='learned models need: pip install "ludvig-engine[models]"'
)
transformers = pytest.importorskip(
    "transformers", reason='learned models need: pip install "ludvig-engine[models]"'
)

# These models are so small that threads only wait for each other.
torch.set_num_threads(1)

VIT = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 48}


def save(model, folder: Path) -> Path:
    """Save a model whose random weights are large, so that differences show."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(5)
    model.save_pretrained(folder)
    return folder


def dinov2(folder: Path, **settings) -> Path:
    torch.manual_seed(0)
    config = transformers.Dinov2Config(
        **{"image_size": 70, "patch_size": 14, "mlp_ratio": 2, **VIT, **settings}
    )
    return save(transformers.Dinov2Model(config), folder)


def dinov2_with_registers(folder: Path) -> Path:
    torch.manual_seed(0)
    config = transformers.Dinov2WithRegistersConfig(
        image_size=70, patch_size=14, mlp_ratio=2, **VIT
    )
    return save(transformers.Dinov2WithRegistersModel(config), folder)


def dinov3(folder: Path) -> Path:
    torch.manual_seed(0)
    config = transformers.DINOv3ViTConfig(
        image_size=64, patch_size=16, num_register_tokens=4, **VIT
    )
    return save(transformers.DINOv3ViTModel(config), folder)


def tokenizer(folder: Path, words="a photo of cat dog banana object things stuff texture") -> None:
    """A real CLIP tokenizer with a vocabulary of bytes, and a word here and there."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    pieces = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    transformers.CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)


def clip(folder: Path) -> Path:
    torch.manual_seed(0)
    sizes = {
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 3,
    }
    text = {
        **sizes,
        "vocab_size": 514,
        "max_position_embeddings": 20,
        "eos_token_id": 513,
        "bos_token_id": 512,
    }
    config = transformers.CLIPConfig(
        text_config=text,
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    tokenizer(folder)
    return save(transformers.CLIPModel(config), folder)


def siglip(folder: Path) -> Path:
    torch.manual_seed(0)
    sizes = {
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 3,
    }
    config = transformers.SiglipConfig(
        text_config={
            **sizes,
            "vocab_size": 514,
            "max_position_embeddings": 20,
            "projection_size": 24,
        },
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
    )
    save(transformers.SiglipModel(config), folder)
    tiny_tokenizers.gemma(folder)
    return folder


def tips(folder: Path, *, published: bool = True) -> Path:
    """Its published tokenizer needs SentencePiece; without, it has one of CLIP's."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3}
    config = transformers.Tipsv2Config(
        text_config={
            **sizes,
            "vocab_size": 514,
            "max_position_embeddings": 20,
            "intermediate_size": 48,
        },
        vision_config={**sizes, "image_size": 56, "patch_size": 14, "mlp_ratio": 2},
    )
    save(transformers.Tipsv2Model(config), folder)
    if published:
        tiny_tokenizers.sentencepiece(folder)
    else:
        tokenizer(folder)
    return folder
