"""What was hardly seen takes the colors that go on around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.removal.doubt import doubted
from ludvig_engine.removal.footprints import footprints
from ludvig_engine.removal.recolor import adrift, recolored
from ludvig_engine.removal.sightings import sightings
from ludvig_engine.scene.raster import GSPLAT
from scenes import joined, random_gaussians, single
from standing import HALF, box_on_table, discs


def test_the_doubtful_take_their_neighbors_colors_and_the_others_stay():
    cloud = random_gaussians(300, 3, sh_degree=1)
    firm = np.tile(np.float32([[[0.3, -0.2, 0.9]]]), (300, 1, 1))
    doubtful = np.linalg.norm(cloud.means - cloud.means.mean(0), axis=1) < 0.5
    doubtful[:3] = True
    wild = np.where(doubtful[:, None, None], np.float32(9), firm)
    found = recolored(replace(cloud, sh0=wild), doubtful)
    assert np.abs(found.sh0 - firm).max() < 1e-4
    assert (found.shN[~doubtful] == cloud.shN[~doubtful]).all()
    assert (found.means == cloud.means).all() and (found.opacities == cloud.opacities).all()


def test_where_nothing_is_firm_or_nothing_doubtful_nothing_changes():
    cloud = random_gaussians(40)
    for doubtful in np.zeros(40, bool), np.ones(40, bool):
        assert (recolored(cloud, doubtful).sh0 == cloud.sh0).all()


def test_in_doubt_is_what_the_object_hid():
    """One in the middle below the box, and one on the table where all see it."""
    scene, box = box_on_table()
    below, beside = single((0, 0, 0.02), 0.9, 0.05), single((HALF + 0.08, 0, 0.02), 0.9, 0.05)
    more = joined(scene.gaussians, below, beside)
    selected = np.append(box, [False, False])
    sights = sightings(more, selected, [view.camera for view in scene.views], GSPLAT)
    seen = footprints(more, sights, GSPLAT)
    evidence = seen.views[:, ~selected]
    own = more.means[selected]
    found = doubted(more.take(~selected), evidence, own, sights, GSPLAT)
    assert list(found[-2:]) == [True, False]


def test_what_four_views_have_seen_is_not_in_doubt_however_many_have_not():
    """Behind the object for most views, and before it for a few, as what is in front of a thing."""
    scene, box = box_on_table()
    beside = single((HALF + 0.01, 0, 0.02), 0.9, 0.05)
    more = joined(scene.gaussians, beside)
    selected = np.append(box, False)
    sights = sightings(more, selected, [view.camera for view in scene.views], GSPLAT)
    shown = footprints(more, sights, GSPLAT).views[:, ~selected]
    seeing = np.flatnonzero(shown[:, -1] > 1)
    assert len(seeing) > 4
    own, left = more.means[selected], more.take(~selected)
    for count, expected in ((0, True), (3, True), (4, False), (5, False)):
        evidence = shown.copy()
        evidence[:, -1] = 0
        evidence[seeing[:count], -1] = 1000
        assert doubted(left, evidence, own, sights, GSPLAT)[-1] == expected


@pytest.mark.parametrize("size", [0.01, 0.3])
def test_adrift_is_what_hangs_in_the_air_and_is_not_to_be_believed(size):
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.uniform(-2, 2, (4000, 2)), np.zeros(4000)])
    hanging = single((0, 0, 5 * size + 0.5), 0.9, size)
    lying = single((0.5, 0, 0.02), 0.9, size)
    firm = discs(table, np.full((4000, 3), 0.5), 2)
    cloud = joined(firm, hanging, lying, single((1, 1, 3), 0.9, size))
    doubtful = np.zeros(len(cloud), bool)
    doubtful[[-3, -2]] = True
    assert np.flatnonzero(adrift(cloud, doubtful)).tolist() == [len(firm)]
    assert not adrift(cloud, np.zeros(len(cloud), bool)).any()
    assert not adrift(cloud, np.ones(len(cloud), bool)).any()
