"""One interface to every SAM. Only this file converts between pixels of photo and network.

Points and boxes are in pixels of the photo, where the center of the upper left pixel is at
(0.5, 0.5), as everywhere in this engine. The SAMs take pixel *indices* of their own square input
and add the half themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..errors import EngineError
from ..machine.device import import_torch, inference
from ..machine.images import to_tensor


@runtime_checkable
class Network(Protocol):
    """What differs between the SAMs."""

    @property
    def side(self) -> int:
        """The side of the network's square input, in pixels."""

    @property
    def padded(self) -> bool:
        """Whether the photo keeps its proportions, padded at the right and below.

        Otherwise it is stretched to the square.
        """

    @property
    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of the colors that the network was trained with."""

    def embed(self, image: Any) -> Any:
        """The embedding of a (1, 3, side, side) tensor."""

    def decode(
        self, embedding: Any, points: Any, labels: Any, boxes: Any, multimask: bool
    ) -> tuple[Any, Any]:
        """Logits (B, M, s, s) over the square and predicted IoUs (B, M) for B prompts.

        `points` (B, P, 2) with `labels` (B, P), and `boxes` (B, 4), are in pixel indices of the
        square. Either points or boxes may be None.
        """


@dataclass(frozen=True)
class Frame:
    """How a photo lies in the network's square input."""

    height: int
    width: int
    side: int
    padded: bool

    @property
    def shown(self) -> tuple[int, int]:
        """Height and width of the photo inside the square."""
        if not self.padded:
            return self.side, self.side
        scale = self.side / max(self.height, self.width)
        return max(int(self.height * scale + 0.5), 1), max(int(self.width * scale + 0.5), 1)

    def to_square(self, xy: Float[Array, "... 2"]) -> Float[Array, "... 2"]:
        """Convert pixel coordinates of the photo to pixel indices of the square."""
        return xy * (self.shown[1] / self.width, self.shown[0] / self.height) - 0.5

    def to_photo(self, logits: Any) -> Any:
        """Resample a map (B, M, s, s) over the square to (B, M, height, width) over the photo."""
        functional = import_torch().nn.functional
        options = {"mode": "bilinear", "align_corners": False}
        if self.padded:
            logits = functional.interpolate(logits, (self.side, self.side), **options)
            logits = logits[:, :, : self.shown[0], : self.shown[1]]
        return functional.interpolate(logits, (self.height, self.width), **options)


@dataclass(frozen=True)
class Seen:
    """What the encoder has made of an image."""

    frame: Frame
    embedding: Any = field(repr=False)  # tensors, as the network wants them


class Segmenter:
    """A SAM that holds one image at a time; only one thread may use it, but for `encode`."""

    def __init__(self, network: Network, name: str, key: str, licence: str, device: str) -> None:
        self.network = network
        self.name = name
        self.key = key
        self.licence = licence
        self.device = device
        self._seen: Seen | None = None

    def set_image(self, pixels: Float[Array, "H W 3"]) -> None:
        """Look at an image with values in 0..1. This is the slow part."""
        self.look(self.encode(pixels))

    def look(self, seen: Seen) -> None:
        """Look again at an image that was encoded before, which costs nothing."""
        self._seen = seen

    def encode(self, pixels: Float[Array, "H W 3"]) -> Seen:
        """The embedding of an image with values in 0..1; what the segmenter looks at stays."""
        network = self.network
        frame = Frame(pixels.shape[0], pixels.shape[1], network.side, network.padded)
        with inference(self.device):
            image = to_tensor(pixels, frame.shown, network.statistics, device=self.device)
            pad = (0, network.side - frame.shown[1], 0, network.side - frame.shown[0])
            return Seen(frame, network.embed(import_torch().nn.functional.pad(image, pad)))

    def predict(
        self,
        points: Float[Array, "P 2"] | None = None,
        labels: Int[Array, " P"] | None = None,
        box: Float[Array, " 4"] | None = None,
        *,
        multimask: bool = True,
    ) -> tuple[Bool[Array, "M H W"], Float[Array, " M"]]:
        """The masks of one prompt, and the IoU that the network predicts for each.

        There are three masks if `multimask`, else one. `points` are x, y in pixels of the image;
        their `labels` are 1 on the object and 0 beside it (default: all 1). `box` is left, top,
        right, bottom. Raises `EngineError` "bad_input" without points and box, or before
        `set_image`.
        """
        many = points[None] if points is not None and len(points) else None
        if labels is None and points is not None:
            labels = np.ones(len(points), int)
        signs = labels[None] if labels is not None and many is not None else None
        logits, scores = self.logits(many, signs, None if box is None else box[None], multimask)
        return self._to_masks(logits)[0], _numpy(scores)[0]

    def predict_many(
        self, points: Float[Array, "B P 2"], labels: Int[Array, "B P"], *, multimask: bool = True
    ) -> tuple[Bool[Array, "B M H W"], Float[Array, "B M"]]:
        """Predict for B prompts of P points each in one call, which is much faster."""
        logits, scores = self.logits(points, labels, None, multimask)
        return self._to_masks(logits), _numpy(scores)

    def logits(
        self,
        points: Float[Array, "B P 2"] | None,
        labels: Int[Array, "B P"] | None,
        boxes: Float[Array, "B 4"] | None,
        multimask: bool,
    ) -> tuple[Any, Any]:
        """Logits (B, M, s, s) over the network's square and predicted IoUs (B, M), as tensors."""
        seen = self._looked_at
        frame = seen.frame
        if points is None and boxes is None:
            raise EngineError(
                "bad_input", "The prompt has neither a point nor a box.", ["Click on the object."]
            )
        torch = import_torch()
        with inference(self.device):
            xy = signs = corners = None
            if points is not None:
                # Apple's GPUs have no float64.
                xy = torch.tensor(frame.to_square(points).astype(np.float32), device=self.device)
            if points is not None and labels is not None:
                signs = torch.tensor(labels, device=self.device).long()
            if boxes is not None:
                indices = frame.to_square(boxes.reshape(-1, 2, 2)).reshape(-1, 4)
                corners = torch.tensor(indices.astype(np.float32), device=self.device)
            logits, scores = self.network.decode(seen.embedding, xy, signs, corners, multimask)
            return logits.float(), scores.float()

    @property
    def frame(self) -> Frame:
        """How the image lies in the network's square. Raises `EngineError` before `set_image`."""
        return self._looked_at.frame

    @property
    def _looked_at(self) -> Seen:
        if self._seen is None:
            raise EngineError(
                "bad_input", "The segmenter has not seen an image yet.", ["Call set_image first."]
            )
        return self._seen

    def _to_masks(self, logits: Any) -> Bool[Array, "B M H W"]:
        with inference(self.device):
            masks: Array = (self.frame.to_photo(logits) > 0).cpu().numpy()
        return masks


def _numpy(scores: Any) -> Float[Array, "B M"]:
    found: Array = scores.cpu().numpy()
    return found
