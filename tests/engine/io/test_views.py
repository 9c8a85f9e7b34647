import json

import numpy as np
import pycolmap
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.io.lens import Lens
from ludvig_engine.io.photos import read_photo
from ludvig_engine.io.views import _common_folder, load_views

NAMES = ["b.JPG", "a.JPG", "sub dir/c.JPG"]
SIZE = (300, 200)


@pytest.fixture
def dataset(folder, make_model):
    """Three photos with off-center cameras: COLMAP in sparse/0, photos in images/."""
    cameras = [
        pycolmap.Camera(model="PINHOLE", width=300, height=200, params=[250 + i, 260, 140, 104])
        for i in range(3)
    ]
    model = make_model(cameras, NAMES)
    (folder / "sparse/0").mkdir(parents=True)
    model.write_binary(folder / "sparse/0")
    for name in NAMES:
        save(folder / "images" / name)
    return folder


def save(path, size=SIZE):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (255, 0, 0)).save(path)


def write_json(path, views, kind):
    """The same cameras in the other formats, written by their descriptions."""
    frames = []
    for view in views:
        pose, K = np.linalg.inv(view.camera.viewmat), view.camera.K
        if kind == "transforms":
            matrix = (pose @ np.diag([1, -1, -1, 1])).tolist()
            own = {
                "fl_x": K[0, 0],
                "fl_y": K[1, 1],
                "cx": K[0, 2],
                "cy": K[1, 2],
                "w": 300,
                "h": 200,
            }
            frames.append({"file_path": f"images/{view.name}", "transform_matrix": matrix, **own})
        else:
            own = {
                "fx": K[0, 0],
                "fy": K[1, 1],
                "cx": K[0, 2],
                "cy": K[1, 2],
                "width": 300,
                "height": 200,
            }
            own |= {"position": pose[:3, 3].tolist(), "rotation": pose[:3, :3].tolist()}
            frames.append({"img_name": view.name.removesuffix(".JPG"), **own})
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"frames": frames} if kind == "transforms" else frames))


def same_cameras(views, others):
    assert len(views) == len(others)
    for a, b in zip(views, others, strict=True):
        np.testing.assert_allclose(a.camera.viewmat, b.camera.viewmat, atol=1e-12)
        np.testing.assert_allclose(a.camera.K, b.camera.K, atol=1e-9)
        assert (a.camera.width, a.camera.height, a.photo) == (
            b.camera.width,
            b.camera.height,
            b.photo,
        )


@pytest.mark.parametrize("place", [".", "sparse", "sparse/0", "sparse/0/cameras.bin"])
def test_colmap(dataset, place):
    views, notes = load_views(dataset / place)
    assert [view.name for view in views] == sorted(NAMES) and notes == ()
    model = pycolmap.Reconstruction(dataset / "sparse/0")
    for view in views:
        image = model.find_image_with_name(view.name)
        np.testing.assert_allclose(
            view.camera.viewmat[:3], image.cam_from_world().matrix(), atol=1e-12
        )
        np.testing.assert_allclose(view.camera.K, image.camera.calibration_matrix())
        assert (view.camera.width, view.camera.height) == view.photo_size == SIZE
        assert view.photo == dataset / "images" / view.name and view.lens is None


@pytest.mark.parametrize(
    ("kind", "name"), [("transforms", "transforms.json"), ("cameras", "model/cameras.json")]
)
def test_the_same_cameras_in_other_words(dataset, kind, name):
    expected, _ = load_views(dataset)
    write_json(dataset / name, expected, kind)
    views, notes = load_views(dataset / name)
    same_cameras(views, expected)
    assert notes == ()
    folder, notes = load_views(dataset if kind == "transforms" else dataset / "model")
    same_cameras(folder, expected)  # COLMAP is there too, and comes first
    assert (len(notes) == 1 and "sparse/0; there are others in transforms.json" in notes[0]) == (
        kind == "transforms"
    )


def test_relative_paths(dataset, monkeypatch):
    expected, _ = load_views(dataset)
    for folder, path in (
        (dataset, "."),
        (dataset, "sparse"),
        (dataset / "sparse/0", "."),
        (dataset / "sparse", "0"),
    ):
        monkeypatch.chdir(folder)
        same_cameras(load_views(path)[0], expected)


