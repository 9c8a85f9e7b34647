"""Every lens model of COLMAP.

The oracle is the published formula, or photos whose colors encode their rays.
"""

import numpy as np
import pycolmap
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.lens import Lens
from ludvig_engine.io.shots import PARAMETERS, Intrinsics

SIZE = (400, 266)
# All principal points are off center.
CAMERAS = {
    "SIMPLE_RADIAL": (330, 195, 138, -0.12),
    "RADIAL": (330, 195, 138, -0.1, 0.03),
    "OPENCV": (325, 335, 195, 138, -0.1, 0.02, 0.002, -0.003),
    "FULL_OPENCV": (325, 335, 195, 138, -0.1, 0.02, 0.002, -0.003, 0.01, 0.01, 0.02, 0.01),
    "FOV": (325, 335, 195, 138, 0.5),
    "OPENCV_FISHEYE": (240, 245, 195, 138, 0.02, -0.01, 0.002, 0.001),
    "SIMPLE_RADIAL_FISHEYE": (240, 195, 138, 0.03),
    "RADIAL_FISHEYE": (240, 195, 138, 0.03, -0.01),
    "THIN_PRISM_FISHEYE": (
        240,
        245,
        195,
        138,
        0.02,
        -0.01,
        0.002,
        0.001,
        0.001,
        0.001,
        0.002,
        0.001,
    ),
    "RAD_TAN_THIN_PRISM_FISHEYE": (240, 245, 195, 138, 0.02, -0.01, *[0.001] * 10),
    "SIMPLE_DIVISION": (330, 195, 138, -0.1),
    "DIVISION": (325, 335, 195, 138, -0.1),
    "SIMPLE_FISHEYE": (240, 195, 138),
    "FISHEYE": (240, 245, 195, 138),
    "EUCM": (325, 335, 195, 138, 0.5, 1.1),
}


def intrinsics(model, params, size=SIZE):
    return Intrinsics(model, tuple(map(float, params)), *size)


def test_no_model_is_forgotten():
    models = set(pycolmap.CameraModelId.__members__)
    assert models - {"INVALID", "EQUIRECTANGULAR", "PINHOLE", "SIMPLE_PINHOLE"} == set(CAMERAS)


@pytest.fixture(params=CAMERAS)
def lens(request):
    return Lens.covering(intrinsics(request.param, CAMERAS[request.param]), SIZE)


def grid(size):
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    return np.stack([x, y], -1)


def pinhole_rays(lens):
    fx, fy, cx, cy = lens.pinhole.params
    return (grid(lens.pinhole.size) - (cx, cy)) / (fx, fy)


def test_a_photo_of_rays_undistorts_to_the_pinholes_rays(lens):
    camera = pycolmap.Camera(
        model=lens.distorted.model, width=SIZE[0], height=SIZE[1], params=lens.distorted.params
    )
    rays = camera.cam_from_img(grid(SIZE).reshape(-1, 2)).reshape(SIZE[1], SIZE[0], 2)
    image, valid = lens.undistort(rays)
    assert valid.mean() > 0.6
    # Pixels whose colors are not clamped at the border.
    inner = lens.undistort(np.pad(np.ones((SIZE[1] - 2, SIZE[0] - 2)), 1))[0] == 1
    error = np.abs(image - pinhole_rays(lens))[inner] * lens.pinhole.params[:2]
    assert error.max() < 0.05  # pixels: what bilinear interpolation costs


def test_the_pinhole_covers_the_photo(lens):
    x, y = (np.linspace(0, n, 65) for n in SIZE)  # the outer edges of its border pixels
    sides = [(a, y) for a in (0, SIZE[0])] + [(x, b) for b in (0, SIZE[1])]
    edge = np.concatenate([np.stack(np.broadcast_arrays(*side), -1) for side in sides])
    points = lens.to_pinhole(edge)
    assert (points > -1e-6).all() and (points < np.array(lens.pinhole.size) + 1e-6).all()
    # The pinhole covers the photo and no more.
    assert (points.min(0) < 1).all() and (points.max(0) > np.array(lens.pinhole.size) - 1).all()
    assert lens.to_photo(np.ones(lens.pinhole.size[::-1], np.float32)).min() == 1


def test_points_return(lens):
    points = np.random.default_rng(0).uniform(1, np.array(SIZE) - 1, (1000, 2))
    np.testing.assert_allclose(lens.from_pinhole(lens.to_pinhole(points)), points, atol=1e-4)


def test_a_mask_returns(lens):
    x, y = np.moveaxis(grid(SIZE), -1, 0)
    mask = ((x - 180) / 120) ** 2 + ((y - 120) / 70) ** 2 < 1
    smooth = 1 / (1 + np.exp(((x - 180) ** 2 + (y - 120) ** 2 - 70**2) / 500))
    for image, tolerance in ((mask, 0.97), (mask.astype(np.float32), 0.99), (smooth, 0.995)):
        again = lens.to_photo(lens.undistort(image)[0])
        assert again.dtype == image.dtype and again.shape == image.shape
        a, b = again > 0.5, image > 0.5
        assert (a & b).sum() / (a | b).sum() > tolerance


def test_opencv_follows_its_published_formula():
    fx, fy, cx, cy, k1, k2, p1, p2 = CAMERAS["OPENCV"]
    lens = Lens.covering(intrinsics("OPENCV", CAMERAS["OPENCV"]), SIZE)
    x, y = np.moveaxis(pinhole_rays(lens).reshape(-1, 2), -1, 0)
    r2 = x**2 + y**2
    radial = 1 + k1 * r2 + k2 * r2**2
    u = fx * (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)) + cx
    v = fy * (y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y) + cy
    np.testing.assert_allclose(
        lens.from_pinhole(grid(lens.pinhole.size).reshape(-1, 2)), np.stack([u, v], 1), atol=1e-9
    )


