"""SAM 1 from its original checkpoints (.pth), run by the package segment-anything."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import weights
from ..errors import EngineError
from ..machine.device import import_torch
from ..machine.images import IMAGENET
from .without_torchvision import import_segment_anything

IDS = {"": "sam-pth", "base": "sam-pth", "large": "sam-large-pth", "huge": "sam-huge-pth"}
KINDS = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}  # channels of the encoder -> model


@dataclass(frozen=True)
class OriginalNetwork:
    """A SAM of segment-anything as a `segmenter.Network`."""

    model: Any = field(repr=False, compare=False)
    side: int
    padded: bool = True
    statistics: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET

    def embed(self, image: Any) -> Any:
        return self.model.image_encoder(image)

    def decode(
        self, embedding: Any, points: Any, labels: Any, boxes: Any, multimask: bool
    ) -> tuple[Any, Any]:
        encoder = self.model.prompt_encoder
        sparse, dense = encoder(
            points=None if points is None else (points, labels), boxes=boxes, masks=None
        )
        logits, scores = self.model.mask_decoder(
            image_embeddings=embedding,
            image_pe=encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=multimask,
        )
        return logits, scores


def load(choice: str, device: str) -> tuple[OriginalNetwork, str, str, str]:
    """The network, its name, its key for caches, and its license.

    `choice` is a variant, a path, or "" for the default. Raises `EngineError`: "not_found" or
    "bad_file" for a wrong checkpoint, "missing_package" without segment-anything, and
    `weights.MissingWeights`.
    """
    place = weights.path(IDS.get(choice, choice))
    files = [place] if place.is_file() else sorted(place.glob("*.pth"))
    if not files:
        raise EngineError(
            "not_found", f"There is no .pth file in {place}.", ["Fetch the model again."]
        )
    state = _read(files[0])
    try:
        kind = KINDS[state["image_encoder.pos_embed"].shape[-1]]
        model = _registry()[kind]()
        model.load_state_dict(state)
    except (KeyError, AttributeError, RuntimeError) as error:
        raise EngineError(
            "bad_file",
            f"{files[0].name} is not a checkpoint of SAM 1: {error}.",
            ["Use sam_vit_b_01ec64.pth, sam_vit_l_0b3195.pth or sam_vit_h_4b8939.pth."],
        ) from error
    key = f"sam-pth-1-{weights.fingerprint(files[0])}"
    licence = "Apache-2.0" if choice in IDS else "LicenseRef-own"
    network = OriginalNetwork(model.to(device).eval(), model.image_encoder.img_size)
    return network, files[0].stem, key, licence


def _read(path: Path) -> Any:
    torch = import_torch()
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise EngineError(
            "bad_file", f"{path} cannot be read: {error}.", ["Fetch the model again."]
        ) from error


def _registry() -> Any:
    """segment-anything's constructors by model; they load no weights."""
    try:
        return import_segment_anything().sam_model_registry
    except (ImportError, RuntimeError) as error:
        raise EngineError(
            "missing_package",
            f"The package segment-anything cannot be used: {error}.",
            [
                "Install it: pip install --no-deps segment-anything==1.0.",
                'Or use the segmenter "sam", which is the same model from other files.',
            ],
        ) from error
