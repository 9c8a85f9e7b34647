"""The command as its user meets it: what works, and what cannot.

What cannot ends with one clear sentence and exit code 2.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import distance_transform_edt

import small_scene
from commands import ended
from ludvig_engine.io import result
from ludvig_engine.io.ply import read_ply
from ludvig_engine.io.splats import read_splats
from service_tools import disc


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("Großer Spaß 目录") / "it's here")


@pytest.fixture
def folder(made, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(made, tmp_path / "scene")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def ludvig(cache, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("LUDVIG_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        if arguments[0] in ("segment", "uplift", "render") and "--extractor" not in " ".join(
            map(str, arguments)
        ):
            arguments = (*arguments, "--extractor", "colour")  # whatever else is installed here
        found, report, notes = ended(arguments, monkeypatch, capfd)
        assert found == code, notes
        assert "Traceback" not in notes
        if "--json" in arguments:
            return json.loads(report)
        return " ".join(f"{report}\n{notes}".split())

    return run


def scene(folder):
    return folder / "splats.ply", "--views", folder


def click(name="red", view=0):
    x, y = small_scene.center_of(name, view)
    return f"--click=photo_{view}:{x},{y}"


@pytest.fixture(scope="module")
def red(tmp_path_factory):
    """A mask that means the red ball; its answer takes no superpoints, as that of a click does."""
    path = tmp_path_factory.mktemp("mask") / "red.png"
    Image.fromarray(disc("red", 0).astype(np.uint8) * 255).save(path)
    return f"--mask=photo_0={path}"


def test_info(ludvig, made):
    said = ludvig("info", *scene(made))
    assert "4,000 Gaussians, SH degree 0" in said and "8 cameras, 8 photos of 120x90" in said
    assert "The cameras fit" in said
    values = ludvig("info", *scene(made), "--json")
    assert values["gaussians"] == 4000 and values["fits"] and len(values["psnr"]) == 8
    assert min(values["psnr"].values()) > 35


def test_info_of_cameras_that_do_not_fit(ludvig, folder):
    text = json.loads((folder / "transforms.json").read_text())
    del text["frames"][3:]
    for frame in text["frames"]:
        frame["transform_matrix"][0][3] += 2.0
    (folder / "transforms.json").write_text(json.dumps(text))
    values = ludvig("info", *scene(folder), "--json")
    assert not values["fits"] and "do not fit" in values["verdict"]


def test_segment_render_and_export(ludvig, made, tmp_path):
    names = np.load(made / "names.npy")
    values = ludvig(
        "segment", *scene(made), click(), click("blue") + ":-", "--out", tmp_path / "r",
        "--keep", tmp_path / "keep.ply", "--remove", tmp_path / "rest.ply", "--json",
    )  # fmt: skip
    arrays, about = result.read_result(tmp_path / "r")
    assert arrays["scores"].dtype == np.float32 and arrays["selected"].dtype == bool
    assert (
        arrays["scores"].shape == (4000,)
        and 0 <= arrays["scores"].min()
        and arrays["scores"].max() <= 1
    )
    truth = names == "red"
    overlap = (arrays["selected"] & truth).sum() / (arrays["selected"] | truth).sum()
    assert overlap > 0.9, overlap
    assert about["extractor"] == "colour" and about["threshold"] == values["threshold"]
    kept, rest, whole = (
        read_ply(p).gaussians
        for p in (tmp_path / "keep.ply", tmp_path / "rest.ply", made / "splats.ply")
    )
    np.testing.assert_array_equal(kept.means, whole.means[arrays["selected"]])
    np.testing.assert_array_equal(rest.sh0, whole.sh0[~arrays["selected"]])
    ludvig(
        "render",
        *scene(made),
        "--view",
        "all",
        "--what",
        "selected",
        "--scores",
        tmp_path / "r",
        "--out",
        tmp_path / "o",
    )
    mask = np.asarray(Image.open(tmp_path / "o" / "photo_2.png"))
    assert mask.shape == (90, 120) and set(np.unique(mask)) == {0, 255}
    x, y = small_scene.center_of("red", 2)
    assert mask[y, x] == 255 and mask[:5].max() == 0


def test_render(ludvig, made, tmp_path):
    ludvig("segment", *scene(made), click(), "--out", tmp_path / "r")
    for what in ("rgb", "pca", "scores"):
        asked = ("--view", "photo_3", "--what", what, "--scores", tmp_path / "r")
        out = ("--out", tmp_path / what, "--json")
        (written,) = ludvig("render", *scene(made), *asked, *out)["written"]
        image = np.asarray(Image.open(written))
        assert image.shape == (90, 120, 3) and image.std() > 5, what
        if what == "rgb":
            photo = np.asarray(Image.open(made / "images" / "photo_3.png")).astype(float)
            assert np.abs(image - photo).mean() < 1


def test_scribble_mask_and_box(ludvig, made, tmp_path):
    names = np.load(made / "names.npy")
    x, y = small_scene.center_of("green", 1)
    paint = np.zeros((90, 120, 4), np.uint8)
    paint[y - 3 : y + 3, x - 2 : x + 2] = (0, 255, 0, 255)
    paint[60:70, 5:20] = (255, 0, 0, 255)
    paint[5:8, 5:100] = (255, 0, 0, 255)
    Image.fromarray(paint).save(tmp_path / "paint.png")
    rows, columns = np.mgrid[:90, :120]
    disc = np.hypot(rows - y, columns - x) < 10
    Image.fromarray(disc.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    prompts = [
        f"--scribble=photo_1={tmp_path / 'paint.png'}", f"--mask=photo_1={tmp_path / 'mask.png'}",
        f"--box=photo_1:{x - 13},{y - 13},{x + 13},{y + 13}",
    ]  # fmt: skip
    for prompt in prompts:
        ludvig("segment", *scene(made), prompt, "--out", tmp_path / "r")
        selected = result.read_result(tmp_path / "r")[0]["selected"]
        truth = names == "green"
        overlap = (selected & truth).sum() / (selected | truth).sum()
        assert overlap > 0.75, (prompt, overlap)  # the disc is not quite the ball


def test_masks_of_several_things(ludvig, made, tmp_path):
    x, y = small_scene.center_of("green", 1)
    rows, columns = np.mgrid[:90, :120]
    ids = 2 * (np.hypot(rows - y, columns - x) < 10) + (rows > 80)
    Image.fromarray(ids.astype(np.uint8)).save(tmp_path / "ids.png")
    asked = ("segment", *scene(made), f"--mask=photo_1={tmp_path / 'ids.png'}")
    out = ("--out", tmp_path / "r")
    said = ludvig(*asked, *out, code=2)
    assert "several things in it: 1 (1,080 pixels), 2 (" in said and "--mask-value 1" in said
    assert not (tmp_path / "r").exists()
    ludvig(*asked, "--mask-value=2", *out)
    green = np.load(made / "names.npy") == "green"
    selected, about = result.read_result(tmp_path / "r", "selected")
    assert (selected["selected"] & green).sum() / (selected["selected"] | green).sum() > 0.75
    assert about["prompts"]["mask_value"] == "2"
    assert "It has 0 (" in ludvig(*asked, "--mask-value=7", *out, code=2)
    assert "neither an id nor a color" in ludvig(*asked, "--mask-value=red", *out, code=2)


def test_uplift(ludvig, made, tmp_path):
    values = ludvig("uplift", *scene(made), "--out", tmp_path / "f", "--components", 6, "--json")
    arrays, about = result.read_result(tmp_path / "f")
    assert arrays["features"].shape == (4000, 6) and values["seen"] == (arrays["weights"] > 0).sum()
    assert about["extractor"] == "colour"


def nothing_written(folder):
    return not [
        p
        for p in folder.rglob("*")
        if p.suffix in (".ply", ".safetensors") or p.name.startswith(".")
    ]


BAD = {
    "no prompt": ([], "no prompt"),
    "view typo": (["--click=photo_9:3,3"], 'No view is called "photo_9". Did you mean "photo_'),
    "outside": (["--click=photo_1:120,3"], "outside the photo photo_1.png, which is 120x90"),
    "not a click": (["--click=photo_1"], "is not VIEW:X,Y"),
    "not a box": (["--box=photo_1:1,2,3"], "is not VIEW:X0,Y0,X1,Y1"),
    "no mask": (["--mask=photo_1=nowhere.png"], "nowhere.png"),
    "only negative": (["--click=photo_1:3,3:-"], "none says what is"),
    "extractor typo": (["--click=photo_1:3,3", "--extractor=color"], 'Did you mean "colour"'),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_prompts(ludvig, made, tmp_path, case):
    arguments, message = BAD[case]
    out = tmp_path / "out"
    out.mkdir()
    said = ludvig(
        "segment",
        *scene(made),
        *arguments,
        "--out",
        out / "r.safetensors",
        "--keep",
        out / "k.ply",
        code=2,
    )
    assert message in said, said
    assert nothing_written(out)


@pytest.mark.parametrize("option", ["--keep", "--remove"])
def test_what_cannot_be_written_is_said_before_anything_is_computed(ludvig, made, tmp_path, option):
    out = tmp_path / "out"
    out.mkdir()
    asked = ("segment", *scene(made), click(), "--out", out / "r", option, out / "kept.spz")
    said = ludvig(*asked, code=2)
    assert "kept.spz can't be written" in said and ".ply" in said
    assert nothing_written(out)


def damage(folder, how):
    ply = folder / "splats.ply"
    data = ply.read_bytes()
    if how == "truncated":
        ply.write_bytes(data[: len(data) // 2])
    elif how == "no scale":
        ply.write_bytes(data.replace(b"property float scale_1", b"property float scaly_1"))
    elif how == "empty":
        ply.write_bytes(
            data[: data.index(b"end_header")].replace(b"vertex 4000", b"vertex 0") + b"end_header\n"
        )
    elif how == "other photo":
        Image.fromarray(np.zeros((50, 120, 3), np.uint8)).save(folder / "images" / "photo_0.png")
    elif how == "no cameras":
        (folder / "transforms.json").unlink()
    elif how == "broken cameras":
        (folder / "transforms.json").write_text('{"frames": [')


DAMAGE = {
    "truncated": "of 4,000", "no scale": "scale_1", "empty": "no splats",
    "other photo": "120x50", "no cameras": "no cameras", "broken cameras": "transforms.json",
}  # fmt: skip


@pytest.mark.parametrize("how", DAMAGE)
def test_bad_scenes(ludvig, folder, tmp_path, how):
    damage(folder, how)
    out = tmp_path / "out"
    out.mkdir()
    said = ludvig("segment", *scene(folder), click(), "--out", out / "r.safetensors", code=2)
    assert DAMAGE[how] in said, said
    assert nothing_written(out)


def test_a_bare_splat_file_is_enough(ludvig, made, tmp_path):
    ply, small = made / "splats.ply", ("--max-size", 128)
    said = ludvig("info", ply)
    assert "view_01 1024x768" in said and "planned" in said
    names = ludvig("info", ply, "--json")["names"]
    assert names[:2] == ["view_01", "view_02"] and len(names) == len(set(names)) >= 24
    # Where two pictures show the red thing: that is what its user clicks on.
    shown = []
    for name in names[:2]:
        asked = ("--view", name, "--what=rgb", "--out", tmp_path, "--json")
        (picture,) = ludvig("render", ply, *asked, *small)["written"]
        assert picture == str(tmp_path / f"{name}.png")
        shown.append(np.asarray(Image.open(picture), float))
    redness = [image[..., 0] - image[..., 1:].max(2) for image in shown]
    best = int(np.argmax([(red > 60).sum() for red in redness]))
    depth = distance_transform_edt(redness[best] > 60)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    asked = f"--click={names[best]}:{x},{y}"
    ludvig("segment", ply, asked, "--out", tmp_path / "r.safetensors", *small)
    arrays, _ = result.read_result(tmp_path / "r.safetensors")
    red = np.load(made / "names.npy") == "red"
    both = arrays["selected"] & red
    assert both.sum() / (arrays["selected"] | red).sum() > 0.75


def test_cameras_without_photos_are_enough_unless_photos_are_named(ludvig, folder, red, tmp_path):
    shutil.rmtree(folder / "images")
    asked = ("segment", *scene(folder), red, "--out", tmp_path / "r.safetensors")
    assert "There are no photos: renders" in ludvig(*asked)
    (tmp_path / "empty").mkdir()
    assert "photos were not found" in ludvig(*asked, "--photos", tmp_path / "empty", code=2)


def test_unusable_rows_are_counted_and_stay_in_the_order(ludvig, folder, red, tmp_path):
    ply = read_ply(folder / "splats.ply")
    header = (folder / "splats.ply").read_bytes().index(b"end_header\n") + len(b"end_header\n")
    data = bytearray((folder / "splats.ply").read_bytes())
    stride = (len(data) - header) // 4000
    for row in (3, 77):
        data[header + row * stride : header + row * stride + 4] = np.float32(np.nan).tobytes()
    (folder / "splats.ply").write_bytes(data)
    values = ludvig("segment", *scene(folder), red, "--out", tmp_path / "r", "--json")
    assert any("2 of 4,000 splats are left out: 2 with NaN" in note for note in values["notes"])
    arrays, _ = result.read_result(tmp_path / "r")
    assert len(arrays["scores"]) == len(ply.gaussians) and not arrays["selected"][[3, 77]].any()
    assert np.isfinite(arrays["scores"]).all()


def test_nowhere_to_write(ludvig, made, tmp_path):
    said = ludvig(
        "segment", *scene(made), click(), "--out", tmp_path / "no" / "folder" / "r", code=2
    )
    assert "folder" in said


def test_result_of_another_file(ludvig, made, tmp_path):
    result.write(tmp_path / "r", {"selected": np.ones(7, bool)}, {})
    said = ludvig(
        "render",
        *scene(made),
        "--view",
        "photo_0",
        "--what",
        "selected",
        "--scores",
        tmp_path / "r",
        "--out",
        tmp_path,
        code=2,
    )
    assert "7 values, but the splat file has 4,000" in said


# Runs commands one after another in a process without weights, says where each ends, and at last
# what has been imported.
COMMANDS = """
import json, sys
from ludvig_engine import weights
from ludvig_engine.cli import main
weights.status = lambda folder=None: {}
for line in json.loads(sys.argv[1]):
    sys.argv[1:] = line
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    for stream in sys.stdout, sys.stderr:
        print("ended with", code, file=stream)