def test_opencv_fisheye_follows_its_published_formula():
    fx, fy, cx, cy, *k = CAMERAS["OPENCV_FISHEYE"]
    lens = Lens.covering(intrinsics("OPENCV_FISHEYE", CAMERAS["OPENCV_FISHEYE"]), SIZE)
    rays = pinhole_rays(lens).reshape(-1, 2)
    radius = np.linalg.norm(rays, axis=1, keepdims=True)
    theta = np.arctan(radius)
    bent = theta * (1 + sum(k[i] * theta ** (2 * i + 2) for i in range(4)))
    expected = rays / radius * bent * (fx, fy) + (cx, cy)
    got = lens.from_pinhole(grid(lens.pinhole.size).reshape(-1, 2))
    seen = np.isfinite(got).all(1)
    assert seen.mean() > 0.9
    np.testing.assert_allclose(got[seen], expected[seen], atol=1e-9)


def test_a_lens_does_not_fold_back():
    """Beyond r = 1.05 the polynomial turns around: rays from far outside could hit the photo."""
    lens = Lens.covering(intrinsics("SIMPLE_RADIAL", (200, 200, 133, -0.3)), SIZE)
    rays = pinhole_rays(lens)
    _, valid = lens.undistort(np.ones(SIZE[::-1], np.float32))
    assert np.linalg.norm(rays[valid], axis=1).max() < 1 / np.sqrt(3 * 0.3) + 1e-3
    assert valid[np.linalg.norm(rays, axis=2) < 0.6].all()
    assert not lens.undistort(np.ones(SIZE[::-1], np.float32))[0][~valid].any()


@pytest.mark.parametrize("degrees", [170, 180, 220])
def test_a_fisheye_stays_finite(degrees):
    focal = SIZE[0] / np.deg2rad(degrees)
    lens = Lens.covering(intrinsics("SIMPLE_FISHEYE", (focal, 200, 133)), SIZE)
    assert all(n <= 2 * m for n, m in zip(lens.pinhole.size, SIZE, strict=True))
    _, valid = lens.undistort(np.ones(SIZE[::-1], np.float32))
    rays = pinhole_rays(lens)
    assert valid[np.abs(rays).max(2) < 1].all()  # 45 degrees
    points = lens.to_pinhole(np.array([[200.0, 133.0], [200 + focal * np.pi / 4, 133.0]]))
    np.testing.assert_allclose(
        (points - lens.pinhole.params[2:]) / focal, [[0, 0], [1, 0]], atol=1e-6
    )
    if degrees > 180:
        assert np.isnan(lens.to_pinhole(np.array([[399.0, 133.0]]))).all()  # behind the camera


def test_other_sizes_scale_both_sides():
    camera = intrinsics("OPENCV", CAMERAS["OPENCV"])
    whole, photo = Lens.covering(camera, SIZE), (1200, 800)  # 3 times as wide, 3.0075 times as high
    large = Lens.covering(camera, photo)
    small = Lens.covering(camera, photo, max_size=100)
    assert max(small.pinhole.size) == 100 and large.photo_size == photo
    points = np.random.default_rng(0).uniform(0, 1, (50, 2))
    normalized = [
        (lens.to_pinhole(points * lens.photo_size) - lens.pinhole.params[2:])
        / lens.pinhole.params[:2]
        for lens in (whole, large, small)
    ]
    np.testing.assert_allclose(normalized[1], normalized[0], atol=1e-9)
    np.testing.assert_allclose(normalized[2], normalized[0], atol=1e-9)
    assert large.pinhole.params[0] / large.pinhole.params[1] == pytest.approx(
        325 * 3 / (335 * 800 / 266)
    )
    assert abs(small.photo_size[0] / small.photo_size[1] - 1.5) < 0.02


@pytest.mark.parametrize("model", ["SIMPLE_RADIAL", "RAD_TAN_THIN_PRISM_FISHEYE"])
def test_lenses_without_rays_are_refused(model):
    """With such coefficients only pixels at the center have a ray."""
    params = [3000.0, *([3000.0] if model[0] == "R" else []), 2000.0, 1500.0, -9e5]
    params += [0.0] * (len(PARAMETERS[model]) - len(params))
    with pytest.raises(EngineError, match="its pixels") as caught:
        Lens.covering(intrinsics(model, params, (4000, 3000)), (4000, 3000), 100)
    assert caught.value.kind == "bad_file"


def test_maps_are_shared_by_photos_of_one_camera():
    from ludvig_engine.io import lens as module

    cameras = [intrinsics("OPENCV", CAMERAS["OPENCV"]) for _ in range(3)]
    before = module._map.cache_info().misses
    for camera in cameras:
        Lens.covering(camera, SIZE).undistort(np.ones(SIZE[::-1], np.float32))
    assert module._map.cache_info().misses - before <= 1


@pytest.mark.parametrize("model", CAMERAS)
def test_what_a_photo_shows_is_tested_in_cells(model):
    """Every pixel by itself gives the same, but for those of cells at the edge."""
    lens = Lens.covering(intrinsics(model, CAMERAS[model]), SIZE)
    width, height = lens.pinhole.size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    exact = lens.from_pinhole(np.stack([x.ravel(), y.ravel()], 1))
    inside = ((exact >= 0) & (exact <= lens.photo_size)).all(1).reshape(height, width)
    _, valid = lens.undistort(np.ones(lens.photo_size[::-1], np.float32))
    assert not (valid & ~inside).any() and (valid != inside).mean() < 0.01
