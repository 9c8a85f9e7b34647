"""scene/remove: what an editor has to delete, to replace and to add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.io.load import load_scene
from ludvig_engine.io.ply import read_ply
from ludvig_engine.removal import Removal, remove
from ludvig_engine.service import removal
from ludvig_engine.wire.methods import RemoveObject
from service_tools import After, Service, opened


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def scene(service, made):
    return opened(service, made).scene


@pytest.fixture(scope="module")
def ball(made):
    return np.load(made / "names.npy") == "red"


def test_the_object_goes_and_the_rest_stays(service, scene, ball):
    found = service(RemoveObject(scene, ball))
    assert found.removed[ball].mean() > 0.95 and found.removed[~ball].mean() < 0.1
    assert found.cut.sum() == len(found.parts.means) and not found.removed[found.cut].any()
    assert found.filled.quats.shape == (len(found.filled.means), 4)


def test_parts_are_in_the_order_of_what_was_cut(service, scene, ball, made, monkeypatch):
    """The engine's own order is another one."""

    def moved(scene, selected, **_):
        there = scene.gaussians
        return Removal(replace(there, means=there.means + 1), np.arange(len(scene)))

    monkeypatch.setattr(removal, "remove", moved)
    found = service(RemoveObject(scene, ball))
    assert found.cut.all()
    file = read_ply(made / "splats.ply").gaussians
    np.testing.assert_array_equal(found.parts.means, file.means + 1)


def test_what_an_editor_is_told_makes_the_scene_that_the_library_makes(service, scene, ball, made):
    found = service(RemoveObject(scene, ball))
    whole = load_scene(made / "splats.ply", views=made)
    wanted = remove(whole, whole.from_file(ball)).gaussians
    colors = whole.gaussians.sh0[np.argsort(whole.rows)]
    colors[found.cut] = found.parts.sh0
    colors = np.concatenate([colors[~found.removed], found.filled.sh0])[:, 0]
    assert len(colors) == len(wanted)
    assert np.allclose(np.sort(colors, 0), np.sort(wanted.sh0[:, 0], 0), atol=1e-5)


def test_plain_deletion_removes_what_is_selected(service, scene, ball):
    found = service(RemoveObject(scene, ball, boundary=False, residue=False, fill=False))
    assert (found.removed == ball).all()
    assert found.cut.sum() == len(found.filled.means) == 0


def test_a_selection_of_another_scene_is_refused(service, scene):
    with pytest.raises(EngineError, match="splats"):
        service(RemoveObject(scene, np.zeros(3, bool)))


def test_it_can_be_canceled(service, scene, ball):
    with pytest.raises(Cancelled):
        service(RemoveObject(scene, ball), After(3))