def test_places_of_a_model(dataset):
    expected, _ = load_views(dataset)
    (dataset / "colmap").mkdir()
    (dataset / "sparse").rename(dataset / "colmap/sparse")
    same_cameras(load_views(dataset)[0], expected)
    same_cameras(load_views(dataset / "colmap")[0], expected)
    write_json(dataset / "transforms.json", expected[:2], "transforms")
    # nerfstudio has two files of cameras; the splats are made with this one.
    assert len(load_views(dataset)[0]) == 2
    (dataset / "transforms.json").rename(dataset / "transforms_train.json")
    assert len(load_views(dataset)[0]) == 3
    (dataset / "colmap").rename(dataset / "other")
    assert len(load_views(dataset)[0]) == 2


def test_several_models(dataset):
    expected, _ = load_views(dataset)
    for number in (1, 10):
        (dataset / f"sparse/{number}").mkdir()
        pycolmap.Reconstruction(dataset / "sparse/0").write_text(dataset / f"sparse/{number}")
    views, notes = load_views(dataset)
    same_cameras(views, expected)
    assert notes == (
        "The cameras are read from sparse/0; there are others in sparse/1, sparse/10.",
    )
    (dataset / "sparse/0").rename(dataset / "sparse/2")
    same_cameras(load_views(dataset)[0], expected)


@pytest.mark.parametrize("images", ["images", "images_4", ".", "../images"])
def test_places_of_the_photos(dataset, images):
    (dataset / "images").rename(dataset / "moved")
    if images == ".":
        for path in (dataset / "moved").iterdir():
            path.rename(dataset / path.name)
    else:
        (dataset / "moved").rename(dataset / images)
    views, notes = load_views(dataset)
    assert [view.photo.resolve() for view in views] == [
        (dataset / images / name).resolve() for name in sorted(NAMES)
    ]
    assert (len(notes) == 1 and "images_4" in notes[0]) == (images == "images_4")


def test_another_folder_of_photos(dataset, tmp_path):
    for name in NAMES:
        save(tmp_path / "other" / name.lower().replace(".jpg", ".png"), (150, 100))
    views, _ = load_views(dataset, photos=tmp_path / "other")
    assert [view.photo.name for view in views] == ["a.png", "b.png", "c.png"]
    with pytest.raises(EngineError, match="There is no folder") as caught:
        load_views(dataset, photos=tmp_path / "nowhere")
    assert caught.value.kind == "not_found"


def test_missing_photos(dataset, tmp_path):
    (dataset / "images" / "a.JPG").unlink()
    views, notes = load_views(dataset)
    assert views[0].photo is None and views[0].photo_size == SIZE and views[1].photo is not None
    assert notes == ("1 of 3 photos is missing (a.JPG): the cameras are kept.",)
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        EngineError, match=r"3 photos were not found: .*a.JPG.*Searched: .*empty"
    ) as caught:
        load_views(dataset, photos=tmp_path / "empty")
    assert caught.value.kind == "not_found"
    views, notes = load_views(dataset, photos=tmp_path / "empty", need_photos=False)
    assert [view.photo for view in views] == [None] * 3
    assert len(notes) == 1 and notes[0].startswith("3 photos were not found: ")


