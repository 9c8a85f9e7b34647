"""Scenes whose photos are masked, transparent, turned, or of another space than the splats."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import small_scene
from ludvig_engine.io.ply import read_ply
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.wire.methods import CheckScene, Cloud, ComputeFeatures, OpenScene
from service_tools import Service, opened


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene") / "it's here")


@pytest.fixture
def made(written, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(written, tmp_path / written.name)


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path / "cache")


def change(made, edit):
    """Edit the parsed transforms.json."""
    content = json.loads((made / "transforms.json").read_text())
    edit(content)
    (made / "transforms.json").write_text(json.dumps(content))


def photos(made):
    return sorted((made / "images").iterdir())


def only(made, count):
    """Leave the first photos, for a scene whose cameras are searched for a frame that fits."""
    change(made, lambda content: content.update(frames=content["frames"][:count]))
    for path in photos(made)[count:]:
        path.unlink()


def check(service, made):
    return service(CheckScene(opened(service, made).scene))


def test_a_transparent_photo_is_left_out_of_the_check(service, made):
    first, *others = photos(made)
    Image.new("RGBA", small_scene.SIZE).save(first)
    found = check(service, made)
    assert found.fits and found.names == tuple(path.name for path in others)
    assert (found.psnr > 50).all()
    for path in others:
        Image.new("RGBA", small_scene.SIZE).save(path)
    found = check(service, made)
    assert not found.fits and found.names == () and found.view == first.name


def spoiled(made):
    """The left third of each photo shows something else, and a mask says so."""
    for path in photos(made):
        pixels = np.array(Image.open(path).convert("RGB"))
        pixels[:, :40] = 255 - pixels[:, :40]
        Image.fromarray(pixels).save(path)
        mask(made, path.name)


def mask(made, name):
    """Write a mask without the left third of a photo."""
    (made / "masks").mkdir(exist_ok=True)
    keep = np.full(small_scene.SIZE[::-1], 255, np.uint8)
    keep[:, :40] = 0
    Image.fromarray(keep).save(made / "masks" / name)


def test_what_is_masked_out_is_not_compared(service, made):
    only(made, 3)
    spoiled(made)
    assert not check(service, made).fits
    change(made, lambda content: [
        frame.update(mask_path=frame["file_path"].replace("images", "masks"))
        for frame in content["frames"]
    ])  # fmt: skip
    found = check(service, made)
    assert found.fits and (found.psnr > 50).all()


def test_features_follow_the_masks(service, made, monkeypatch):
    """Maps are kept by the contents of photo and mask, so an edited mask is seen."""
    monkeypatch.setattr(Prepared, "begin", lambda self, settings: None)  # nobody will click
    mask(made, "photo_0.png")
    assert not service(ComputeFeatures(opened(service, made).scene)).cached
    whole = service(ComputeFeatures(opened(service, made).scene))
    assert whole.cached
    change(made, lambda content: content["frames"][0].update(mask_path="masks/photo_0.png"))
    masked = service(ComputeFeatures(opened(service, made).scene))
    assert not masked.cached
    Image.new("L", small_scene.SIZE, 255).save(made / "masks/photo_0.png")
    again = Service(service.cache.folder)  # opened anew
    assert not again(ComputeFeatures(opened(again, made).scene)).cached


def test_photos_turned_by_exif_fit(service, made):
    """The cameras are for the photos as they are shown."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for path in photos(made):
        shown = Image.open(path).convert("RGB")
        shown.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    scene = opened(service, made)
    assert (scene.photo_sizes == small_scene.SIZE).all() and "EXIF" in scene.notes[0]
    assert (service(CheckScene(scene.scene)).psnr > 50).all()


def test_edited_splats_keep_the_space_of_their_file(service, made, tmp_path):
    """Blender sends splats as arrays after an edit; their cameras must not jump."""
    only(made, 2)
    exports = tmp_path / "exports"
    exports.mkdir()
    splats = (made / "splats.ply").rename(exports / "splat.ply")
    (exports / "dataparser_transforms.json").write_text(
        json.dumps({"transform": np.eye(4)[:3].tolist(), "scale": 0.5})
    )
    g = read_ply(splats).gaussians
    cloud = Cloud(g.means, g.quats, g.scales, g.opacities, g.sh0, g.shN)
    file = service(OpenScene(splats=str(splats), views=str(made)))
    edited = service(OpenScene(cloud=cloud, views=str(made), source=str(splats)))
    plain = service(OpenScene(cloud=cloud, views=str(made)))
    np.testing.assert_array_equal(file.viewmats, edited.viewmats)
    for scene in (file, edited):
        assert any("dataparser_transforms.json is applied" in note for note in scene.notes)
    assert not any("dataparser" in note for note in plain.notes)
