"""A SAM segments everything in some photos: what its masks hold of superpoints, the division."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import ludvig_engine as ludvig
import small_scene
from color_segmenter import color_segmenter
from ludvig_engine.errors import Cancelled
from ludvig_engine.io.load import load_scene
from ludvig_engine.progress import Job
from ludvig_engine.sam import dividing
from ludvig_engine.sam.looks import Looks


class Watching(Job):
    def __init__(self, end=2.0):
        self.shares, self.end = [], end

    def report(self, stage, done, total):
        if getattr(stage, "id", "") == "segment_everything":
            self.shares.append(done / total)

    def cancelled(self):
        return bool(self.shares) and self.shares[-1] >= self.end


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("scene"))
    scene = load_scene(folder / "splats.ply", views=folder)
    scene = replace(scene, views=scene.views[::2])
    names = scene.from_file(np.load(folder / "names.npy"))
    return ludvig.prepare(scene, "colour", cache=False), names


@pytest.fixture(scope="module")
def divided(made):
    """A scene with what is kept of its division, the SAM, the division, and its progress."""
    prepared = replace(made[0], _kept=dict(made[0]._kept))
    sam, job = color_segmenter(), Watching()
    return prepared, sam, ludvig.divide(prepared, sam=sam, job=job), job.shares


@pytest.fixture(autouse=True)
def nothing_kept(made):
    yield
    made[0]._kept.pop(("sam", "regions"), None)


def test_the_masks_hold_the_things_of_their_colors(made):
    prepared, names = made
    kinds, labels = np.unique(names, return_inverse=True)
    masks = dividing.looked(prepared, Looks(color_segmenter()), labels)
    assert masks.shown.shape == (len(kinds), min(dividing.VIEWS, len(prepared.views)))
    share = masks.held / np.maximum(masks.shown[:, masks.view], 1)
    for name in small_scene.BALLS:
        own = int(np.flatnonzero(kinds == name)[0])
        best = share[own] > 0.6
        assert best.any() and (np.delete(share, own, 0)[:, best] < 0.3).all()
    a, b = np.triu_indices(len(kinds), 1)
    assert (masks.together(a, b) < 0.2).all()


def test_the_balls_are_segments(made, divided):
    names = made[1]
    labels, _ = divided[2].cut()
    for name in small_scene.BALLS:
        own = names == name
        ious = [
            (own & (labels == n)).sum() / (own | (labels == n)).sum()
            for n in range(labels.max() + 1)
        ]
        assert max(ious) > 0.85


def test_the_same_question_again_is_answered_from_what_is_kept(divided, monkeypatch):
    prepared, sam, first, _ = divided
    monkeypatch.setattr(dividing, "everything", None)
    assert ludvig.divide(prepared, sam=sam) is first


def test_progress_grows_and_a_canceled_job_ends(made, divided):
    shares = divided[3]
    assert shares == sorted(shares) and shares[-1] == 1
    with pytest.raises(Cancelled):
        ludvig.divide(made[0], sam=color_segmenter(), job=Watching(0.5))
