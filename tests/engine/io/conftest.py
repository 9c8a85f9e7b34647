"""Folders, scenes and cameras to read and write; real data comes from LUDVIG_DATA."""

import os
from pathlib import Path

import numpy as np
import pytest

from ludvig_engine.scene import Gaussians

FOLDER = "Großer Spaß 目录/it's here"


@pytest.fixture
def folder(tmp_path):
    """A folder whose name breaks careless programs: spaces, umlauts, Chinese, a quote."""
    path = tmp_path / FOLDER
    path.mkdir(parents=True)
    return path


@pytest.fixture(scope="session")
def data():
    """The folder of real scenes."""
    if "LUDVIG_DATA" not in os.environ:
        pytest.skip("LUDVIG_DATA is not set: the tests on real scenes do not run")
    return Path(os.environ["LUDVIG_DATA"])


@pytest.fixture
def make_gaussians():
    """Random Gaussians of a given spherical harmonics degree."""

    def make(n, degree=3, seed=0):
        random = np.random.default_rng(seed)
        quats = random.normal(size=(n, 4))
        return Gaussians(
            means=random.normal(size=(n, 3)).astype(np.float32),
            quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
            scales=np.exp(random.normal(-4, 1, (n, 3))).astype(np.float32),
            opacities=random.uniform(0.01, 0.99, n).astype(np.float32),
            sh0=random.normal(size=(n, 1, 3)).astype(np.float32),
            shN=random.normal(size=(n, (degree + 1) ** 2 - 1, 3)).astype(np.float32),
        )

    return make


@pytest.fixture
def same():
    """Assert that two sets of Gaussians are equal up to the rounding of exp and log in float32."""

    def check(a, b, rtol=2e-6, **tolerance):
        for name in ("means", "quats", "scales", "opacities", "sh0", "shN"):
            np.testing.assert_allclose(
                getattr(a, name), getattr(b, name), rtol=rtol, err_msg=name, **tolerance
            )

    return check


@pytest.fixture
def make_model():
    """A COLMAP reconstruction of a few photos, one camera each, with poses all around."""
    import pycolmap

    def make(cameras, names):
        model = pycolmap.Reconstruction()
        random = np.random.default_rng(0)
        for number, (camera, name) in enumerate(zip(cameras, names, strict=True), 1):
            camera.camera_id = number
            model.add_camera_with_trivial_rig(camera)
            rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
            rotation *= np.sign(np.linalg.det(rotation))
            pose = pycolmap.Rigid3d(pycolmap.Rotation3d(rotation), random.normal(size=3))
            image = pycolmap.Image(name=name, image_id=number, camera_id=number)
            model.add_image_with_trivial_frame(image, pose)
        return model

    return make
