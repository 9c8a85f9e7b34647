"""Clients open scenes from files and arrays, open them again, change them and lose them."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image
from waiting import wait_for

import small_scene
from ludvig_engine.errors import Cancelled, EngineError, Fix
from ludvig_engine.io import files
from ludvig_engine.io.ply import read_ply, write_ply
from ludvig_engine.pictures.draw import rgb
from ludvig_engine.progress import Job
from ludvig_engine.scene.raster import Raster
from ludvig_engine.wire.methods import (
    CheckScene,
    ClearCache,
    Cloud,
    ComputeFeatures,
    FreeMemory,
    GrowSegment,
    OpenScene,
    ReadSplats,
    RunSegment,
    Viewport,
)
from service_tools import RED, RED_MASK, After, Service, opened, told_apart


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("Großer Spaß 目录") / "it's here")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return Service(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def warm(tmp_path_factory, made):
    """A cache that has all that a click needs, for the file and for the splats when sent."""
    service = Service(tmp_path_factory.mktemp("warm"))
    service(RunSegment(opened(service, made).scene, RED))
    service(RunSegment(service(OpenScene(cloud=cloud(made), views=str(made))).scene, RED))
    return service.cache.folder


@pytest.fixture
def service(tmp_path, warm):
    return Service(shutil.copytree(warm, tmp_path / "cache"))


@pytest.fixture
def folder(made, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(made, tmp_path / "scene")


def cloud(made):
    g = read_ply(made / "splats.ply").gaussians
    return Cloud(g.means, g.quats, g.scales, g.opacities, g.sh0, g.shN)


def refused(ask, kind, message):
    with pytest.raises(EngineError, match=message) as caught:
        ask()
    assert caught.value.kind == kind
    return caught.value


def test_open_says_what_the_scene_is(shared, made):
    scene = opened(shared, made)
    g = read_ply(made / "splats.ply").gaussians
    assert (scene.count, scene.usable, scene.sh_degree, scene.notes) == (4000, 4000, 0, ())
    np.testing.assert_array_equal(scene.bounds, [g.means.min(0), g.means.max(0)])
    assert scene.names == tuple(f"photo_{n}.png" for n in range(8))
    assert [os.path.realpath(p) for p in scene.photos] == [
        os.path.realpath(made / "images" / name) for name in scene.names
    ]
    for viewmat, K, camera in zip(scene.viewmats, scene.Ks, small_scene.cameras(), strict=True):
        np.testing.assert_allclose(viewmat, camera.viewmat, atol=1e-9)
        np.testing.assert_allclose(K, camera.K)
    assert (scene.sizes == small_scene.SIZE).all() and (scene.photo_sizes == small_scene.SIZE).all()


def test_splats_are_read_in_the_order_of_their_file(shared, tmp_path, made):
    path = tmp_path / "a.ply"
    g = read_ply(made / "splats.ply").gaussians
    g.means[[5, 9]] = np.nan
    write_ply(path, g)
    read, whole = shared(ReadSplats(str(path))), read_ply(path)
    for name, values in vars(whole.gaussians).items():
        np.testing.assert_array_equal(getattr(read.splats, name), values, err_msg=name)
    np.testing.assert_array_equal(np.flatnonzero(~read.valid), [5, 9])
    assert len(read.notes) == 1 and "2 of 4,000 splats are left out" in read.notes[0]
    assert shared(OpenScene(splats=str(path), views=str(made))).count == len(read.valid)


def test_splats_that_cannot_be_read(shared, tmp_path):
    refused(lambda: shared(ReadSplats("a.ply")), "bad_request", "not an absolute path")
    refused(lambda: shared(ReadSplats(str(tmp_path / "a.ply"))), "not_found", "no file")
    (tmp_path / "a.sog").write_bytes(b"PK\3\4")
    refused(lambda: shared(ReadSplats(str(tmp_path / "a.sog"))), "bad_file", "a.sog")


def test_the_same_input_has_the_same_name(shared, made):
    assert opened(shared, made).scene == opened(shared, made).scene
    alone = shared(OpenScene(splats=str(made / "splats.ply")))
    assert alone.scene != opened(shared, made).scene
    # Without cameras, views are planned.
    count = len(alone.names)
    assert alone.names[0] == "view_01" and alone.viewmats.shape == (count, 4, 4)
    sent = shared(OpenScene(cloud=cloud(made)))
    assert sent.scene == shared(OpenScene(cloud=cloud(made))).scene
    assert sent.scene not in (alone.scene, opened(shared, made).scene)


def test_a_cloud_is_the_file_it_was_read_from(service, made):
    sent = service(OpenScene(cloud=cloud(made), views=str(made))).scene
    scores = [
        service(RunSegment(scene, RED)).scores for scene in (sent, opened(service, made).scene)
    ]
    np.testing.assert_allclose(*scores, atol=1e-2)  # quaternions are normalized once more


def test_a_cancelled_open_reads_no_further(service, tmp_path, monkeypatch):
    """The file has 4 GiB of which nothing is on the disk; its reading goes on in a thread."""
    names = property_names()
    rows = (1 << 32) // (4 * len(names))
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {rows}"]
    head += [f"property float {name}" for name in names]
    with (tmp_path / "a.ply").open("wb") as file:
        file.write("\n".join([*head, "end_header\n"]).encode())
        file.truncate(1 << 33)
    read = []
    some = files._OnDisk.some

    def counted(self, buffer):
        read.append(len(buffer))
        return some(self, buffer)

    monkeypatch.setattr(files._OnDisk, "some", counted)

    class Impatient(Job):
        def cancelled(self):
            return len(read) > 20

    with pytest.raises(Cancelled):
        service(OpenScene(splats=str(tmp_path / "a.ply")), job=Impatient())
    assert wait_for(lambda: not any(t.name == "aside" for t in threading.enumerate()))
    assert sum(read) < 1 << 26


def property_names():
    rest = [*(f"scale_{i}" for i in range(3)), *(f"rot_{i}" for i in range(4))]
    return ["x", "y", "z", *(f"f_dc_{i}" for i in range(3)), "opacity", *rest]


def test_unusable_splats_are_counted_and_get_nothing(service, made):
    whole = cloud(made)
    means = whole.means.copy()
    means[[5, 7]] = np.nan
    bad = Cloud(means, whole.quats, whole.scales, whole.opacities, whole.sh0, whole.shN)
    scene = service(OpenScene(cloud=bad, views=str(made)))
    assert (scene.count, scene.usable) == (4000, 3998)
    assert "2 of 4,000 splats are left out: 2 with NaN" in scene.notes[0]
    assert np.isfinite(scene.bounds).all()
    found = service(RunSegment(scene.scene, RED_MASK))
    assert (
        found.scores.shape == (4000,)
        and not found.scores[[5, 7]].any()
        and not found.selected[[5, 7]].any()
    )
    # The scene is put away and comes back with the same rows unusable.
    service(FreeMemory())
    np.testing.assert_allclose(
        service(RunSegment(scene.scene, RED_MASK)).scores, found.scores, atol=1e-2
    )


def test_cameras_without_photos(service, folder):
    shutil.rmtree(folder / "images")
    scene = opened(service, folder)
    assert set(scene.photos) == {""} and len(scene.names) == 8
    assert any("8 cameras" in note for note in scene.notes)
    refused(lambda: service(CheckScene(scene.scene)), "bad_input", "no photos")
    half = np.arange(4000) % 2 == 0
    grown = service(GrowSegment(scene.scene, half)).selected
    assert grown.sum() > 3900 and grown[half].all()
    truth = np.load(folder / "names.npy") == "red"
    assert told_apart(service(RunSegment(scene.scene, RED_MASK)).scores, truth) > 0.95
    (folder / "elsewhere").mkdir()
    ask = OpenScene(
        splats=str(folder / "splats.ply"), views=str(folder), photos=str(folder / "elsewhere")
    )
    refused(lambda: service(ask), "not_found", "8 photos were not found")


def test_views_are_planned_without_cameras(shared, made):
    scene = shared(OpenScene(splats=str(made / "splats.ply")))
    assert scene.names[:2] == ("view_01", "view_02") and not any(scene.photos)
    assert len(scene.viewmats) == len(scene.names) >= 24
    assert (scene.photo_sizes == (1024, 768)).all()
    assert any("planned" in note for note in scene.notes)
    again = shared(OpenScene(splats=str(made / "splats.ply")))
    assert again.scene == scene.scene
    np.testing.assert_array_equal(again.viewmats, scene.viewmats)


def test_an_editors_cameras_are_rendered_at(service, made):
    photos = opened(service, made)
    cameras = tuple(
        Viewport(viewmat, K, *map(int, size))
        for viewmat, K, size in zip(photos.viewmats, photos.Ks, photos.sizes, strict=True)
    )
    ply = str(made / "splats.ply")
    scene = service(OpenScene(splats=ply, cameras=cameras))
    assert scene.names[0] == "camera_01" and len(scene.names) == 8
    np.testing.assert_allclose(scene.viewmats, photos.viewmats)
    prompts = tuple(replace(one, view="camera_01") for one in RED_MASK)
    truth = np.load(made / "names.npy") == "red"
    assert told_apart(service(RunSegment(scene.scene, prompts)).scores, truth) > 0.95
    with pytest.raises(EngineError, match="exactly one of views, cameras"):
        OpenScene(splats=ply, views=ply, cameras=cameras)
    flat = replace(cameras[0], viewmat=np.zeros((4, 4)))
    refused(lambda: service(OpenScene(splats=ply, cameras=(flat,))), "bad_file", "camera_01")
    refused(
        lambda: service(OpenScene(splats=ply, cameras=cameras * 200)), "bad_input", "1,600 cameras"
    )


def test_nonsense_is_refused(shared, made, tmp_path):
    ply = str(made / "splats.ply")
    refused(lambda: shared(OpenScene(splats="splats.ply")), "bad_request", "not an absolute path")
    refused(
        lambda: shared(OpenScene(splats=ply, views="here")), "bad_request", "not an absolute path"
    )
    refused(
        lambda: shared(OpenScene(splats=str(made / "no.ply"))),
        "not_found",
        "There is no file .*no.ply",
    )
    refused(lambda: shared(OpenScene(splats=ply, views=str(tmp_path))), "not_found", "no cameras")
    photo = str(made / "images" / "photo_0.png")
    refused(lambda: shared(OpenScene(splats=photo)), "bad_file", "photo_0.png is not a splat file")
    nothing = Cloud(
        *(np.zeros((0, *shape), np.float32) for shape in ((3,), (4,), (3,), (), (1, 3), (0, 3)))
    )
    refused(lambda: shared(OpenScene(cloud=nothing)), "bad_input", "no splats")
    for scene in ("", "x", "../../etc/passwd", "0" * 10_000):
        error = refused(lambda scene=scene: shared(CheckScene(scene)), "not_found", "no open scene")
        assert error.fixes == (Fix("Open the scene again."),) and len(error.message) < 100


def test_check_compares_with_photos(shared, made):
    scene = opened(shared, made).scene
    found = shared(CheckScene(scene, views=("photo_1", "photo_6"), picture="photo_2"))
    assert (
        found.names == ("photo_1.png", "photo_6.png")
        and (found.psnr > 35).all()
        and found.fits
        and "fit" in found.verdict
    )
    assert found.view == "photo_2.png" and found.photo.shape == found.rendered.shape == (90, 120, 3)
    assert np.abs(found.photo.astype(int) - found.rendered).mean() < 1
    middle = shared(CheckScene(scene))
    assert len(middle.names) == 8
    assert middle.psnr[middle.names.index(middle.view)] == np.sort(middle.psnr)[4]
    refused(lambda: shared(CheckScene(scene, views=("photo_9",))), "not_found", "photo_9")


def test_check_sees_that_cameras_were_moved(service, folder):
    text = json.loads((folder / "transforms.json").read_text())
    del text["frames"][3:]
    for frame in text["frames"]:
        frame["transform_matrix"][0][3] += 2.0
    (folder / "transforms.json").write_text(json.dumps(text))
    found = service(CheckScene(opened(service, folder).scene))
    assert not found.fits and "do not fit" in found.verdict


def test_a_scene_is_drawn_as_it_was_trained(service, folder):
    """Also after half of it is gone, when its photos would tell nothing."""
    gaussians, _ = small_scene.gaussians()
    for n, camera in enumerate(small_scene.cameras()):
        pixels = (rgb(gaussians, camera, raster=Raster(antialiased=True)) * 255).round()
        Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / f"photo_{n}.png")
    scene = opened(service, folder)
    assert scene.raster.antialiased and scene.raster.cull is None
    assert "anti-aliased" in scene.notes[-1]
    assert (service(CheckScene(scene.scene)).psnr > 45).all()
    whole = cloud(folder)
    half = Cloud(*(getattr(whole, field.name)[::2] for field in fields(whole)))
    assert service(OpenScene(cloud=half, views=str(folder))).raster.antialiased


def test_a_near_plane_can_be_asked_for(shared, made):
    usual = opened(shared, made)
    asked = {"splats": str(made / "splats.ply"), "views": str(made)}
    other = shared(OpenScene(**asked, near=0.05))
    assert (usual.raster.near, other.raster.near) == (0.2, 0.05)
    assert other.scene != usual.scene
    for wrong in (OpenScene(**asked, near=0.0), OpenScene(**asked, near=-1.0)):
        refused(lambda wrong=wrong: shared(wrong), "bad_request", "not above 0")


# ---- while a scene is open


def test_splats_that_change_are_another_scene(service, folder):
    scene = opened(service, folder).scene
    first = service(RunSegment(scene, RED_MASK))
    data = bytearray((folder / "splats.ply").read_bytes())
    data[-4:] = np.float32(0).tobytes()
    (folder / "splats.ply").write_bytes(data)
    os.utime(folder / "splats.ply", ns=(1, 1))
    # What is in memory is still the scene that was opened.
    np.testing.assert_array_equal(service(RunSegment(scene, RED_MASK)).scores, first.scores)
    service(FreeMemory())
    error = refused(
        lambda: service(RunSegment(scene, RED_MASK)), "changed", "splats.ply has changed"
    )
    assert error.fixes == (Fix("Open the scene again."),)
    again = opened(service, folder).scene
    assert again != scene and service(RunSegment(again, RED_MASK)).scores.shape == (4000,)


def test_splats_that_are_deleted(service, folder):
    scene = opened(service, folder).scene
    (folder / "splats.ply").unlink()
    assert len(service(RunSegment(scene, RED_MASK)).scores) == 4000
    service(FreeMemory())
    refused(
        lambda: service(RunSegment(scene, RED_MASK)), "not_found", "There is no file .*splats.ply"
    )


def test_photos_that_change_are_another_scene(service, folder):
    scene = opened(service, folder).scene
    os.utime(folder / "images" / "photo_3.png", ns=(1, 1))
    refused(lambda: service(ComputeFeatures(scene)), "changed", "photo_3.png has changed")
    again = opened(service, folder).scene
    assert again != scene
    service(ComputeFeatures(again))


def test_photos_that_are_deleted(service, folder):
    scene = opened(service, folder).scene
    (folder / "images" / "photo_3.png").unlink()
    refused(lambda: service(ComputeFeatures(scene)), "not_found", "photo_3.png")
    again = opened(service, folder)
    assert (
        again.scene != scene
        and again.photos[3] == ""
        and "1 of 8 photos is missing" in again.notes[0]
    )
    service(ComputeFeatures(again.scene))


def test_forgotten_scenes_come_back(service, made):
    truth = np.load(made / "names.npy") == "red"
    files, sent = (
        opened(service, made).scene,
        service(OpenScene(cloud=cloud(made), views=str(made))).scene,
    )
    first = service(RunSegment(files, RED_MASK))
    assert told_apart(first.scores, truth) > 0.95
    assert service(FreeMemory()).freed > 1e6 and service.state.recent.size == 0
    for scene in (files, sent):
        np.testing.assert_allclose(
            service(RunSegment(scene, RED_MASK)).scores, first.scores, atol=1e-2
        )
    service(FreeMemory())
    service(ClearCache())
    np.testing.assert_array_equal(service(RunSegment(files, RED_MASK)).scores, first.scores)
    refused(lambda: service(RunSegment(sent, RED_MASK)), "not_found", "no longer in the cache")


def test_forgetting_can_be_cancelled_and_copies_nothing(service, made, monkeypatch):
    scene = service(OpenScene(cloud=cloud(made), views=str(made))).scene
    put, kept = service.cache.put, []

    def slow(name, arrays, **options):
        kept.append(arrays)
        time.sleep(0.2)
        put(name, arrays, **options)

    monkeypatch.setattr(service.cache, "put", slow)
    gaussians = service.state.scene(scene).gaussians
    with pytest.raises(Cancelled):
        service(FreeMemory(), After(2))
    assert service.state.scene(scene).gaussians is gaussians
    service(FreeMemory())
    assert all(arrays["means"] is gaussians.means for arrays in kept)
    again = service.state.scene(scene)
    np.testing.assert_array_equal(again.gaussians.means, gaussians.means)
    assert again.gaussians is not gaussians


def test_memory_is_limited_without_anybody_noticing(tmp_path, made, warm):
    roomy = Service(shutil.copytree(warm, tmp_path / "a"))
    tight = Service(shutil.copytree(warm, tmp_path / "b"), memory=1)
    for service in (roomy, tight):
        first = opened(service, made).scene
        second = service(OpenScene(cloud=cloud(made), views=str(made))).scene
        scores = [
            service(RunSegment(scene, RED)).scores for scene in (first, second, first, second)
        ]
        np.testing.assert_array_equal(scores[0], scores[2])
        np.testing.assert_array_equal(scores[1], scores[3])
    assert tight.state.recent.size < roomy.state.recent.size / 2


def test_only_so_many_scenes_are_remembered(service, made, monkeypatch):
    monkeypatch.setattr("ludvig_engine.service.state.MAX_SCENES", 3)
    whole = cloud(made)
    first = small_scene.cameras()[0]
    camera = Viewport(first.viewmat, first.K, first.width, first.height)
    names = []
    for n in range(1, 5):
        part = {
            name: getattr(whole, name)[: 100 * n]
            for name in ("means", "quats", "scales", "opacities", "sh0", "shN")
        }
        names.append(service(OpenScene(cloud=Cloud(**part), cameras=(camera,))).scene)
    refused(
        lambda: service(GrowSegment(names[0], np.ones(100, bool))), "not_found", "no open scene"
    )
    assert service(GrowSegment(names[3], np.ones(400, bool))).selected.all()
