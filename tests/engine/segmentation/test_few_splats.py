"""Scenes of which nothing can be learned: a few splats, all at one place, or all alike.

At least what was pointed at is selected there.
"""

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.features.colour import Colour
from ludvig_engine.pictures.draw import rgb
from ludvig_engine.pipeline import prepare
from ludvig_engine.scene import Gaussians, Scene, View
from ludvig_engine.segmentation.painting import box, click, line, mask, photo_click
from ludvig_engine.segmentation.segment import Options, segment
from scenes import look_at

SIZE = (60, 45)
EYES = [(3, 0, 1), (0, 3, 1), (-3, 0, 1), (0, -3, 1)]


def cloud(count, kind):
    rng = np.random.default_rng(0)
    means = rng.uniform(-0.5, 0.5, (count, 3)).astype(np.float32)
    sh0 = rng.uniform(-1, 1, (count, 1, 3)).astype(np.float32)
    if kind == "one place":
        means[:] = 0.1
    if kind == "alike":
        sh0[:] = 0.3
    return Gaussians(
        means=means,
        quats=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        scales=np.full((count, 3), 0.1, np.float32),
        opacities=np.full(count, 0.9, np.float32),
        sh0=sh0,
        shN=np.zeros((count, 0, 3), np.float32),
    )


def prepared_of(folder, gaussians, eyes):
    views = []
    for n, eye in enumerate(eyes):
        camera, path = look_at(eye, size=SIZE), folder / f"{n}.png"
        pixels = np.clip(rgb(gaussians, camera), 0, 1)
        Image.fromarray(np.round(255 * pixels).astype(np.uint8)).save(path)
        views.append(View(path.name, camera, path, SIZE))
    count = len(gaussians)
    return prepare(Scene(gaussians, np.arange(count), count, tuple(views)), Colour())


def nearest(prepared):
    """The splat that is nearest to the first camera, and where it is in the picture."""
    camera = prepared.views[0].camera
    position = prepared.gaussians.means @ camera.viewmat[:3, :3].T + camera.viewmat[:3, 3]
    first = int(position[:, 2].argmin())
    pixel = camera.K @ position[first]
    return first, pixel[:2] / pixel[2]


def around(camera, at):
    rows, columns = np.mgrid[: camera.height, : camera.width] + 0.5
    return np.hypot(columns - at[0], rows - at[1]) < 5


KINDS = {
    "click": lambda camera, at: [click(camera, *at)],
    "clicks": lambda camera, at: [click(camera, *at), click(camera, 2, 2, positive=False)],
    "scribble": lambda camera, at: [line(camera, np.array([at - 3, at + 3]), radius=2)],
    "box": lambda camera, at: [box(camera, *(at - 6), *(at + 6))],
    "mask": lambda camera, at: [mask(camera, around(camera, at))],
}


@pytest.mark.parametrize("views", [4, 1])
@pytest.mark.parametrize("count", [1, 3, 17])
@pytest.mark.parametrize("kind", ["spread", "one place", "alike"])
def test_what_was_pointed_at_is_selected(tmp_path, kind, count, views):
    prepared = prepared_of(tmp_path, cloud(count, kind), EYES[:views])
    first, at = nearest(prepared)
    for prompt, paint in KINDS.items():
        for diffusion in (True, False):
            options = Options(diffusion=diffusion)
            found = segment(prepared, paint(prepared.views[0].camera, at), options=options)
            assert np.isfinite(found.scores).all() and 0 < found.threshold < 1
            assert found.scores.min() >= 0 and found.scores.max() <= 1
            assert found.selected.any(), (prompt, diffusion)
            if kind != "one place" and prompt in ("click", "clicks"):
                assert found.selected[first], (prompt, diffusion)


def test_what_is_selected_for_want_of_an_object_is_said(tmp_path):
    prepared = prepared_of(tmp_path, cloud(1, "spread"), EYES)
    at = nearest(prepared)[1]
    found = segment(prepared, [click(prepared.views[0].camera, *at)])
    assert found.selected.tolist() == [True] and "the one splat" in found.notes[0]


def test_clicks_on_nothing_say_so(tmp_path):
    prepared = prepared_of(tmp_path, cloud(3, "spread"), EYES)
    view = prepared.views[0]
    with pytest.raises(EngineError, match="touches a visible splat"):
        segment(prepared, [photo_click(view, 1, 1)])
    for x, y in ((-1, 5), (np.nan, 5), (5, np.inf), (1e30, 5), (5, 45)):
        with pytest.raises(EngineError, match=r"outside the photo 0.png, which is 60x45 pixels"):
            photo_click(view, x, y)
    with pytest.raises(EngineError, match="none says what is"):
        segment(prepared, [photo_click(view, 30, 20, positive=False)])


def test_masks_of_whole_photos_are_refused(tmp_path):
    prepared = prepared_of(tmp_path, cloud(3, "spread"), EYES)
    camera = prepared.views[0].camera
    with pytest.raises(EngineError, match="covers the whole photo"):
        segment(prepared, [mask(camera, np.ones((camera.height, camera.width)))])
    inverted = mask(camera, ~around(camera, np.array([15, 10])))
    assert "invert the mask" in segment(prepared, [inverted]).notes[-1]
