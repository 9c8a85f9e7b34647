"""From which pictures a first answer is made while the user waits.

Features cost the same for every picture, and neighboring pictures show much the same. So a prompt
on a scene whose features are not there yet is answered from some of its pictures first. The answer
from all of them follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..scene import View, evenly

# One picture in so many is read for the first answer, and at least this many are.
ONE_IN = 4
FEWEST = 8
# Gaussians times pictures below which all are read at once. That takes about twelve seconds on two
# cores with the features "colour"; for less, an answer that may change is not worth it. Models look
# at each picture for seconds, so they have no limit.
SOON = 20_000_000


def early_views(views: Sequence[View], count: int, *, model: bool) -> list[View] | None:
    """Some of the views that have a picture, evenly spread; None: reading all takes no longer.

    `count` is the number of Gaussians, and `model` tells whether a model computes the features.
    """
    pictured = [view for view in views if view.pictured]
    some = max(FEWEST, len(pictured) // ONE_IN)
    if 2 * some > len(pictured) or (not model and count * len(pictured) < SOON):
        return None
    return evenly(pictured, some)
