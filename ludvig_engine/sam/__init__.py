"""Promptable segmenters turn clicks and boxes on an image into masks.

    segmenter = load_segmenter("sam2", device="cpu")
    segmenter.set_image(pixels)  # slow: once per image
    masks, scores = segmenter.predict(points, labels)  # fast: once per prompt

All families have the same interface.
"""

from __future__ import annotations

from ..errors import EngineError, nearest_name
from ..machine.device import choose
from .segmenter import Network, Segmenter

FAMILIES = ("sam", "sam2", "sam3", "sam-pth")

__all__ = ["FAMILIES", "Segmenter", "load_segmenter"]


def load_segmenter(spec: str = "sam2", *, device: str = "cpu") -> Segmenter:
    """Load the segmenter of `spec`, which is family, family:variant or family:path.

    `sam2[:tiny|small|base|large]` is the default (small), and `sam[:base|huge]` is the paper's.
    `sam3` is never chosen by default, because its weights are gated and have a license of their
    own. `sam-pth[:base|large|huge]` reads the original checkpoints through the package
    segment-anything. `device` is "cpu", "cuda" or "auto".

    Raises `EngineError`: "bad_input" for an unknown family, `weights.MissingWeights` if the weights
    are not on this machine.
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
