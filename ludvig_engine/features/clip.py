"""`clip[:openai|laion|FOLDER]`, `siglip`, `tips`: features that texts can be compared with.

`pyramid` is the paper's mode and the default on a GPU: it embeds some 1200 overlapping tiles per
photo. `dense` is the default on a CPU and some 200 times faster: it reads patch tokens before the
last pooling mixes them:
    CLIP    the projected value of each token in the last attention (MaskCLIP)
    SigLIP  the output of the pooling head for each token alone
    TIPSv2  the patch tokens, which were trained for this
Options: `size=` is the longer side of the photo in pixels in the dense mode. `stretched` is a
pyramid whose tiles are misplaced as in LUDVIG's published code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import weights
from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.device import choose, import_torch, inference
from ..machine.images import CLIP, SIGNED, UNIT, fitted_size, standardize, to_tensor
from ..machine.pretrained import load_pretrained, load_tokenizer
from ..scene import Photo
from .options import parse
from .pyramid import pyramid, unit_vectors

VERSION = 1
# Longer side in pixels in the dense mode. Position embeddings were trained at 224 to 448 pixels
# and cannot be interpolated much further.
SIZE = 640
PAPER_SIZE = 1600  # longer side in pixels in the pyramid mode
TILES_PER_BATCH = 64
STATISTICS = {"clip": CLIP, "siglip": SIGNED, "tipsv2": UNIT}
CHOICES = {
    "clip": {"": "clip", "openai": "clip", "laion": "clip-laion"},
    "siglip": {"": "siglip2"},
    "tips": {"": "tips"},
}


@dataclass(frozen=True)
class TextAligned:
    """A model with an image and a text side, whose embeddings are compared by cosine."""

    model: Any = field(repr=False, compare=False)
    tokenizer: Any = field(repr=False, compare=False)
    name: str
    key: str
    licence: str
    device: str
    size: int  # longer side in pixels, dense mode
    tiled: bool
    stretched: bool = False
    parallel: bool = False  # torch uses all cores by itself

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        """A unit vector per cell."""
        with inference(self.device):
            return self._tiles(photo) if self.tiled else self._dense(photo)

    def encode_text(self, prompts: Sequence[str]) -> Float[Array, "P D"]:
        """A unit vector per prompt."""
        kind = self.model.config.model_type
        # All models but CLIP were trained on texts that were padded to a fixed length.
        fixed = kind != "clip"
        # SigLIP 2 was trained on lower case, which its published tokenizer does not make of texts.
        texts = [prompt.lower() if kind == "siglip" else prompt for prompt in prompts]
        tokens = self.tokenizer(
            texts,
            padding="max_length" if fixed else True,
            truncation=True,
            max_length=self.model.config.text_config.max_position_embeddings,
            return_tensors="pt",
        ).to(self.device)
        if kind == "siglip":  # in training, it saw the padding
            tokens.pop("attention_mask", None)
        with inference(self.device):
            return unit_vectors(_pooled(self.model.get_text_features(**tokens)))

    def _dense(self, photo: Photo) -> Float[Array, "D h w"]:
        patch = self.model.config.vision_config.patch_size
        size = fitted_size(photo.pixels.shape, limit=self.size, multiple=patch)
        statistics = STATISTICS[self.model.config.model_type]
        image = to_tensor(
            photo.pixels, size, statistics, device=self.device, dtype=self.model.dtype
        )
        tokens = DENSE[self.model.config.model_type](self.model, image)[0].float().cpu().numpy()
        grid = size[0] // patch, size[1] // patch
        return np.ascontiguousarray(unit_vectors(tokens).T.reshape(-1, *grid), np.float32)

    def _tiles(self, photo: Photo) -> Float[Array, "D h w"]:
        size = fitted_size(photo.pixels.shape, limit=PAPER_SIZE)
        image = to_tensor(photo.pixels, size, UNIT, device=self.device)
        return pyramid(image, self._embed, batch=TILES_PER_BATCH, stretched=self.stretched)

    def _embed(self, tiles: Any) -> Float[Array, "n D"]:
        side = self.model.config.vision_config.image_size
        functional = import_torch().nn.functional
        tiles = functional.interpolate(
            tiles, (side, side), mode="bilinear", align_corners=False, antialias=True
        )
        image = standardize(tiles, STATISTICS[self.model.config.model_type]).to(self.model.dtype)
        return _pooled(self.model.get_image_features(pixel_values=image))


def _clip_values(model: Any, image: Any) -> Any:
    vision = model.vision_model
    out = vision(image, interpolate_pos_encoding=True, output_hidden_states=True)
    states = out.hidden_states[-2][:, 1:]
    last = vision.encoder.layers[-1]
    values = last.self_attn.out_proj(last.self_attn.v_proj(last.layer_norm1(states)))
    return model.visual_projection(vision.post_layernorm(values))


def _siglip_heads(model: Any, image: Any) -> Any:
    tokens = model.vision_model(image, interpolate_pos_encoding=True).last_hidden_state
    return model.vision_model.head(tokens.flatten(0, 1)[:, None]).unflatten(0, tokens.shape[:2])


def _tips_tokens(model: Any, image: Any) -> Any:
    tokens = model.vision_model(image).last_hidden_state
    return tokens[:, 1 + model.config.vision_config.num_register_tokens :]


DENSE = {"clip": _clip_values, "siglip": _siglip_heads, "tipsv2": _tips_tokens}


def _pooled(output: Any) -> Float[Array, "n D"]:
    """The projected embeddings, which transformers 5 returns as `pooler_output` of an object."""
    features: Array = output.pooler_output.float().cpu().numpy()
    return features


def load(argument: str, *, device: str) -> TextAligned:
    """Load a CLIP: variant or folder, then options (see the top of this file).

    Raises `EngineError`: "bad_input" for wrong options, "bad_file" for a folder with another kind
    of model, `weights.MissingWeights`.
    """
    return _load("clip", argument, device)


def load_siglip(argument: str, *, device: str) -> TextAligned:
    """Load SigLIP 2 as `load` does CLIP."""
    return _load("siglip", argument, device)


def load_tips(argument: str, *, device: str) -> TextAligned:
    """Load TIPSv2 as `load` does CLIP."""
    return _load("tips", argument, device)


def _load(family: str, argument: str, device: str) -> TextAligned:
    device = choose(device)
    choice, options = parse(
        argument, {"size": SIZE, "pyramid": False, "dense": False, "stretched": False}
    )
    if options["dense"] and (options["pyramid"] or options["stretched"]):
        raise EngineError(
            "bad_input",
            f'"{argument}": dense and {"pyramid" if options["pyramid"] else "stretched"} exclude '
            "each other.",
            ["Give one of them."],
        )
    stretched = bool(options["stretched"])
    tiled = stretched or bool(options["pyramid"] or (device != "cpu" and not options["dense"]))
    id = CHOICES[family].get(choice, choice)
    folder = weights.path(id)
    model = load_pretrained("AutoModel", folder, device=device)
    if model.config.model_type not in DENSE:
        raise EngineError(
            "bad_file",
            f'{folder} holds a model of the kind "{model.config.model_type}", which this extractor '
            "cannot read.",
            [f"Use one of these kinds: {', '.join(DENSE)}."],
        )
    known = weights.MODELS.get(id)
    name = known.source.rpartition("/")[2] if known else Path(folder).name
    mode = ("stretched" if stretched else "pyramid") if tiled else f"dense-{options['size']}"
    return TextAligned(
        model,
        load_tokenizer(folder),
        f"{name} ({mode.partition('-')[0]})",
        f"clip-{VERSION}-{weights.fingerprint(folder)}-{mode}-{model.dtype}",
        known.licence if known else "LicenseRef-own",
        device,
        options["size"],
        tiled,
        stretched,
    )
