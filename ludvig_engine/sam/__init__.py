"""Promptable segmenters: a click or a box on an image becomes a mask.

segmenter = load_segmenter("sam2", device="cpu")
segmenter.set_image(pixels)                       # slow, once
masks, scores = segmenter.predict(points, labels) # fast, often
"""

from __future__ import annotations

from ..errors import EngineError, nearest_name
from ..machine.device import choose
from .segmenter import Network, Segmenter

FAMILIES = ("sam", "sam2", "sam3", "sam-pth")

__all__ = ["FAMILIES", "Segmenter", "load_segmenter"]


def load_segmenter(spec: str = "sam2", *, device: str = "cpu") -> Segmenter:
    """The segmenter of `spec`: a family, or family:variant, or family:path.

    `sam2[:tiny|small|base|large]` (small) is the default, `sam[:base|huge]` the paper's. `sam3` must be asked for: its
    weights are gated and their licence is its own. `sam-pth[:base|large|huge]` reads the original checkpoints with the
    package segment-anything.

    Raises `EngineError`, `weights.MissingWeights` among them.
    """
    family, _, choice = spec.partition(":")
    if family not in FAMILIES:
        raise EngineError(
            "bad_input", f'There is no segmenter "{family}".', [nearest_name(family, FAMILIES)]
        )
    device = choose(device)
    network: Network
    if family == "sam-pth":
        from .original import load as load_original

        network, name, key, licence = load_original(choice, device)
    else:
        from .hub import load as load_hub

        network, name, key, licence = load_hub(family, choice, device)
    return Segmenter(network, name, key, licence, device)
