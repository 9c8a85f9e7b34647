"""The oracle is pycolmap's own writer."""

import shutil
from pathlib import Path

import numpy as np
import pycolmap
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.colmap import model_suffix, read_colmap

MODELS = sorted(set(pycolmap.CameraModelId.__members__) - {"INVALID", "EQUIRECTANGULAR"})


@pytest.fixture
def model(make_model):
    """One photo per camera model, some in subfolders."""
    cameras = []
    for number, name in enumerate(MODELS):
        camera = pycolmap.Camera.create_from_model_name(1, name, 900 + number, 1000 + number, 700)
        camera.params = [*camera.params[:3], *(0.01 * i for i in range(len(camera.params) - 3))]
        cameras.append(camera)
    return make_model(
        cameras, [f"left side/{name}.jpg" if "F" in name else f"{name}.jpg" for name in MODELS]
    )


def save(model, folder, kind):
    folder.mkdir(exist_ok=True)
    model.write_binary(folder) if kind == ".bin" else model.write_text(folder)


def check(shots, model):
    assert len(shots) == model.num_images()
    for shot in shots:
        image = next(image for image in model.images.values() if image.name == shot.name)
        camera = model.cameras[image.camera_id]
        np.testing.assert_allclose(shot.viewmat[:3], image.cam_from_world().matrix(), atol=1e-12)
        np.testing.assert_array_equal(shot.viewmat[3], [0, 0, 0, 1])
        assert (shot.intrinsics.model, shot.intrinsics.size) == (
            camera.model_name,
            (camera.width, camera.height),
        )
        np.testing.assert_allclose(shot.intrinsics.params, camera.params)


@pytest.mark.parametrize("kind", [".bin", ".txt"])
@pytest.mark.parametrize("without", [[], ["points3D"], ["points3D", "rigs", "frames"]])
def test_every_camera_model(folder, model, kind, without):
    save(model, folder, kind)
    for name in without:  # rigs and frames are newer than the format
        (folder / f"{name}{kind}").unlink()
    before = sorted(folder.iterdir())
    assert model_suffix(folder) == kind
    check(read_colmap(folder), model)
    assert sorted(folder.iterdir()) == before


def test_a_relative_folder(folder, model, monkeypatch):
    save(model, folder / "sparse", ".txt")
    monkeypatch.chdir(folder)
    check(read_colmap(Path("sparse")), model)


def test_rigs_of_several_cameras(tmp_path):
    """The images keep whole poses, though rigs and frames hold the parts they are made of."""
    model, rig = pycolmap.Reconstruction(), pycolmap.Rig(rig_id=1)
    for number in (1, 2):
        model.add_camera(pycolmap.Camera.create_from_model_name(number, "PINHOLE", 900, 1000, 700))
    turn = pycolmap.Rotation3d(np.array([0.5, 0.5, -0.5, 0.5]))
    rig.add_ref_sensor(model.cameras[1].sensor_id)
    rig.add_sensor(model.cameras[2].sensor_id, pycolmap.Rigid3d(turn, np.array([0.1, 0.2, 0.3])))
    model.add_rig(rig)
    for number in (1, 2):
        frame = pycolmap.Frame(frame_id=number, rig_id=1)
        frame.rig_from_world = pycolmap.Rigid3d(turn, np.array([number, 2, 3]))
        for camera in (1, 2):
            frame.add_data_id(
                pycolmap.data_t(model.cameras[camera].sensor_id, 10 * number + camera)
            )
        model.add_frame(frame)
        for camera in (1, 2):
            image = pycolmap.Image(
                name=f"{camera}/{number}.jpg", image_id=10 * number + camera, camera_id=camera
            )
            image.frame_id = number
            model.add_image(image)
    save(model, tmp_path, ".bin")
    check(read_colmap(tmp_path), model)


def test_unregistered_photos_are_left_out(tmp_path, model):
    model.deregister_frame(model.images[1].frame_id)
    save(model, tmp_path, ".bin")
    assert len(read_colmap(tmp_path)) == len(MODELS) - 1


@pytest.mark.parametrize("kind", [".bin", ".txt"])
@pytest.mark.parametrize("name", ["cameras", "images"])
def test_damaged_files_are_explained(tmp_path, model, kind, name):
    save(model, tmp_path / "good", kind)
    content = (tmp_path / "good" / f"{name}{kind}").read_bytes()
    damaged = [content[: len(content) * part // 10] for part in range(10)]
    damaged += [
        b"\xff" * len(content),
        bytes(len(content)),
        content[: len(content) // 2] + b"\xff" * 50,
    ]
    failures = 0
    for bad in damaged:
        shutil.copytree(tmp_path / "good", tmp_path / "bad", dirs_exist_ok=True)
        (tmp_path / "bad" / f"{name}{kind}").write_bytes(bad)
        try:
            shots = read_colmap(tmp_path / "bad")
        except EngineError as error:
            failures += 1
            assert error.kind == "bad_file" and error.fixes
        else:
            # A text file that is cut between lines is a smaller model; zeros are no model.
            assert len(shots) < len(MODELS)
    assert failures > 4


def test_points_are_not_needed(tmp_path, model):
    """Points change nothing; if they are cut off, the error says after how many photos."""
    for image in model.images.values():
        image.points2D = [pycolmap.Point2D(np.array([i, 2.0 * i])) for i in range(500)]
    save(model, tmp_path / "a", ".bin")
    save(model, tmp_path / "b", ".txt")
    for name in "ab":
        check(read_colmap(tmp_path / name), model)
    whole = (tmp_path / "a" / "images.bin").read_bytes()
    (tmp_path / "a" / "images.bin").write_bytes(whole[: len(whole) - 1000 * 24])
    with pytest.raises(EngineError, match=f"cut short after {len(MODELS) - 2} photos"):
        read_colmap(tmp_path / "a")


def test_an_empty_model_is_explained(tmp_path):
    with pytest.raises(EngineError, match=r"no cameras.bin") as caught:
        read_colmap(tmp_path)
    assert caught.value.kind == "not_found"
    save(pycolmap.Reconstruction(), tmp_path, ".bin")
    with pytest.raises(EngineError, match="No photo") as caught:
        read_colmap(tmp_path)
    assert caught.value.kind == "bad_file"


def test_real_models(data):
    for name in ("sparse/0", "sparse_full"):
        check(read_colmap(data / "banana" / name), pycolmap.Reconstruction(data / "banana" / name))
