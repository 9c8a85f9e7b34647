"""A scene is drawn as its photos say that it was trained, and a note says so."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import small_scene
from ludvig_engine.io.load import load_scene
from ludvig_engine.io.ply import write_ply
from ludvig_engine.pictures.check import check
from ludvig_engine.pictures.draw import rgb
from ludvig_engine.pictures.fitted import fitted, reduction
from ludvig_engine.progress import Job
from ludvig_engine.scene.raster import GSPLAT, Raster, reduced_blur


@pytest.fixture
def folder(tmp_path):
    return small_scene.write(tmp_path / "scene")


def loaded(folder, **options):
    return load_scene(folder / "splats.ply", views=folder, **options)


def photographed(folder, raster):
    """The photos taken anew, with these settings."""
    cloud, _ = small_scene.gaussians()
    for n, camera in enumerate(small_scene.cameras()):
        pixels = (rgb(cloud, camera, raster=raster) * 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"photo_{n}.png")


def with_cameras(folder, change):
    """The camera file with `change` applied to each matrix, world <- OpenGL camera."""
    about = json.loads((folder / "transforms.json").read_text())
    for frame in about["frames"]:
        frame["transform_matrix"] = change(np.array(frame["transform_matrix"])).tolist()
    (folder / "transforms.json").write_text(json.dumps(about))


def test_a_usual_scene_stays_as_it_is(folder):
    scene = loaded(folder)
    found = fitted(scene)
    assert found.raster == GSPLAT and found.notes == () and found.views == scene.views


def test_a_usual_scene_costs_one_photo(folder, monkeypatch):
    read = []
    from ludvig_engine.pictures import fitted as module

    monkeypatch.setattr(
        module, "read_photo", lambda view, real=module.read_photo: read.append(view) or real(view)
    )
    fitted(loaded(folder))
    assert len(read) == 1


@pytest.mark.parametrize(
    "trained, words",
    [
        ({"antialiased": True}, "anti-aliased rasterization"),
        ({"antialiased": True, "blur": 0.1}, "anti-aliased rasterization and a blur of 0.1 px²"),
        ({"blur": 0.1}, "a blur of 0.1 px² instead of 0.3"),
    ],
)
def test_what_it_was_trained_with_is_said_with_numbers(folder, trained, words):
    photographed(folder, Raster(**trained))
    found = fitted(loaded(folder))
    assert found.raster == Raster(**trained)
    (note,) = found.notes
    assert note.startswith(f"Trained with {words}") and "dB instead of" in note
    better, worse = (check(scene) for scene in (found, loaded(folder)))
    assert np.median(better.psnr) > np.median(worse.psnr) + 5


@pytest.mark.parametrize("share", [0.8, 0.5, 0.3])
def test_reduced_photos_say_nothing_of_a_smaller_blur(folder, share):
    """The blur belongs to the pixels that were trained on, and shrinks with them."""
    found = fitted(loaded(folder, max_size=round(share * max(small_scene.SIZE))))
    assert reduction(found) == pytest.approx(share, abs=0.01)
    assert found.notes == () and found.raster.blur < GSPLAT.blur
    assert found.raster.blur == reduced_blur(GSPLAT.blur, reduction(found))


def test_a_smaller_blur_is_found_in_reduced_photos(folder):
    photographed(folder, Raster(blur=0.0))
    found = fitted(loaded(folder, max_size=round(0.8 * max(small_scene.SIZE))))
    assert found.raster.blur == reduced_blur(0.0, reduction(found))
    assert "Trained with a blur of" in found.notes[0] and "instead of 0.3" in found.notes[0]


def test_photos_above_the_trainers_limit_are_not_reduced_below_it(folder):
    scene = loaded(folder)
    large = [replace(view, photo_size=(4000, 3000)) for view in scene.views]
    sizes = {1600: 1.0, 800: 0.5}
    for side, expected in sizes.items():
        views = [replace(v, camera=v.camera.resized(side, side * 3 // 4)) for v in large]
        assert reduction(replace(scene, views=tuple(views))) == pytest.approx(expected)


@pytest.mark.parametrize("factor", [1e-4, 0.02, 100.0])
def test_the_near_plane_follows_the_units(folder, factor):
    """Kilometers for meters, and the reverse; the pictures stay the same."""
    cloud, _ = small_scene.gaussians()
    scaled = {"means": cloud.means * factor, "scales": cloud.scales * factor}
    write_ply(
        folder / "splats.ply", replace(cloud, **{k: np.float32(v) for k, v in scaled.items()})
    )

    def scale(matrix):
        matrix[:3, 3] *= factor
        return matrix

    with_cameras(folder, scale)
    found = fitted(loaded(folder))
    result = check(found)
    assert result.fits and result.psnr.min() > 45
    assert found.raster.near < factor and found.notes == ()
    assert fitted(loaded(folder), near=0.3 * factor).raster.near == 0.3 * factor


def test_cameras_in_another_frame_are_brought_back(folder):
    right = loaded(folder).views
    turn = np.eye(4)
    turn[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    with_cameras(folder, lambda matrix: turn @ matrix)
    assert not check(loaded(folder)).fits
    found = fitted(loaded(folder))
    (note,) = found.notes
    assert "another frame" in note and "x, −z, y" in note
    assert check(found).fits
    for view, expected in zip(found.views, right, strict=True):
        np.testing.assert_allclose(view.camera.viewmat, expected.camera.viewmat, atol=1e-9)
    assert found.raster == GSPLAT


def test_what_was_tried_is_said(folder):
    def move(matrix):
        matrix[0, 3] += 2.0
        return matrix

    with_cameras(folder, move)
    scene = loaded(folder)
    found = fitted(scene)
    (note,) = found.notes
    assert "do not fit" in note and "quarter turns" in note
    assert found.views == scene.views
    assert "do not fit" in check(found).verdict


def cut_out(path, opaque):
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGBA")).copy()
    pixels[~opaque] = 0
    Image.fromarray(pixels).save(path)


def test_a_transparent_photo_is_left_out(folder):
    nothing = np.zeros((90, 120), bool)
    for n in (0, 4):
        cut_out(folder / "images" / f"photo_{n}.png", nothing)
    scene = fitted(loaded(folder))
    result = check(scene)
    assert scene.raster == GSPLAT and scene.notes == ()
    assert len(result.names) == 6 and "photo_0.png" not in result.names
    assert np.isfinite(result.psnr).all() and result.fits
    assert "2 photos that are wholly transparent" in result.verdict


def test_all_photos_transparent(folder):
    for n in range(8):
        cut_out(folder / "images" / f"photo_{n}.png", np.zeros((90, 120), bool))
    result = check(fitted(loaded(folder)))
    assert not result.fits and len(result.psnr) == 0
    assert "all 8 are wholly transparent" in result.verdict


def test_cut_outs_are_compared_where_they_show_something(folder):
    opaque = np.zeros((90, 120), bool)
    opaque[20:70, 30:90] = True
    photographed(folder, Raster(antialiased=True))
    for n in range(8):
        cut_out(folder / "images" / f"photo_{n}.png", opaque)
    found = fitted(loaded(folder))
    assert found.raster.antialiased and check(found).psnr.min() > 40


def test_without_photos_the_size_decides(folder):
    scene = load_scene(folder / "splats.ply")
    assert fitted(scene).raster == GSPLAT
    assert fitted(scene, near=0.01).raster == Raster(near=0.01)


def test_progress_is_told(folder):
    stages = []

    class Watch(Job):
        def report(self, stage, done, total):
            stages.append(stage.id)

    fitted(loaded(folder), job=Watch())
    assert stages[0] == "try_settings"
