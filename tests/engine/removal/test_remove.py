"""Removal as a whole: what holds for any scene and any selection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from ludvig_engine.errors import EngineError
from ludvig_engine.removal import remove
from ludvig_engine.rendering import colours, render
from ludvig_engine.scene import Scene
from scenes import joined, random_gaussians
from standing import C0, HALF, STEP, box_on_table, checkered


def scene_of(count: int) -> Scene:
    return Scene(random_gaussians(count), np.arange(count), count)


@pytest.mark.parametrize("options", [{}, {"boundary": False}, {"residue": False, "fill": False}])
def test_selecting_nothing_changes_nothing(options):
    for scene in scene_of(50), box_on_table()[0]:
        found = remove(scene, np.zeros(len(scene), bool), **options)
        assert (found.source == np.arange(len(scene))).all()
        assert (found.gaussians.means == scene.gaussians.means).all() and not found.notes


def test_a_selection_of_another_scene_is_refused():
    with pytest.raises(EngineError, match="50 splats"):
        remove(scene_of(50), np.zeros(49, bool))


def test_selecting_everything_leaves_nothing():
    scene, _ = box_on_table()
    assert len(remove(scene, np.ones(len(scene), bool)).gaussians) == 0


@pytest.fixture(scope="module")
def cleaned():
    scene, box = box_on_table()
    return scene, box, remove(scene, box)


def test_the_hole_under_a_box_is_filled_on_the_table(cleaned):
    scene, box, found = cleaned
    made = found.gaussians.take(found.source < 0)
    assert len(made) > 0.5 * (2 * HALF / STEP) ** 2
    assert np.abs(made.means[:, 2]).max() < 0.2 * STEP
    assert np.abs(made.means[:, :2]).max() < HALF + 2 * STEP
    assert not box[found.source[found.source >= 0]].any()
    camera = scene.views[1].camera
    hole = render(scene.gaussians.take(~box), camera, np.zeros((np.sum(~box), 1), np.float32))[1]
    closed = render(found.gaussians, camera, np.zeros((len(found.gaussians), 1), np.float32))[1]
    middle = np.s_[50:70, 70:90]
    assert hole[middle].min() < 0.1 and closed[middle].min() > 0.9


def test_the_texture_goes_on(cleaned):
    scene, _, found = cleaned
    made = found.gaussians.take(found.source < 0)
    inner = made.take(np.abs(made.means[:, :2]).max(1) < HALF - STEP)
    wanted = checkered(inner.means)
    error = np.abs(colours(inner, scene.views[0].camera.center) - wanted).mean(1)
    # Discs across the edge of two checks have the color of neither.
    assert np.median(error) < 0.06 and (error < 0.2).mean() > 0.75


def test_nothing_is_made_in_the_color_of_what_nobody_knows():
    """The table ends right beside the box on two sides: what is unknown there is not black."""
    scene, box = box_on_table()
    stays = box | (scene.gaussians.means[:, :2] < HALF + 1.5 * STEP).all(1)
    less = scene.gaussians.take(stays)
    rows = np.arange(len(less))
    found = remove(replace(scene, gaussians=less, rows=rows, file_count=len(less)), box[stays])
    made = found.gaussians.take(found.source < 0)
    assert len(made) > 50
    assert colours(made, scene.views[0].camera.center).mean(1).min() > 0.25


def test_nothing_is_copied_from_another_thing_at_the_same_height():
    """A pale tile around the box, and beyond a gap a red floor."""
    scene, box = box_on_table()
    far = np.abs(scene.gaussians.means[:, :2]).max(1)
    colors = np.where((far > HALF + 7 * STEP)[:, None], [0.8, 0.1, 0.1], [0.8, 0.75, 0.6])
    sh0 = np.where(box[:, None], scene.gaussians.sh0[:, 0], (colors - 0.5) / C0)
    stays = box | (far < HALF + 7 * STEP) | (far > HALF + 10 * STEP)
    tiled = replace(scene.gaussians, sh0=sh0[:, None].astype(np.float32)).take(stays)
    rows = np.arange(len(tiled))
    found = remove(replace(scene, gaussians=tiled, rows=rows, file_count=len(tiled)), box[stays])
    made = found.gaussians.take(found.source < 0)
    assert len(made) > 50
    assert colours(made, scene.views[0].camera.center)[:, 1].min() > 0.6


def test_each_hole_goes_on_from_what_is_around_it():
    """A box on a pale tile, and a second foot of it on the red floor beyond the tile's edge."""
    scene, box = box_on_table()
    foot = scene.gaussians.take(box)
    shift = np.float32([1.1, 0, 0])
    small = np.float32([0.4, 0.4, 1.0])
    foot = replace(foot, means=foot.means * small + shift, scales=foot.scales * np.float32(0.6))
    table = scene.gaussians.take(~box)
    covered = (np.abs(table.means[:, :2] - shift[:2]) < 0.4 * HALF).all(1)
    table = table.take(~covered & (np.abs(table.means[:, 0] - 0.75) > 1.5 * STEP))
    colors = np.where(table.means[:, :1] > 0.75, [0.8, 0.1, 0.1], [0.8, 0.75, 0.6])
    table = replace(table, sh0=((colors - 0.5) / C0)[:, None].astype(np.float32))
    both = joined(table, scene.gaussians.take(box), foot)
    rows = np.arange(len(both))
    found = remove(
        replace(scene, gaussians=both, rows=rows, file_count=len(both)), rows >= len(table)
    )
    made = found.gaussians.take(found.source < 0)
    green = colours(made, scene.views[0].camera.center)[:, 1]
    under, beyond = np.abs(made.means[:, 0]) < HALF, np.abs(made.means[:, 0] - 1.1) < 0.4 * HALF
    assert under.sum() > 50 and beyond.sum() > 10
    assert green[under].min() > 0.6 and green[beyond].max() < 0.25


def test_no_fill_makes_nothing():
    scene, box = box_on_table()
    assert (remove(scene, box, fill=False).source >= 0).all()


def test_another_order_of_the_input_gives_another_order_of_the_result(cleaned):
    scene, box, found = cleaned
    order = np.random.default_rng(1).permutation(len(scene))
    other = remove(replace(scene, gaussians=scene.gaussians.take(order)), box[order])
    assert sorted(order[other.source[other.source >= 0]]) == sorted(found.source[found.source >= 0])
    one, two = (r.gaussians.take(r.source < 0) for r in (found, other))
    distance, match = cKDTree(two.means).query(one.means)
    assert len(one) == len(two) and distance.max() < 1e-3
    # Sums in another order differ in their last digits, and a few matches of patches with them.
    assert np.median(np.abs(one.sh0 - two.sh0[match])) < 0.05


def test_the_notes_say_what_was_made_and_that_no_view_helped(cleaned):
    scene, box, found = cleaned
    made = int((found.source < 0).sum())
    assert any(f"{made:,} splats" in note for note in found.notes)
    blind = remove(replace(scene, views=()), box)
    assert len(blind.notes) == 1 and len(blind.gaussians) == np.sum(~box)
