import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.load import load_scene
from ludvig_engine.io.ply import read_ply, write_ply
from ludvig_engine.scene import Gaussians, morton_order


def test_parts_joined_are_the_whole(make_gaussians, same):
    whole = make_gaussians(30)
    parts = [whole.take(slice(0, 7)), whole.take(slice(7, 7)), whole.take(slice(7, 30))]
    same(Gaussians.joined(parts), whole)


def test_order_and_rows(folder, make_gaussians, same):
    gaussians = make_gaussians(2000)
    write_ply(folder / "a.ply", gaussians)
    scene = load_scene(folder / "a.ply")
    assert (len(scene), scene.file_count, scene.notes, scene.views) == (2000, 2000, (), ())
    assert scene.path == folder / "a.ply"
    same(scene.gaussians, read_ply(folder / "a.ply").gaussians.take(scene.rows))
    np.testing.assert_array_equal(scene.to_file(scene.gaussians.means), gaussians.means)
    np.testing.assert_array_equal(morton_order(scene.gaussians.means), np.arange(2000))


def test_unusable_rows_are_left_out_and_counted(folder, make_gaussians):
    gaussians = make_gaussians(2000)
    gaussians.means[[5, 7, 1999]] = np.nan
    write_ply(folder / "a.ply", gaussians)
    scene = load_scene(folder / "a.ply")
    assert scene.notes == ("3 of 2,000 splats are left out: 3 with NaN or infinite values.",)
    assert len(scene) == 1997 and scene.file_count == 2000
    back = scene.to_file(np.ones(1997))
    np.testing.assert_array_equal(np.flatnonzero(back == 0), [5, 7, 1999])
    assert np.isfinite(scene.gaussians.means).all()


def test_nothing_usable_is_an_error(folder, make_gaussians):
    gaussians = make_gaussians(20)
    gaussians.sh0[:] = np.inf
    write_ply(folder / "a.ply", gaussians)
    with pytest.raises(EngineError, match=r"No splat of a.ply is usable. 20 of 20 ") as caught:
        load_scene(folder / "a.ply")
    assert caught.value.kind == "bad_file"


def test_real_scene(data):
    scene = load_scene(data / "banana/gs/point_cloud.ply", views=data / "banana", max_size=360)
    assert len(scene) == 79_988 and len(scene.views) == 15
    assert {(view.camera.width, view.camera.height) for view in scene.views} == {(360, 240)}
    assert scene.view("DSC_0423").photo_size == (720, 479)
    with pytest.raises(EngineError, match="photos were not found"):
        load_scene(data / "banana/gs/point_cloud.ply", views=data / "banana", photos=data / "plant")
