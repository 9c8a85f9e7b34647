"""Which features the engine that runs can tell splats apart by, and what they are called for people."""

from __future__ import annotations

from typing import Any

from . import link


def extractors() -> tuple[Any, ...]:
    """What the engine has listed, `methods.ExtractorInfo`; empty until it runs."""
    connection = link.connection()
    return connection.extractors if connection else ()


def title(spec: str) -> str:
    """An extractor's name for people."""
    return TITLES.get(spec, spec)


TITLES = {
    "auto": "Best Available",
    "colour": "Color",
    "imgfocus+xfeat": "Objects and Texture",
    "imgfocus": "Objects",
    "xfeat": "Texture",
    "effnet": "EfficientNet",
    "conse": "EfficientNet with Words",
    "dinov2:small": "DINOv2 Small",
    "dinov2:base": "DINOv2 Base",
    "dinov2:large": "DINOv2 Large",
    "dinov2:giant": "DINOv2 Giant",
    "dinov3:small": "DINOv3 Small",
    "dinov3:base": "DINOv3 Base",
    "dinov3:large": "DINOv3 Large",
    "clip": "CLIP",
    "clip:laion": "CLIP (LAION)",
    "siglip": "SigLIP",
    "tips": "TIPS",
}
