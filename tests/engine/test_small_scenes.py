"""The recipes of demo/scenes: they can be built, and both halves are equally hard. No Blender."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ludvig_engine.io.ply import write_ply
from ludvig_engine.io.splats import read_splats
from ludvig_engine.scene import Gaussians

SCENES = Path(__file__).resolve().parents[2] / "demo" / "scenes"


def imported(name):
    sys.path.insert(0, str(SCENES))
    try:
        return __import__(name)
    finally:
        sys.path.remove(str(SCENES))


split, pieces, palette = (imported(name) for name in ("split", "pieces", "palette"))
RECIPES = list(split.RECIPES.values())
EACH = pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.name for recipe in RECIPES])


def test_the_halves_are_apart_and_as_large_as_each_other():
    names = [*split.TUNING, *split.REPORTED]
    assert len(names) == len(set(names)) == len(RECIPES) >= 12
    assert len(split.TUNING) == len(split.REPORTED)


def test_no_two_scenes_have_a_seed_in_common():
    assert len({recipe.seed for recipe in RECIPES}) == len(RECIPES)


def test_every_difficulty_is_as_frequent_in_both_halves():
    tuning, reported = (
        Counter(kind for name in half for kind in split.RECIPES[name].shown)
        for half in (split.TUNING, split.REPORTED)
    )
    assert tuning == reported and set(tuning) == set(pieces.KINDS)


def test_partners_are_of_the_same_kinds():
    for pair in zip(split.TUNING, split.REPORTED, strict=True):
        one, other = (split.RECIPES[name] for name in pair)
        assert one.shown == other.shown, pair


@EACH
def test_objects_have_names_of_their_own(recipe):
    assert 5 <= len(recipe.names) <= 12
    assert all(
        name == name.strip().lower() and name.replace(" ", "").isalpha() for name in recipe.names
    )
    # Only a bowl and what lies in it are one object of two pieces.
    twice = {name for name, count in Counter(p.name for p in recipe.pieces).items() if count > 1}
    assert twice <= {"bowl", ""}


@EACH
def test_clutter_is_more_than_twelve_things(recipe):
    things = [piece for piece in recipe.pieces if piece.kind not in ("room", "wall", "ground")]
    assert "clutter" not in recipe.kinds or len(things) > 12


@EACH
def test_pieces_are_of_known_kinds_and_colors(recipe):
    colors = palette.palette(recipe.seed)
    for piece in recipe.pieces:
        assert {piece.color, piece.other} <= set(colors), piece
        assert piece.kind in _kinds(), piece
    assert set(recipe.large) <= set(recipe.names) and set(recipe.kinds) < set(pieces.KINDS)
    assert recipe.light in ("soft", "sun")


@cache
def _kinds():
    """The keys of the tables `KINDS`, read without Blender, which their modules import."""
    found = set()
    for name in ("catalog", "models", "surroundings"):
        tree = ast.parse((SCENES / f"{name}.py").read_text("utf-8"))
        tables = (
            n.value for n in tree.body if isinstance(n, ast.AnnAssign) and n.target.id == "KINDS"
        )
        found |= {key.value for table in tables for key in table.keys if key is not None}
    return found


@EACH
def test_twins_are_alike(recipe):
    """Two objects of one kind, color and size that stand apart, if the recipe says so."""
    looks = Counter((p.kind, p.color, p.size, str(p.more)) for p in recipe.pieces if p.name)
    assert "twins" not in recipe.kinds or max(looks.values()) >= 2


@EACH
def test_the_photos_are_few(recipe):
    cameras = recipe.cameras
    if isinstance(cameras, pieces.Inside):
        count = cameras.outwards + cameras.across
    else:
        count = sum(photos for photos, _ in cameras.rings)
    assert 20 <= count <= 28


def test_hues_come_from_the_seed():
    one, same, other = (palette.palette(seed) for seed in (1, 1, 2))
    assert one == same and one["oak"] == other["oak"]
    assert all(one[name] != other[name] for name in palette.HUES)
    assert all(0 <= value <= 1 for color in one.values() for value in color)


def test_trained_splats_are_shipped_small():
    for recipe in RECIPES:
        path = SCENES / "trained" / f"{recipe.name}.ply.gz"
        assert path.exists() == recipe.trained
        if recipe.trained:
            splats = read_splats(path)
            assert splats.valid.all() and 15_000 <= len(splats.gaussians) <= 40_000
            assert path.stat().st_size < 1.5e6


def test_packing_changes_nothing_that_can_be_seen(tmp_path):
    random = np.random.default_rng(0)
    n = 200
    quats = random.normal(size=(n, 4))
    gaussians = Gaussians(
        *(
            np.asarray(values, np.float32)
            for values in (
                10 * random.normal(size=(n, 3)),
                quats / np.linalg.norm(quats, axis=1, keepdims=True),
                np.exp(random.normal(-3, 1, (n, 3))),
                random.uniform(0.01, 0.99, n),
                random.normal(size=(n, 1, 3)),
                0.2 * random.normal(size=(n, 15, 3)),
            )
        )
    )
    write_ply(tmp_path / "whole.ply", gaussians)
    imported("pack").pack(tmp_path / "whole.ply", tmp_path / "small.ply.gz")
    small = read_splats(tmp_path / "small.ply.gz").gaussians
    assert small.shN.shape == (n, 8, 3)
    assert np.abs(small.means - gaussians.means).max() < 0.001
    assert np.abs(small.scales / gaussians.scales - 1).max() < 0.01
    assert np.abs(small.opacities - gaussians.opacities).max() < 0.005
    assert np.abs(small.quats - gaussians.quats).max() < 0.005
    assert np.abs(small.sh0 - gaussians.sh0).max() < 0.006  # half a step of 8-bit colors
    assert np.abs(small.shN - gaussians.shN[:, :8]).max() < 0.022
    # Half of a float is rounded away, so that it zips.
    assert (tmp_path / "small.ply.gz").stat().st_size < 0.4 * (
        tmp_path / "whole.ply"
    ).stat().st_size
