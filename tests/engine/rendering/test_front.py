"""Which Gaussian a pixel shows."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.rendering.front import front
from scenes import joined, look_at, single

CAMERA = look_at((3, 0, 0.5), size=(60, 40), focal=50)


def test_the_nearer_one_is_shown():
    cloud = joined(single((0, 0, 0), 0.99, 0.3), single((1, 0, 0.1), 0.99, 0.1))
    found = front(cloud, CAMERA)
    assert set(np.unique(found)) == {-1, 0, 1} and found[20, 30] == 1


@pytest.mark.parametrize("box", [np.s_[:, :], np.s_[10:30, 20:40], np.s_[18:19, 5:50]])
def test_within_a_mask_it_is_the_same_and_outside_nothing(box):
    rng = np.random.default_rng(0)
    cloud = joined(*(single(rng.uniform(-1, 1, 3), 0.9, 0.2) for _ in range(40)))
    valid = np.zeros((40, 60), bool)
    valid[box] = True
    found = front(cloud, CAMERA, valid=valid)
    assert (found[valid] == front(cloud, CAMERA)[valid]).all() and (found[~valid] == -1).all()


def test_where_nothing_is_in_the_picture_it_is_nothing():
    assert (front(single((9, 0, 0), 0.9, 0.1), CAMERA) == -1).all()
    masked = front(single((0, 0, 0), 0.9, 0.1), CAMERA, valid=np.zeros((40, 60), bool))
    assert (masked == -1).all()
