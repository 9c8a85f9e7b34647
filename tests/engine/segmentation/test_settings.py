"""Every number of the segmentation matters: changing it changes the answer to some prompt."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import small_scene
from ludvig_engine.eval.ablation import CHANGES
from ludvig_engine.features import load_extractor
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.rendering import render
from ludvig_engine.segmentation.painting import Evidence, box, click, lift_paint, mask
from ludvig_engine.segmentation.segment import segment
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS, Settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """The prepared scene of balls, its prompts by name, and the answers to them as it is."""
    folder = small_scene.write(tmp_path_factory.mktemp("balls"))
    scene = load_scene(folder / "splats.ply", views=folder / "transforms.json")
    prepared = prepare(scene, load_extractor("colour"))
    camera = scene.views[1].camera
    x, y = small_scene.center_of("red", 1)
    red = scene.from_file(np.load(folder / "names.npy") == "red").astype(np.float32)
    rows, columns = np.indices((camera.height, camera.width))
    part = np.hypot(columns + 0.5 - x, rows + 0.5 - y) < 0.05 * camera.width
    shown, alpha = render(scene.gaussians, camera, red[:, None])
    on_ball = click(camera, x, y, positive=True)
    in_corner = 0.1 * camera.width, 0.9 * camera.height
    # Those come first that are answered the soonest.
    prompts = {
        "mask": [mask(camera, shown[0] > 0.5 * alpha)],
        # Self-training contradicts a mask of a part, and is dropped.
        "mask of a part": [mask(camera, part)],
        # Corrections: of a place where nothing is selected, and of the border.
        "another place": [on_ball, click(camera, *in_corner, positive=True)],
        "beside the border": [on_ball, click(camera, x + 0.06 * camera.width, y, positive=False)],
        "the border": [on_ball, click(camera, x + 0.04 * camera.width, y, positive=False)],
        "box": [box(camera, x - 12, y - 12, x + 12, y + 12)],
        # The ground is a large thing of one color: which part of it was meant is ambiguous.
        "ground": [click(camera, *in_corner, positive=True)],
        # What words point at is learned from all at once.
        "words": lift_paint(scene.gaussians, [click(camera, *in_corner, positive=True)]),
        # Beside the middle of the ball, which of the groups is meant hangs by little.
        "beside the middle": [click(camera, x + 0.06 * camera.width, y + 0.03 * camera.width)],
        # Of the ground, where what is learned says something else.
        "far ground": [click(scene.views[0].camera, 0.1 * camera.width, 0.48 * camera.height)],
        "ball": [on_ball],
        "ball, not the ground": [on_ball, click(camera, *in_corner, positive=False)],
    }
    return prepared, prompts, cache(lambda name: answer(prepared, prompts[name]))


# The prompt that is asked first: its answer is known to depend on these numbers.
KNOWN = {
    "mask of a part": ["clear"],
    "another place": [
        *("round_C", "trust", "kept", "last_steps", "rounds", "fewest"),
        *("most", "careful", "middle", "pull"),
    ],
    "beside the border": ["clear_group", "rim"],
    "box": ["place", "first_C", "last_C", "background", "prior", "first"],
    "ground": ["usual", "unusual"],
    "words": ["narrower", "extent", "doubt"],
    "far ground": ["votes"],
}


def answer(prepared, prompt, settings=DEFAULT_SETTINGS):
    """The segment of paint, or of evidence that was given in space."""
    if isinstance(prompt, Evidence):
        return segment(prepared, [], placed=prompt, settings=settings)
    return segment(prepared, prompt, settings=settings)


def test_the_ablation_knows_every_number():
    assert set(CHANGES) == {field.name for field in fields(Settings)}
    for name, values in CHANGES.items():
        assert values and getattr(DEFAULT_SETTINGS, name) not in values


def test_the_documentation_has_a_row_for_every_number():
    rows = (ROOT / "docs" / "segmentation.md").read_text("utf-8").splitlines()
    assert {row.split("`")[1] for row in rows if row.startswith("| `")} == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_number_changes_an_answer(asked, name):
    prepared, prompts, before = asked
    changed = [replace(DEFAULT_SETTINGS, **{name: value}) for value in CHANGES[name]]
    for prompt in sorted(prompts, key=lambda prompt: name not in KNOWN.get(prompt, ())):
        for settings in changed:
            found = answer(prepared, prompts[prompt], settings)
            now = before(prompt)
            if found.threshold != now.threshold or (found.scores != now.scores).any():
                return
    pytest.fail(f"no answer depends on {name}")