def write_cameras(folder, names):
    """A cameras.json with one camera per name."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"width": 300, "height": 200, "fx": 250, "fy": 250, "rotation": np.eye(3).tolist()}
    entries = [{**entry, "img_name": name, "position": [n, 0, 0]} for n, name in enumerate(names)]
    (folder / "cameras.json").write_text(json.dumps(entries))


def test_cameras_of_one_name_get_no_photo(folder):
    """Several cameras with the same file names, in a flat folder: whose are the photos?"""
    write_cameras(folder, ["00000", "00001", "00000", "00002"])
    for name in ("00000.png", "00001.png", "00002.png"):
        save(folder / "images" / name)
    views, notes = load_views(folder)
    assert [view.photo and view.photo.name for view in views] == [
        None, None, "00001.png", "00002.png"
    ]  # fmt: skip
    assert len(notes) == 1
    assert "No photo for 2 of 4 cameras" in notes[0] and "1 name (00000)" in notes[0]
    write_cameras(folder, ["frame"] * 3)
    with pytest.raises(EngineError, match="No photo for 3 of 3 cameras") as caught:
        load_views(folder)
    assert caught.value.kind == "not_found"
    views, notes = load_views(folder, need_photos=False)
    assert [view.photo for view in views] == [None] * 3 and "3 of 3 cameras" in notes[0]


def test_cameras_that_would_share_a_photo_get_none(folder):
    write_cameras(folder, ["left/1.png", "right/1.png", "left/2.png"])
    for name in ("1.png", "2.png"):
        save(folder / "images" / name)
    views, notes = load_views(folder)
    assert [bool(view.photo) for view in views] == [False, True, False]
    assert "No photo for 2 of 3 cameras, because several match the same file" in notes[0]


@pytest.mark.parametrize("photo", ["Schloß.JPG", "other.JPG"])
def test_names_of_windows_are_text(dataset, photo):
    path = dataset / "sparse/0/images.bin"
    path.write_bytes(path.read_bytes().replace(b"a.JPG", b"Schlo\xdf.JPG"))
    (dataset / "images/a.JPG").rename(dataset / "images" / photo)
    views, notes = load_views(dataset)
    assert views[0].name == "Schloß.JPG" and "cp1252" in notes[-1]
    assert (views[0].photo is None) == (photo == "other.JPG")
    assert len(notes) == (1 if views[0].photo else 2)


def test_photos_that_exif_turns(dataset):
    """The cameras are for 300x200; one photo is stored upright, and EXIF says to turn it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = np.zeros((300, 200, 3), np.uint8)
    upright[200:, :] = 255  # shown, this is on the left
    Image.fromarray(upright).save(dataset / "images/a.JPG", exif=exif, quality=95)
    views, notes = load_views(dataset)
    assert views[0].photo_size == SIZE and "1 of 3 photos is turned" in notes[0]
    pixels = read_photo(views[0]).pixels
    assert pixels.shape == (200, 300, 3)
    assert pixels[:, :95].mean() > 0.95 and pixels[:, 105:].mean() < 0.05


def test_masks_go_along(dataset):
    expected, _ = load_views(dataset)
    write_json(dataset / "transforms.json", expected, "transforms")
    content = json.loads((dataset / "transforms.json").read_text())
    content["frames"][0]["mask_path"] = "masks/a.png"
    (dataset / "masks").mkdir()
    Image.new("L", SIZE).save(dataset / "masks/a.png")
    (dataset / "transforms.json").write_text(json.dumps(content))
    views, notes = load_views(dataset / "transforms.json")
    assert [view.mask for view in views] == [dataset / "masks/a.png", None, None] and notes == ()
    assert not read_photo(views[0]).valid.any() and read_photo(views[1]).valid is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_in_other_encodings(dataset, encoding):
    expected, _ = load_views(dataset)
    write_json(dataset / "transforms.json", expected, "transforms")
    text = (dataset / "transforms.json").read_text()
    (dataset / "transforms.json").write_text(text, encoding)
    same_cameras(load_views(dataset / "transforms.json")[0], expected)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '[{"a": 1, "a": 2}]'])
def test_json_that_no_program_writes(folder, text):
    (folder / "transforms.json").write_text(text)
    with pytest.raises(EngineError, match="not valid JSON") as caught:
        load_views(folder)
    assert caught.value.kind == "bad_file" and len(caught.value.message) < 400


def test_splats_of_nerfstudio_beside_their_space(dataset):
    expected, _ = load_views(dataset)
    (dataset / "dataparser_transforms.json").write_text(
        json.dumps({"transform": np.eye(4)[:3].tolist(), "scale": 0.5})
    )
    (dataset / "splat.ply").write_text("ply\ncomment Generated by Nerfstudio\nend_header\n")
    views, notes = load_views(dataset, splats=dataset / "splat.ply")
    assert "is applied" in notes[0]
    for view, before in zip(views, expected, strict=True):
        np.testing.assert_allclose(view.camera.center, before.camera.center / 2, atol=1e-12)


