"""Tiny random SAMs in the file formats of the real ones."""

from __future__ import annotations

import importlib
import re
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from ludvig_engine.sam import without_torchvision
from tiny_models import save, torch, transformers

PROMPTS = {"hidden_size": 32, "image_size": 128, "patch_size": 16, "mask_input_channels": 4}


def decoder():
    sizes = {
        "mlp_dim": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "iou_head_hidden_dim": 32,
    }
    return {"hidden_size": 32, **sizes}


def sam(folder: Path) -> Path:
    torch.manual_seed(0)
    vision = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 128,
        "patch_size": 16,
        "output_channels": 32,
        # Half of the hidden size, or the prompts do not fit.
        "num_pos_feats": 16,
        "window_size": 4,
        "global_attn_indexes": [1],
        "mlp_dim": 64,
    }
    config = transformers.SamConfig(
        vision_config=vision,
        prompt_encoder_config=dict(PROMPTS),
        mask_decoder_config=decoder(),
        initializer_range=0.02,
    )
    return save(transformers.SamModel(config), folder)


def sam2(folder: Path) -> Path:
    torch.manual_seed(0)
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 16,
        "num_attention_heads": 1,
        "image_size": [128, 128],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [16, 32, 64, 128],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "window_size_per_stage": [8, 8, 8, 8],
        "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [7, 7],
    }
    vision = {
        "backbone_config": backbone,
        "backbone_channel_list": [128, 64, 32, 16],
        "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
    }
    config = transformers.Sam2Config(
        vision_config=vision, prompt_encoder_config=dict(PROMPTS), mask_decoder_config=decoder()
    )
    return save(transformers.Sam2Model(config), folder)


def sam3(folder: Path) -> Path:
    torch.manual_seed(0)
    backbone = {
        "model_type": "sam3_vit_model",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 112,
        "pretrain_image_size": 56,
        "window_size": 4,
        "global_attn_indexes": [1],
    }
    vision = {
        "model_type": "sam3_vision_model",
        "backbone_config": backbone,
        "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
    }
    config = transformers.Sam3TrackerConfig(
        vision_config=vision,
        prompt_encoder_config={**PROMPTS, "image_size": 112, "patch_size": 14},
        mask_decoder_config=decoder(),
    )
    return save(transformers.Sam3TrackerModel(config), folder)


def import_segment_anything() -> ModuleType:
    """The package, as the engine imports it."""
    try:
        return without_torchvision.import_segment_anything()
    except ImportError as error:
        pytest.skip(f"{error}: pip install --no-deps segment-anything==1.0")


def original(package: ModuleType):
    """A SAM of one block that sees 128 pixels; 768 channels are how a ViT-B is recognized."""
    modeling = importlib.import_module("segment_anything.modeling")
    torch.manual_seed(0)
    encoder = modeling.ImageEncoderViT(
        depth=1,
        embed_dim=768,
        img_size=128,
        mlp_ratio=1,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        num_heads=12,
        patch_size=16,
        qkv_bias=True,
        use_rel_pos=True,
        global_attn_indexes=[0],
        window_size=4,
        out_chans=32,
    )
    prompts = modeling.PromptEncoder(
        embed_dim=32, image_embedding_size=(8, 8), input_image_size=(128, 128), mask_in_chans=4
    )
    transformer = modeling.TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=64, num_heads=2)
    masks = modeling.MaskDecoder(
        num_multimask_outputs=3,
        transformer_dim=32,
        iou_head_depth=3,
        iou_head_hidden_dim=32,
        transformer=transformer,
    )
    return modeling.Sam(encoder, prompts, masks)


def save_original(package: ModuleType, path: Path) -> Path:
    """A checkpoint as they are published: a bare state dict."""
    model = original(package)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    torch.save(model.state_dict(), path)
    return path


# What the weights of the original are called in transformers; in this order.
NAMES = (
    (r"^image_encoder\.", "vision_encoder."),
    (r"patch_embed\.proj\.", "patch_embed.projection."),
    (r"^vision_encoder\.blocks\.", "vision_encoder.layers."),
    (r"^(vision_encoder\.layers\.\d+)\.norm", r"\1.layer_norm"),
    (r"neck\.0\.", "neck.conv1."),
    (r"neck\.1\.", "neck.layer_norm1."),
    (r"neck\.2\.", "neck.conv2."),
    (r"neck\.3\.", "neck.layer_norm2."),
    (r"pe_layer\.positional_encoding_gaussian_matrix", "shared_embedding.positional_embedding"),
    (r"point_embeddings\.", "point_embed."),
    (r"mask_downscaling\.0\.", "mask_embed.conv1."),
    (r"mask_downscaling\.1\.", "mask_embed.layer_norm1."),
    (r"mask_downscaling\.3\.", "mask_embed.conv2."),
    (r"mask_downscaling\.4\.", "mask_embed.layer_norm2."),
    (r"mask_downscaling\.6\.", "mask_embed.conv3."),
    (r"output_upscaling\.0\.", "upscale_conv1."),
    (r"output_upscaling\.1\.", "upscale_layer_norm."),
    (r"output_upscaling\.3\.", "upscale_conv2."),
    (r"(mlps\.\d|iou_prediction_head)\.layers\.0\.", r"\1.proj_in."),
    (r"(mlps\.\d|iou_prediction_head)\.layers\.1\.", r"\1.layers.0."),
    (r"(mlps\.\d|iou_prediction_head)\.layers\.2\.", r"\1.proj_out."),
    (r"(transformer.*)\.norm", r"\1.layer_norm"),
)


def same_in_transformers(checkpoint: Path, folder: Path) -> Path:
    """The weights of `save_original` as transformers would have saved them."""
    vision = {
        "hidden_size": 768,
        "num_hidden_layers": 1,
        "num_attention_heads": 12,
        "image_size": 128,
        "patch_size": 16,
        "output_channels": 32,
        "num_pos_feats": 16,
        "window_size": 4,
        "global_attn_indexes": [0],
        "mlp_dim": 768,
    }
    config = transformers.SamConfig(
        vision_config=vision, prompt_encoder_config=dict(PROMPTS), mask_decoder_config=decoder()
    )
    model, state = transformers.SamModel(config), {}
    for name, tensor in torch.load(checkpoint, weights_only=True).items():
        for pattern, new in NAMES:
            name = re.sub(pattern, new, name)
        state[name] = tensor
    embedding = state["prompt_encoder.shared_embedding.positional_embedding"]
    model.load_state_dict({**state, "shared_image_embedding.positional_embedding": embedding})
    model.save_pretrained(folder)
    return folder
