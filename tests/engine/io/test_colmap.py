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


def edited(folder, change):
    for name in ("cameras.txt", "images.txt"):
        path = folder / name
        path.write_bytes(change(path.read_text("utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "  \t\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: ("\n\n" + text + "\n\n# the end").encode(),
        lambda text: text.replace("#", "  #").encode(),
        # Without the lines of points, as some programs write it.
        lambda text: "\n".join(line for line in text.splitlines() if line).encode(),
    ],
    ids=["BOM", "CRLF", "UTF-16", "spaces", "CR", "blank lines", "indented comments", "no points"],
)
def test_text_that_has_been_through_an_editor(tmp_path, model, change):
    save(model, tmp_path, ".txt")
    edited(tmp_path, change)
    check(read_colmap(tmp_path), model)


def test_blank_lines_between_photos(tmp_path, model):
    for image in model.images.values():
        image.points2D = [pycolmap.Point2D(np.array([1.0, 2.0])) for _ in range(4)]
    save(model, tmp_path, ".txt")
    edited(tmp_path, lambda text: text.replace(" -1\n", " -1\n\n\n").encode())
    check(read_colmap(tmp_path), model)


@pytest.mark.parametrize("kind", [".bin", ".txt"])
def test_names_that_are_not_utf_8_keep_their_bytes(tmp_path, model, kind):
    save(model, tmp_path, kind)
    path = tmp_path / f"images{kind}"
    path.write_bytes(path.read_bytes().replace(b"OPENCV.jpg", b"Schlo\xdf.jp"))
    names = {shot.name for shot in read_colmap(tmp_path)}
    assert "Schlo\udcdf.jp" in names and len(names) == len(MODELS)


def one_camera(folder, camera="1 PINHOLE 300 200 250 250 150 100", image="1 1 0 0 0 0 0 0 1 a.jpg"):
    folder.mkdir(exist_ok=True)
    (folder / "cameras.txt").write_text(f"{camera}\n")
    (folder / "images.txt").write_text(f"{image}\n\n")
    return folder


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"camera": "1 FTHETA 300 200 250"}, "camera of a.jpg cannot .*FTHETA is not known"),
        ({"camera": "1 PINHOLE 300 200 1e-300 250 150 100"}, "camera of a.jpg .*focal length fx"),
        ({"camera": "1 PINHOLE 300 200 nan 250 150 100"}, "its fx is nan"),
        ({"camera": "1 PINHOLE 300 200 250 250"}, "needs fx, fy, cx, cy"),
        ({"camera": "1 PINHOLE 2147483648 2147483648 250 250 150 100"}, "500 megapixels"),
        ({"camera": "1 EQUIRECTANGULAR 300 200 300 200"}, "panorama"),
        ({"camera": "1 PINHOLE"}, "row 0 has 2 fields"),
        ({"camera": "1 PINHOLE 300 x 1 1 1 1"}, "no whole numbers"),
        ({"camera": "1 PINHOLE 300 200 x 1 1 1"}, "numbers should be"),
        ({"camera": f"1 PINHOLE {'9' * 5000} 200 1 1 1 1"}, "no whole numbers"),
        ({"camera": "2 PINHOLE 300 200 250 250 150 100"}, "there is no camera 1"),
        ({"camera": "1 PINHOLE 3 2 2 2 1 1\n1 PINHOLE 3 2 2 2 1 1"}, "1 different ids"),
        ({"image": "1 0 0 0 0 0 0 0 1 a.jpg"}, "pose is not finite"),
        ({"image": "1 nan 0 0 0 0 0 0 1 a.jpg"}, "pose is not finite"),
        ({"image": "1 1 0 0 0 0 inf 0 1 a.jpg"}, "pose is not finite"),
        ({"image": "1 1 0 0 0 0 0 1e99 1 a.jpg"}, "scene units from the origin"),
        ({"image": f"1 1 0 0 0 0 0 0 1 {'a' * 5000}"}, "longer than 1024 letters"),
        ({"image": "1 1 0 0 0 0 0 0 1 a\x1b.jpg"}, "control characters"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_cameras_that_are_none_are_refused_by_name(tmp_path, change, match):
    with pytest.raises(EngineError, match=match) as caught:
        read_colmap(one_camera(tmp_path, **change))
    assert caught.value.kind == "bad_file" and len(caught.value.message) < 400


def test_quaternions_of_any_length_are_rotations(tmp_path):
    (a,) = read_colmap(one_camera(tmp_path / "a", image="1 1 2 3 4 0 0 0 1 a.jpg"))
    (b,) = read_colmap(one_camera(tmp_path / "b", image="1 10 20 30 40 0 0 0 1 a.jpg"))
    np.testing.assert_allclose(a.viewmat, b.viewmat, atol=1e-12)


def test_counts_are_not_believed(tmp_path, model):
    """A file of a few bytes may state 2^63 photos, points, or a name without end."""
    save(model, tmp_path, ".bin")
    images = (tmp_path / "images.bin").read_bytes()
    large = (2**63).to_bytes(8, "little")
    name_end = images.index(b"\0", 8 + 64)
    for content, match in (
        (large + images[8:], "should hold 9,223,372,036,854,775,808 rows"),
        (images[: name_end + 1] + large + images[name_end + 9 :], "cut short after 0 photos"),
        (images[:72] + b"x" * 100_000, "the name of photo 0 does not end"),
    ):
        (tmp_path / "images.bin").write_bytes(content)
        with pytest.raises(EngineError, match=match):
            read_colmap(tmp_path)


def test_an_unknown_model_in_a_binary_file(tmp_path, model):
    save(model, tmp_path, ".bin")
    path = tmp_path / "cameras.bin"
    content = bytearray(path.read_bytes())
    content[12:16] = (99).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(EngineError, match="number 99 is not known"):
        read_colmap(tmp_path)


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
