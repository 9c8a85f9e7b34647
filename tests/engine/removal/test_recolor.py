"""What was hardly seen takes the colors that go on around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ludvig_engine.removal.doubt import doubted
from ludvig_engine.removal.footprints import footprints
from ludvig_engine.removal.recolor import recolored
from ludvig_engine.removal.sightings import sightings
from ludvig_engine.scene.raster import GSPLAT
from scenes import joined, random_gaussians, single
from standing import HALF, box_on_table


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
    evidence = (seen.inside + seen.outside)[~selected]
    own = more.means[selected]
    found = doubted(more.take(~selected), evidence, own, sights, GSPLAT)
    assert list(found[-2:]) == [True, False]