print(json.dumps([*sys.modules]))
"""


@pytest.fixture(scope="module")
def printed(made, cache, tmp_path_factory):
    """What some commands print: for each of them what stdout begins with, stdout and stderr.

    And the modules that the process had imported when it ended.
    """
    tmp_path = tmp_path_factory.mktemp("printed")
    folder = shutil.copytree(made, tmp_path / "scene")
    (folder / "cameras.json").write_text("[]")
    reports = {
        ("info", *scene(folder)): "splats.ply: 4,000 Gaussians",
        ("segment", *scene(folder), click(), "--extractor=colour", "--out=r"): "Selected ",
        ("render", *scene(folder), "--view=photo_1", "--what=rgb", "--out=o"): "Wrote 1 picture ",
        ("uplift", *scene(folder), "--extractor=colour", "--out=f"): "40 channels of colour",
        ("segment", *scene(folder), click(), "--out=a"): "Selected ",
    }
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps([*reports], default=str)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "LUDVIG_CACHE": str(cache)},
        cwd=tmp_path,
    )
    out, said = (text.split("ended with 0\n") for text in (done.stdout, done.stderr))
    assert (done.returncode, len(out), said[-1]) == (0, 1 + len(reports), ""), done
    modules = json.loads(out.pop())
    return [*zip(reports.values(), out, said[:-1], strict=True)], set(modules)


def test_reports_are_on_stdout_and_notes_on_stderr(printed):
    """So that a report can be piped. Nothing else is said, and nothing by libraries."""
    for n, (report, out, said) in enumerate(printed[0]):
        assert out.startswith(report), said
        *before, note = said.splitlines()
        assert note.startswith("Note: The cameras are read from transforms.json;")
        assert [line[:8] for line in before] == (["Features"] if n == 4 else []), said


def test_without_models_torch_is_not_imported(printed):
    """It would take seconds, for nothing."""
    commands, modules = printed
    assert 'which "auto" chose' in commands[-1][-1]
    assert not {"torch", "transformers"} & modules


def test_kept_splats_of_a_format_that_is_only_read(ludvig, made, red, tmp_path):
    cloud = read_ply(made / "splats.ply").gaussians
    rows = np.zeros(4000, "3f4, 3f4, 4u1, 4u1")
    rows["f0"], rows["f1"] = cloud.means, cloud.scales
    color = np.clip(0.5 + 0.28209479 * cloud.sh0[:, 0], 0, 1)
    rows["f2"] = np.rint(255 * np.c_[color, cloud.opacities])
    rows["f3"] = np.rint(cloud.quats * 127 + 128)
    (tmp_path / "a.splat").write_bytes(rows.tobytes())
    said = ludvig(
        "segment", tmp_path / "a.splat", "--views", made, red,
        "--out", tmp_path / "r", "--keep", tmp_path / "k.ply", "--remove", tmp_path / "n.ply",
    )  # fmt: skip
    assert "k.ply holds the values of a.splat (.splat) written anew as PLY" in said
    selected = result.read_result(tmp_path / "r")[0]["selected"]
    whole = read_splats(tmp_path / "a.splat").gaussians
    for name, keep in (("k.ply", selected), ("n.ply", ~selected)):
        found = read_ply(tmp_path / name)
        assert found.valid.all() and 0 < len(found.gaussians) == keep.sum()
        np.testing.assert_array_equal(found.gaussians.means, whole.means[keep])
        np.testing.assert_allclose(found.gaussians.opacities, whole.opacities[keep], rtol=1e-6)


def test_an_empty_selection_is_not_exported(ludvig, made, tmp_path):
    said = ludvig(
        "segment", *scene(made), click(), "--threshold=1", "--out", tmp_path / "r",
        "--keep", tmp_path / "k.ply", "--remove", tmp_path / "n.ply", code=2,
    )  # fmt: skip
    assert "No splat was selected, so" in said and not (tmp_path / "k.ply").exists()
    assert len(read_ply(tmp_path / "n.ply").gaussians) == 4000


def named(folder, names):
    """Give the first photos other names in the camera file; the files keep theirs."""
    about = json.loads((folder / "transforms.json").read_text())
    for frame, name in zip(about["frames"], names, strict=False):
        frame["file_path"] = name
    (folder / "transforms.json").write_text(json.dumps(about))


def test_every_view_gets_a_picture_of_its_own_in_the_folder(ludvig, folder, tmp_path):
    named(folder, ["../../up/photo_0.png", str(tmp_path / "photo_1.png"), "frame.0002"])
    place = tmp_path / "a" / "b"
    written = ludvig(
        "render", *scene(folder), "--view=all", "--what=rgb", "--out", place, "--json"
    )["written"]
    assert len(set(written)) == 8
    pictures = [path for path in tmp_path.rglob("*.png") if folder not in path.parents]
    assert len(pictures) == 8 and all(place in path.parents for path in pictures)
    (one,) = ludvig(
        "render", *scene(folder), "--view=frame.0002", "--what=rgb", "--out", place, "--json"
    )["written"]
    assert one in written


def test_photos_are_never_written_over(ludvig, folder):
    before = (folder / "images" / "photo_3.png").read_bytes()
    asked = ("--view=photo_3", "--what=rgb", "--out", folder / "images", "--json")
    failed = ludvig("render", *scene(folder), *asked, code=2)["error"]
    assert (
        failed["kind"] == "bad_input" and "photo_3.png would be written over" in failed["message"]
    )
    assert (folder / "images" / "photo_3.png").read_bytes() == before


def test_a_folder_where_a_picture_should_be(ludvig, made, tmp_path):
    (tmp_path / "o" / "photo_5.png").mkdir(parents=True)
    said = ludvig(
        "render", *scene(made), "--view=all", "--what=rgb", "--out", tmp_path / "o", code=2
    )
    assert "photo_5.png is a folder" in said
    assert len(list((tmp_path / "o").iterdir())) == 1


def test_a_tilde_in_a_prompt_is_the_home_of_the_user(ludvig, made, tmp_path, monkeypatch):
    mask = np.zeros((90, 120), np.uint8)
    mask[30:60, 40:80] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    ludvig("segment", *scene(made), "--mask=photo_1=~/mask.png", "--out=~/r.safetensors")
    assert (tmp_path / "r.safetensors").exists()
