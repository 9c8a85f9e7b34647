"""What only drew an object goes with it, and what pictures show beside it stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.removal import remove
from scenes import joined, single
from standing import HALF, STEP, box_on_table


def with_one(place: tuple[float, float, float], opacity: float):
    """The box on its table, and one more small Gaussian, the last, that is not selected."""
    scene, box = box_on_table()
    more = joined(scene.gaussians, single(place, opacity, 0.04))
    count = len(more)
    larger = replace(scene, gaussians=more, rows=np.arange(count), file_count=count)
    return larger, np.append(box, False)


@pytest.mark.parametrize(
    "place, opacity",
    [
        ((0, 0, HALF), 0.9),  # in the middle of the box, where no view looks
        ((0.1, -0.2, 2 * HALF - 0.1), 0.5),  # right below its top
        ((0, 0, 2 * HALF + 0.03), 0.3),  # a faint copy above its top
        ((HALF + 0.03, 0, HALF), 0.6),  # and one beside it: almost all views see it on the box
    ],
)
def test_what_only_drew_the_object_goes(place, opacity):
    scene, box = with_one(place, opacity)
    last = len(scene) - 1
    assert last not in remove(scene, box, boundary=False, fill=False).source
    assert last in remove(scene, box, boundary=False, residue=False, fill=False).source


@pytest.mark.parametrize("place", [(HALF + 0.4, 0, 0.1), (0, -1.2, 0.05), (0, 0, 2 * HALF + 0.6)])
def test_what_is_seen_beside_the_object_stays(place):
    scene, box = with_one(place, 0.9)
    assert len(scene) - 1 in remove(scene, box, boundary=False, fill=False).source


def test_nothing_of_the_table_goes_but_under_the_foot():
    scene, box = box_on_table()
    found = remove(scene, box, boundary=False, fill=False)
    gone = np.setdiff1d(np.flatnonzero(~box), found.source)
    assert len(gone) < 5 and np.abs(scene.gaussians.means[gone, :2]).max(initial=0) < HALF + STEP
