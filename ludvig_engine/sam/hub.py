"""SAM 1, SAM 2.1 and the tracker of SAM 3, run by transformers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .. import weights
from ..machine.images import IMAGENET, SIGNED
from ..machine.pretrained import load_pretrained

# family -> class in transformers, padded, statistics, default variant
FAMILIES = {
    "sam": ("SamModel", True, IMAGENET, ""),
    "sam2": ("Sam2Model", False, IMAGENET, "small"),
    "sam3": ("Sam3TrackerModel", False, SIGNED, ""),
}


@dataclass(frozen=True)
class HubNetwork:
    """A SAM of transformers as a `segmenter.Network`."""

    model: Any = field(repr=False, compare=False)
    side: int
    padded: bool
    statistics: tuple[tuple[float, ...], tuple[float, ...]]

    def embed(self, image: Any) -> Any:
        return self.model.get_image_embeddings(image)

    def decode(
        self, embedding: Any, points: Any, labels: Any, boxes: Any, multimask: bool
    ) -> tuple[Any, Any]:
        out = self.model(
            image_embeddings=embedding,
            input_points=None if points is None else points[None],
            input_labels=None if labels is None else labels[None],
            input_boxes=None if boxes is None else boxes[None],
            multimask_output=multimask,
        )
        return out.pred_masks[0], out.iou_scores[0]


def load(family: str, choice: str, device: str) -> tuple[HubNetwork, str, str, str]:
    """The network, its name, its key for caches, and its license.

    `choice` is a variant, a path, or "" for the default. Raises `weights.MissingWeights`.
    """
    kind, padded, statistics, default = FAMILIES[family]
    variant = choice or default
    id = "-".join(filter(None, (family, variant)))
    if family == "sam" and variant in ("", "base"):
        id = family
    known = weights.MODELS.get(id)
    folder = weights.path(id if known else choice)
    # Full precision also on a GPU: products in the mask decoder overflow half precision.
    model = load_pretrained(kind, folder, device=device, half=False)
    name = known.source.rpartition("/")[2] if known else folder.name
    licence = known.licence if known else "LicenseRef-own"
    side = model.config.prompt_encoder_config.image_size
    key = f"{family}-1-{weights.fingerprint(folder)}"
    return HubNetwork(model, side, padded, statistics), name, key, licence
