"""LERF's details: similarities are scaled by the text of each Gaussian, and pruning comes first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage.filters import threshold_otsu

import small_scene
from ludvig_engine.features.colour import Colour
from ludvig_engine.graph.neighbors import build, nearest, unit
from ludvig_engine.graph.similarity import similarities
from ludvig_engine.io.load import load_scene
from ludvig_engine.paper import one_view
from ludvig_engine.paper import words as paper_words
from ludvig_engine.paper.configs import CONFIGS, Words, config
from ludvig_engine.paper.words import Transient, outstanding
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.uplifting import Uplifted
from ludvig_engine.words.find import Relevancy, Spread
from scenes import random_gaussians

N, P = 400, 3


@pytest.fixture(scope="module")
def prepared():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N, 6)).astype(np.float32)
    features[: N // 3] *= 0.02  # a thing of one color, whose neighbors are much alike
    features[: N // 3, 0] += 1
    lifted = Uplifted(features, np.ones(N, np.float32), np.full(N, 3, np.float32))
    gaussians = random_gaussians(N)
    graph = build(nearest(gaussians.means, 8)).with_features(features)
    return Prepared(gaussians, lifted, graph, "made up")


@pytest.fixture(scope="module")
def relevancy():
    """Three texts, each of which stands out in another third."""
    rng = np.random.default_rng(1)
    out = rng.uniform(0.1, 0.5, (N, P)).astype(np.float32)
    for p, part in enumerate(np.array_split(np.arange(N), P)):
        out[part, p] = rng.uniform(0.6, 0.95, len(part))
    return out


def by_hand(prepared, column):
    """The lower median of the distances from what stands out to its neighbors, in plain loops."""
    share = (column - column.min()) / np.ptp(column)
    rows = share > threshold_otsu(share[share > 0.5])
    x, found = unit(prepared.uplifted.features), []
    neighbors = nearest(prepared.gaussians.means, 8)
    for i in np.flatnonzero(rows):
        found += [float(np.linalg.norm(x[i] - x[j])) for j in neighbors[i]]
    return sorted(found)[(len(found) - 1) // 2]


def test_the_scale_of_a_row_is_that_of_its_best_text(prepared, relevancy):
    spread = Transient(bandwidth=0.5)
    scaled = spread.among(prepared, prepared.uplifted, relevancy)
    medians = np.array([by_hand(prepared, relevancy[:, p]) for p in range(P)])
    best = relevancy.argmax(1)
    np.testing.assert_allclose(scaled.scales, medians[best], rtol=1e-4, atol=1e-6)
    assert len({*np.round(medians, 3)}) == P, "the texts differ"
    assert replace(config("lerf"), spread=spread).spread == spread, "the experiment is unchanged"


def test_the_diffusion_uses_the_scale_of_each_row(prepared, relevancy, monkeypatch):
    """test_diffusions.py has what it does with it."""
    seen = []

    def note(graph, bandwidth, scale):
        seen.append((bandwidth, scale))
        return similarities(graph, bandwidth, scale)

    monkeypatch.setattr(paper_words, "similarities", note)
    scaled = Transient(bandwidth=0.5, steps=3).among(prepared, prepared.uplifted, relevancy)
    both = Relevancy(relevancy[:, 1], relevancy[:, 1])
    scaled.answer(prepared, prepared.uplifted, both)
    ((bandwidth, m),) = seen
    assert bandwidth == 0.5
    np.testing.assert_array_equal(m, scaled.scales)


def test_one_text_has_one_scale_and_none_without_diffusion(prepared, relevancy):
    alone = Transient().among(prepared, prepared.uplifted, relevancy[:, :1])
    assert len({*alone.scales}) == 1
    plain = Transient(diffusion=False)
    assert plain.among(prepared, prepared.uplifted, relevancy) is plain
    product = Spread()
    assert product.among(prepared, prepared.uplifted, relevancy) is product


def test_where_a_text_stands_out():
    values = np.array([0, 0.1, 0.2, 0.6, 0.6, 0.95, 1.0], np.float32)
    assert outstanding(values).tolist() == [False] * 5 + [True] * 2
    assert outstanding(np.array([0.0, 1.0], np.float32)).tolist() == [False, True]


@pytest.mark.parametrize("name", [name for name, one in CONFIGS.items() if isinstance(one, Words)])
def test_the_experiments_with_words_keep_600_000(name):
    assert config(name).keep == 600_000


def test_a_large_scene_is_pruned_before_words_are_lifted(tmp_path, monkeypatch):
    """Both kinds of features are those of the same Gaussians, drawn without the others."""
    folder = small_scene.write(tmp_path / "scene")
    scene = load_scene(folder / "splats.ply", views=folder)
    monkeypatch.setattr(one_view, "LARGE", 1000)
    settings = replace(
        config("lerf"), keep=1500, recipe=replace(config("lerf").recipe, neighbors=8)
    )
    prepared, rows = one_view.prepare_pruned(scene, Colour(), settings)
    kept = one_view.of_rows(scene, rows)
    assert len(kept) == len(prepared.gaussians) == 1500 and kept.file_count == scene.file_count
    np.testing.assert_array_equal(kept.rows, scene.rows[rows])
    np.testing.assert_array_equal(kept.gaussians.means, prepared.gaussians.means)
    whole = one_view.prepare_pruned(scene, Colour(), replace(settings, keep=10**6))[0]
    least = np.sort(whole.uplifted.weights)[-1500]
    assert prepared.uplifted.weights.min() >= least, "the heaviest are kept"
