"""Ward's tree against SciPy's, and division of planted segments."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.segmentation.divide import FEWEST, agglomerate, cut, divide
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.uplifting import Uplifted
from planted_octants import everyone, planted


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two labellings divide alike."""
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a.tolist())) == len(set(b.tolist()))


@pytest.mark.parametrize("seed", range(5))
def test_the_tree_is_wards(seed):
    x = np.random.default_rng(seed).normal(size=(40, 3)).astype(np.float32)
    merges, costs = agglomerate(everyone(x))
    assert merges.shape == (39, 2)
    expected = linkage(x.astype(float), "ward")
    np.testing.assert_allclose(np.sort(costs), np.sort(expected[:, 2] ** 2 / 2), rtol=1e-4)
    for count in (2, 5, 11):
        limit = float(np.sort(costs)[-count] + np.sort(costs)[-count + 1]) / 2
        assert same(cut(merges, costs, 40, limit), fcluster(expected, count, "maxclust"))


def test_costs_add_up_to_the_whole_variance():
    rng = np.random.default_rng(0)
    segments = everyone(
        rng.normal(size=(50, 4)).astype(np.float32), rng.uniform(0.1, 3, 50).astype(np.float32)
    )
    assert agglomerate(segments)[1].sum() == pytest.approx(segments.variance(), rel=1e-4)


@pytest.mark.parametrize("few", [20_000, 300])
def test_planted_segments_are_found(few, monkeypatch):
    monkeypatch.setattr("ludvig_engine.segmentation.divide.FEW", few)
    prepared, truth = planted()
    labels = divide(prepared, detail=0.1)
    right = sum(np.bincount(truth[labels == label]).max() for label in range(labels.max() + 1))
    assert right > 0.97 * len(truth) and 8 <= labels.max() + 1 <= 12


def test_more_detail_more_segments_the_largest_first():
    prepared, _ = planted()
    counts = [int(divide(prepared, detail=detail).max()) + 1 for detail in (0.0, 0.5, 1.0)]
    assert counts[0] <= counts[1] < counts[2]
    sizes = np.bincount(divide(prepared, detail=1.0) + 1)[1:]
    assert (np.diff(sizes) <= 0).all() and sizes.min() >= FEWEST


def test_what_no_photo_shows_goes_with_its_surroundings():
    prepared, truth = planted()
    rng = np.random.default_rng(2)
    unseen = rng.random(len(truth)) < 0.2
    features = np.where(unseen[:, None], 0, prepared.uplifted.features)
    uplifted = Uplifted(features, (~unseen).astype(np.float32), (~unseen).astype(np.float32))
    labels = divide(
        Prepared(prepared.gaussians, uplifted, prepared.graph.with_features(features), "x"),
        detail=0.1,
    )
    right = sum(np.bincount(truth[labels == label]).max() for label in range(labels.max() + 1))
    assert right > 0.9 * len(truth)
    assert labels.max() + 1 <= 12


def test_floaters_belong_to_no_segment():
    prepared, _ = planted()
    gaussians = prepared.gaussians
    means = gaussians.means.copy()
    means[:20] += 1000
    graph = build(nearest(means, 5)).with_features(prepared.uplifted.features)
    moved = type(gaussians)(
        means, gaussians.quats, gaussians.scales, gaussians.opacities, gaussians.sh0, gaussians.shN
    )
    labels = divide(Prepared(moved, prepared.uplifted, graph, "x"))
    assert (labels[:20] == -1).all()


def test_very_small_scenes():
    prepared, _ = planted(5)
    assert (divide(prepared) == -1).all()
