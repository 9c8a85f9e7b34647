"""A segmenter whose network is a rule: the mask of a point is every pixel of its color."""

from __future__ import annotations

import pytest

from ludvig_engine.machine.images import UNIT
from ludvig_engine.sam import Segmenter

torch = pytest.importorskip("torch")


def color_segmenter():
    return Segmenter(Colors(), "regions", "regions", "CC0-1.0", "cpu")


class Colors:
    """The mask of a point is every pixel of its color."""

    statistics = UNIT
    side, padded = 256, True

    def embed(self, image):
        return image

    def decode(self, embedding, points, labels, boxes, multimask):
        cells = embedding[0, :, 2::4, 2::4]
        x, y = (points[:, 0] / 4).round().long().clamp(0, 63).unbind(1)
        same = (cells[None] - cells[:, y, x].T[:, :, None, None]).abs().amax(1) < 0.1
        logits = torch.where(same, 8.0, -8.0)
        return torch.stack([logits, -logits, logits], 1), torch.tensor([0.95, 0.5, 0.9]).expand(
            len(points), 3
        )
