"""Removal as a whole: what holds for any scene and any selection."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.removal import remove
from ludvig_engine.scene import Scene
from scenes import random_gaussians


def scene_of(count: int) -> Scene:
    return Scene(random_gaussians(count), np.arange(count), count)


@pytest.mark.parametrize("options", [{}, {"boundary": False}, {"residue": False, "fill": False}])
def test_selecting_nothing_changes_nothing(options):
    scene = scene_of(50)
    found = remove(scene, np.zeros(50, bool), **options)
    assert (found.source == np.arange(50)).all()
    assert (found.gaussians.means == scene.gaussians.means).all() and not found.notes


def test_a_selection_of_another_scene_is_refused():
    with pytest.raises(EngineError, match="50 splats"):
        remove(scene_of(50), np.zeros(49, bool))