@pytest.mark.parametrize("factor", [0.5, 1, 2])
@pytest.mark.parametrize("max_size", [None, 120])
@pytest.mark.parametrize("model", ["PINHOLE", "OPENCV"])
def test_cameras_follow_the_photos_size(dataset, factor, max_size, model):
    """The pixel a world point falls on moves with the photo's size, and with nothing else."""
    if model == "OPENCV":
        reconstruction = pycolmap.Reconstruction(dataset / "sparse/0")
        for camera in reconstruction.cameras.values():
            camera.model, camera.params = "OPENCV", [*camera.params, -0.05, 0.01, 0.001, 0.002]
        reconstruction.write_binary(dataset / "sparse/0")
    whole, _ = load_views(dataset, max_size=None)
    size = (int(300 * factor), int(200 * factor))
    for name in NAMES:
        save(dataset / "images" / name, size)
    views, _ = load_views(dataset, max_size=max_size)
    for view, reference in zip(views, whole, strict=True):
        assert view.photo_size == size
        width, height = view.camera.width, view.camera.height
        assert max(width, height) <= (max_size or 10**9)
        rays = np.array([[0.1, 0.2, 1], [-0.3, 0.1, 1]])
        got, wanted = (
            rays @ v.camera.K.T / (v.camera.width, v.camera.height, 1) for v in (view, reference)
        )
        # An undistorted picture ends at whole pixels, so its borders may differ by less than one
        np.testing.assert_allclose(
            got, wanted, atol=1e-12 if view.lens is None else 1.5 / min(width, height)
        )
        if view.lens:
            assert isinstance(view.lens, Lens) and view.lens.pinhole.size == (width, height)
            grid = np.array([[0.5, 0.5], [0.2, 0.7]])
            a, b = (
                (v.lens.to_pinhole(grid * v.lens.photo_size) - v.camera.K[:2, 2])
                / v.camera.K[[0, 1], [0, 1]]
                for v in (view, reference)
            )
            np.testing.assert_allclose(a, b, atol=1e-9)
        assert read_photo(view).pixels.shape == (height, width, 3)


def test_photos_of_another_shape_are_refused(dataset):
    for size in ((200, 300), (300, 180)):
        save(dataset / "images/a.JPG", size)
        with pytest.raises(
            EngineError, match=f"a.JPG is {size[0]}x{size[1]}, but its camera is for 300x200"
        ) as caught:
            load_views(dataset)
        assert caught.value.kind == "bad_input"


def test_synthetic_scenes(folder):
    """A Blender scene: an angle, no sizes, no extensions."""
    frames = [
        {"file_path": f"./train/r_{i}", "transform_matrix": np.eye(4).tolist()} for i in range(3)
    ]
    (folder / "transforms_train.json").write_text(
        json.dumps({"camera_angle_x": 0.7, "frames": frames})
    )
    with pytest.raises(EngineError, match="size of train/r_0 is unknown"):
        load_views(folder)
    for i in range(3):
        save(folder / f"train/r_{i}.png", (80, 60))
    views, _ = load_views(folder)
    assert [view.photo.name for view in views] == ["r_0.png", "r_1.png", "r_2.png"]
    assert views[0].camera.K[0, 0] == pytest.approx(40 / np.tan(0.35)) and views[0].photo_size == (
        80,
        60,
    )


@pytest.mark.parametrize("content", ["{}", "[]", "5", '{"frames": []}', "{", "\xff"])
def test_files_without_cameras(folder, content):
    (folder / "transforms.json").write_text(content, encoding="latin-1")
    with pytest.raises(EngineError) as caught:
        load_views(folder)
    assert caught.value.kind == "bad_file" and "transforms.json" in caught.value.message


def test_folders_without_cameras(folder):
    with pytest.raises(EngineError, match="no cameras in") as caught:
        load_views(folder)
    assert caught.value.kind == "not_found"
    (folder / "points.txt").touch()
    for path in ("nowhere", "points.txt"):
        with pytest.raises(EngineError, match="no cameras in") as caught:
            load_views(folder / path)
        assert caught.value.kind == "not_found"


def test_real_cameras_agree(data):
    banana = data / "banana"
    expected, notes = load_views(banana / "sparse/0")
    assert len(expected) == 15 and notes == ()
    for other in (banana / "transforms.json", banana / "gs/cameras.json", banana / "gs"):
        views, notes = load_views(other)
        same_cameras(views, expected)
        assert notes == ()


@pytest.mark.parametrize(
    ("names", "common"),
    [
        (["images/a.jpg", "images/b.jpg"], "images/"),
        (["a.jpg", "b.jpg"], ""),
        (["cam1/a.jpg", "cam2/a.jpg"], ""),
        (["x/cam1/a.jpg", "x/cam2/a.jpg"], "x/"),
        (["images/a.jpg", "imagesets/b.jpg"], ""),
        (["a.jpg"], ""),
    ],
)
def test_views_are_named_without_the_folder_all_photos_are_in(names, common):
    assert _common_folder(names) == common


def test_a_folder_may_be_called_like_a_file(dataset):
    renamed = dataset.with_name("scan.json")
    dataset.rename(renamed)
    assert len(load_views(renamed)[0]) == len(NAMES)
