"""A scene that was drawn with some settings is recognized by its pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.errors import Cancelled
from ludvig_engine.io.sh import colours
from ludvig_engine.progress import Job
from ludvig_engine.rendering import render
from ludvig_engine.rendering.project import inside, project
from ludvig_engine.rendering.search import MARGIN, Search
from ludvig_engine.rendering.trial import Trial, psnr
from ludvig_engine.scene import Photo
from ludvig_engine.scene.raster import GSPLAT, Raster, usual_distance, usual_near
from scenes import joined, look_at, random_gaussians

EYES = [(3, 0.5, 0.8), (0.4, 3, 1), (-3, 0.3, 1.2), (0.2, -3, 0.5)]
CAMERAS = [look_at(eye, size=(96, 72), focal=80) for eye in EYES]


def scene(seed=0):
    """Things of all sizes, floaters close to the cameras, large ones beside the pictures."""
    small = random_gaussians(900, seed, scale=0.012, spread=0.5)
    large = random_gaussians(80, seed + 1, scale=0.15, spread=0.5)
    solid = replace(large, opacities=np.full(80, 0.999, np.float32))
    rng = np.random.default_rng(seed)
    eyes = np.repeat(EYES, 3, axis=0)
    toward = -eyes / np.linalg.norm(eyes, axis=1, keepdims=True)
    depth = np.tile([0.03, 0.1, 0.5], len(EYES))[:, None]
    floaters = random_gaussians(len(eyes), seed + 2, scale=0.05)
    floaters = replace(
        floaters,
        means=(eyes + depth * (toward + rng.normal(0, 0.1, eyes.shape))).astype(np.float32),
        scales=(0.3 * depth * np.ones((1, 3))).astype(np.float32),
        opacities=np.full(len(eyes), 0.7, np.float32),
    )
    beside = np.cross(toward, [0, 0, 1.0])
    fog = random_gaussians(len(eyes), seed + 3)
    fog = replace(
        fog,
        means=(eyes + 1.5 * toward + 1.6 * beside).astype(np.float32),
        scales=np.full((len(eyes), 3), 0.6, np.float32),
        opacities=np.full(len(eyes), 0.6, np.float32),
    )
    return joined(small, solid, floaters, fog)


def trials(gaussians, raster, noise=0.0):
    """Photos of the Gaussians that are drawn with these settings."""
    found = []
    for n, camera in enumerate(CAMERAS):
        image, _ = render(gaussians, camera, colours(gaussians, camera.center), raster=raster)
        pixels = np.clip(image, 0, 1).transpose(1, 2, 0)
        grain = np.random.default_rng(n).normal(0, noise, pixels.shape).astype(np.float32)
        found.append(Trial(gaussians, camera, Photo(str(n), np.clip(pixels + grain, 0, 1))))
    return found


def searched(shots, start=GSPLAT, **options):
    distance = usual_distance(shots[0].gaussians.means, [camera.center for camera in CAMERAS])
    start = replace(start, near=usual_near(distance))
    return Search(distance, **options).run(shots, start)


TRAINED = [
    {"antialiased": True},
    {"antialiased": True, "blur": 0.1},
    {"blur": 0.1},
    {"blur": 0.0},
    {"cull": 0.3},
    {"alpha_clamp": 0.999},
    {"cull": 0.3, "antialiased": True},
    {"near": 0.01, "antialiased": True},
]


@pytest.mark.parametrize("trained", TRAINED, ids=str)
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_what_a_scene_was_trained_with_is_found(trained, noise):
    if noise and "alpha_clamp" in trained:
        pytest.skip("one percent of noise hides one percent of light")
    usual = {"near": usual_near(3.0)}
    found = searched(trials(scene(), Raster(**{**usual, **trained}), noise))
    near = found.raster.near
    assert replace(found.raster, near=0.2) == Raster(**{**trained, "near": 0.2})
    assert near < 0.03 if "near" in trained else near > 0.1
    assert found.after > found.before + MARGIN


@pytest.mark.parametrize("near", [0.01, 0.06, 0.3])
def test_a_near_plane_is_found_by_what_is_between(near):
    """Any plane between the same Gaussians is as good."""
    found = searched(trials(scene(), Raster(near=near)))
    limits = {0.01: (0, 0.0285), 0.06: (0.03, 0.09), 0.3: (0.11, 0.45)}[near]
    assert limits[0] < found.raster.near < limits[1]
    assert found.after > 55


def test_a_given_near_plane_stays():
    shots = trials(scene(), Raster(near=0.01))
    distance = usual_distance(shots[0].gaussians.means, [camera.center for camera in CAMERAS])
    found = Search(distance, near=False).run(shots, Raster(near=0.3))
    assert found.raster.near == 0.3 and found.before == found.after


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_nothing_is_unusual(seed, noise):
    gaussians = scene(10 * seed)
    start = replace(GSPLAT, near=usual_near(3.0))
    shots = trials(gaussians, start, noise)
    found = Search(3.0).run(shots, start)
    assert found.raster == found.start == start
    fits = noise < 0.05  # more is below FITS, and always worth a search
    assert not fits or not any(Search(3.0).promising(shot, start) for shot in shots)


@pytest.mark.parametrize("trained", TRAINED, ids=str)
def test_one_photo_shows_that_it_is_worth_a_search(trained):
    start = replace(GSPLAT, near=usual_near(3.0))
    shots = trials(scene(), replace(start, **trained))
    assert all(Search(3.0).promising(shot, start) for shot in shots)


def test_a_wrong_photo_among_them_decides_nothing():
    shots = trials(scene(), Raster(near=usual_near(3.0), antialiased=True))
    noise = np.random.default_rng(0).random((72, 96, 3), np.float32)
    shots[0] = replace(shots[0], photo=Photo("wrong", noise))
    assert searched(shots).raster.antialiased


@pytest.mark.parametrize("factor", [1e-3, 1e-2, 1e2, 1e4])
def test_units_do_not_matter(factor):
    """A scene in any units is drawn as it is in the usual ones."""
    gaussians = scene()
    centers = np.array([camera.center for camera in CAMERAS])
    distance = usual_distance(gaussians.means, list(centers))
    scaled = usual_distance(gaussians.means * np.float32(factor), list(centers * factor))
    assert scaled == pytest.approx(factor * distance, rel=1e-5)
    assert usual_near(scaled) == pytest.approx(min(0.2, factor * 0.05 * distance), rel=1e-5)


def test_the_usual_plane_stays_in_usual_scenes():
    assert [usual_near(d) for d in (4.0, 4.9, 12.1, 1e5)] == [0.2] * 4
    assert usual_near(0.0) == 0.2  # one splat alone, without cameras


def test_every_few_rows_are_compared_of_a_large_photo():
    gaussians = random_gaussians(50)
    camera = look_at(EYES[0], size=(800, 600), focal=600)
    image, _ = render(gaussians, camera, colours(gaussians, camera.center))
    whole = np.clip(image, 0, 1).transpose(1, 2, 0)
    trial = Trial(gaussians, camera, Photo("large", whole))
    rows = trial._rows
    assert 0.05 < rows.mean() < 0.25 and rows[:300].any() and rows[300:].any()
    assert trial.psnr(GSPLAT) == pytest.approx(100)
    spoiled = whole.copy()
    spoiled[~rows] = 0
    assert Trial(gaussians, camera, Photo("large", spoiled)).psnr(GSPLAT) == pytest.approx(100)


def drawn_from_all(trial, raster):
    """The PSNR with every Gaussian, and whether one beside the picture reaches into it."""
    gaussians, camera = trial.gaussians, trial.camera
    image, _ = render(gaussians, camera, colours(gaussians, camera.center), raster=raster)
    far = ~inside(gaussians.means, camera, 0.15)
    beside = bool(len(project(gaussians.take(far), camera, raster).index))
    picture = np.clip(image, 0, 1).transpose(1, 2, 0)
    return psnr(picture, trial.photo, trial._rows), beside


@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_out_is_not_missed(seed):
    """In whatever order settings are tried, each has the PSNR of all Gaussians, to the bit."""
    gaussians, rng = scene(seed), np.random.default_rng(seed)
    camera = look_at(EYES[seed], size=(800, 600), focal=600)
    photo = Photo("any", rng.random((600, 800, 3), np.float32))
    trial, tried = Trial(gaussians, camera, photo), []
    for _ in range(12):
        raster = Raster(
            near=rng.choice([0.02, 0.2, 0.4, 2.0]),
            blur=rng.choice([0.0, 0.1, 0.3, 0.5]),
            cull=rng.choice([0.0, 0.3, np.inf]),
            antialiased=bool(rng.integers(2)),
        )
        tried.append((trial.psnr(raster), trial.beside(raster, 0.15)))
        assert tried[-1] == drawn_from_all(trial, raster), raster
    assert len(set(tried)) > 6 and len(trial._reach[0].compared) < 0.6 * len(gaussians)


def test_only_valid_pixels_count():
    shot = trials(scene(), GSPLAT)[0]
    valid = np.zeros(shot.photo.pixels.shape[:2], bool)
    assert replace(shot, photo=replace(shot.photo, valid=valid)).empty and not shot.empty
    assert np.isnan(psnr(shot.photo.pixels, replace(shot.photo, valid=valid)))
    valid[:, :40] = True
    spoiled = np.where(valid[..., None], shot.photo.pixels, 1)
    half = replace(shot, photo=Photo("half", spoiled.astype(np.float32), valid))
    assert not half.empty and half.psnr(GSPLAT) == pytest.approx(100)


def test_it_can_be_cancelled():
    class Stop(Job):
        def cancelled(self):
            return True

    shots = trials(scene(), GSPLAT)
    with pytest.raises(Cancelled):
        Search(3.0).run(shots, GSPLAT, job=Stop())
