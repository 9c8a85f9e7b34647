"""The recipes of demo/scenes can be arranged: every object has meshes, and every mesh one place."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import bpy
import numpy as np
import pytest

DEMO = Path(__file__).resolve().parents[2] / "demo"


@pytest.fixture(scope="module")
def demo():
    folders = [str(DEMO), str(DEMO / "scenes")]
    sys.path[:0] = folders
    try:
        import split
        import stage
    finally:
        for folder in folders:
            sys.path.remove(folder)
    return stage, split.RECIPES


def corners(thing):
    """The corners of a mesh's box in the world, (8, 3)."""
    return np.array([thing.matrix_world @ type(thing.location)(c) for c in thing.bound_box])


def test_every_object_of_every_recipe_is_built(demo):
    stage, recipes = demo
    for recipe in recipes.values():
        stage.arrange(recipe)
        bpy.context.view_layer.update()
        meshes = [thing for thing in bpy.data.objects if thing.type == "MESH"]
        counts = Counter(thing.pass_index for thing in meshes)
        assert set(counts) == set(range(len(recipe.names) + 1)), recipe.name
        # Nothing is below the floor or beyond the walls of its room, which has no object index.
        room = np.concatenate([corners(m) for m in meshes if not m.pass_index])
        things = np.concatenate([corners(m) for m in meshes if m.pass_index])
        assert (things.min(0) >= room.min(0) - 0.3).all(), recipe.name
        assert (things.max(0) <= room.max(0) + 0.3).all(), recipe.name


def test_colors_come_from_the_seed(demo):
    """The same recipe with another seed has the same meshes in other colors."""
    from dataclasses import replace

    stage, recipes = demo
    found = []
    for seed in (1, 1, 2):
        stage.arrange(replace(recipes["desk"], seed=seed))
        shades = [
            tuple(socket.default_value)
            for stuff in bpy.data.materials
            for node in stuff.node_tree.nodes
            if node.type == "MIX"
            for socket in node.inputs
            if socket.type == "RGBA"
        ]
        found.append((len(bpy.data.objects), sorted(shades)))
    assert found[0] == found[1] != found[2] and found[0][0] == found[2][0]
