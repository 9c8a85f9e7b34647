"""Laws of the hierarchy of segments, and division of planted ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ludvig_engine.cache.store import Cache
from ludvig_engine.errors import Cancelled
from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.graph.superpoints import Segments, describe, grouped
from ludvig_engine.progress import Job
from ludvig_engine.scene import Gaussians
from ludvig_engine.segmentation import automatic, regions
from ludvig_engine.segmentation.automatic import Hierarchy, divide, divided
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.segmentation.regions import Regions
from ludvig_engine.segmentation.sameness import logit
from ludvig_engine.segmentation.surfaces import Surfaces
from ludvig_engine.uplifting import Uplifted
from planted_octants import planted
from planted_things import FLOOR, things_on_a_floor

DETAILS = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)


@pytest.fixture(scope="module")
def found() -> tuple[Hierarchy, np.ndarray]:
    prepared, truth = planted()
    return divide(prepared), truth


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two labellings divide alike."""
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a.tolist())) == len(set(b.tolist()))


def purity(labels: np.ndarray, truth: np.ndarray) -> float:
    """The share of the Gaussians that are of what their segment is mostly of."""
    right = sum(np.bincount(truth[labels == label]).max() for label in np.unique(labels))
    return right / len(truth)


@pytest.mark.parametrize("detail", DETAILS)
def test_every_level_is_a_partition_numbered_by_size(found, detail):
    labels, count = found[0].cut(detail)
    assert labels.min() == 0 and labels.max() == count - 1
    sizes = np.bincount(labels)
    assert len(sizes) == count and (sizes > 0).all() and (np.diff(sizes) <= 0).all()


def test_levels_are_nested_and_their_number_grows(found):
    cuts = [found[0].cut(detail) for detail in DETAILS]
    counts = [count for _, count in cuts]
    assert counts == sorted(counts) and counts[0] < counts[-1]
    for (coarse, _), (fine, few) in pairwise(cuts):
        assert len(set(zip(fine.tolist(), coarse.tolist(), strict=True))) == few


def test_a_merge_never_holds_without_those_it_is_made_of(found):
    hierarchy = found[0]
    count = len(hierarchy.features)
    assert (hierarchy.merges < count + np.arange(len(hierarchy.merges))[:, None]).all()
    assert len(np.unique(hierarchy.merges)) == hierarchy.merges.size  # a tree
    for level, pair in zip(hierarchy.levels, hierarchy.merges, strict=True):
        assert all(node < count or hierarchy.levels[node - count] >= level for node in pair)


def test_superpoints_are_those_of_clicks_merged_further():
    """Clicks have twice as many, and their rounds of merging are made once."""
    prepared, _ = planted(12_000)
    features, means = prepared.uplifted, prepared.gaussians.means
    segments = Segments.of(prepared.graph, describe(prepared.graph, features, means))
    expected, groups = grouped(segments, few=regions.FEW)
    surfaces = Surfaces.unseen(prepared.gaussians, prepared.graph)
    labels, found = regions.superpoints(prepared, surfaces)
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(found.count, groups.mass)
    clicked = prepared.superpoints()[0]
    assert clicked.max() > labels.max() > 10
    assert len(set(zip(clicked.tolist(), labels.tolist(), strict=True))) == clicked.max() + 1


def test_normals_of_some_are_those_of_all():
    prepared, truth = planted()
    gaussians, count = prepared.gaussians, len(truth)
    mass = np.random.default_rng(0).random(count)
    facing = gaussians.means.astype(np.float64)
    some = np.arange(count) % 3 == 0
    every, few = (
        regions._normals(gaussians, prepared.graph, truth, mass, facing, which)
        for which in (np.ones(count, bool), some)
    )
    np.testing.assert_allclose(few[some], every[some], atol=1e-6)
    assert not few[~some].any()
    np.testing.assert_allclose(np.linalg.norm(every, axis=1), 1, atol=1e-5)


def test_the_same_scene_is_divided_the_same(found):
    again = divide(planted()[0])
    for name in ("leaves", "merges", "levels", "features"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found[0], name))


def test_the_order_of_the_gaussians_changes_nothing(found):
    prepared, _ = planted()
    order = np.random.default_rng(0).permutation(len(prepared.gaussians))
    gaussians = prepared.gaussians.take(order)
    uplifted = Uplifted(
        *(getattr(prepared.uplifted, name)[order] for name in ("features", "weights", "views"))
    )
    graph = build(nearest(gaussians.means, 16)).with_features(uplifted.features)
    moved = divide(Prepared(gaussians, uplifted, graph, "planted"))
    for detail in DETAILS:
        assert same(moved.cut(detail)[0], found[0].cut(detail)[0][order])


def overlap(labels: np.ndarray, own: np.ndarray) -> float:
    """The IoU of a thing with its best segment, among the Gaussians of any segment."""
    seen = labels >= 0
    return max(
        ((own & (labels == label)).sum() / ((own & seen) | (labels == label)).sum())
        for label in range(labels.max() + 1)
    )


@pytest.mark.parametrize("views", [True, False])
def test_a_thing_of_another_color_is_found_at_the_default(views):
    """With cameras, and from the splats alone."""
    prepared, truth = things_on_a_floor(views=views)
    labels, _ = divide(prepared).cut()
    assert overlap(labels, truth == FLOOR - 1) > 0.85
    assert overlap(labels, truth == FLOOR) > 0.85


def test_no_leaf_is_a_shred(found):
    """Whatever fills next to nothing belongs to a neighbor, as long as it has one."""
    sizes = np.bincount(found[0].cut(1.0)[0])
    assert sizes.min() > 1


def test_what_no_photo_shows_goes_with_its_surroundings():
    prepared, truth = things_on_a_floor(views=True)
    unseen = np.random.default_rng(2).random(len(truth)) < 0.2
    features = np.where(unseen[:, None], 0, prepared.uplifted.features)
    seen = (~unseen).astype(np.float32)
    graph = prepared.graph.with_features(features)
    uplifted = Uplifted(features, seen, seen)
    hierarchy = divide(Prepared(prepared.gaussians, uplifted, graph, "x", prepared.views))
    labels, _ = hierarchy.cut(0.8)
    color = np.maximum(truth, 1)  # the first two balls are of one color
    assert purity(labels[unseen & (labels >= 0)], color[unseen & (labels >= 0)]) > 0.9


def test_floaters_without_neighbors_belong_to_no_segment():
    prepared, _ = planted()
    gaussians = prepared.gaussians
    means, scales = gaussians.means.copy(), gaussians.scales.copy()
    means[:20] += 1000
    scales[:20] = 1e-4
    graph = build(nearest(means, 5)).with_features(prepared.uplifted.features)
    shape = gaussians.quats, scales, gaussians.opacities, gaussians.sh0, gaussians.shN
    moved = Prepared(Gaussians(means, *shape), prepared.uplifted, graph, "x")
    for detail in (0.0, 1.0):
        labels, _ = divide(moved).cut(detail)
        assert (labels[:20] == -1).all() and (labels[20:] >= 0).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_very_small_scenes(count):
    hierarchy = divide(planted(count)[0])
    labels, segments = hierarchy.cut(0.5)
    assert len(labels) == count and segments == labels.max() + 1


def test_the_division_is_kept_and_can_be_cancelled():
    class Stopped(Job):
        def cancelled(self) -> bool:
            return True

    prepared, _ = planted()
    with pytest.raises(Cancelled):
        divide(prepared, job=Stopped())
    assert automatic.divided(prepared) is automatic.divided(prepared)


def test_creases_and_colors_speak_against_one_thing_and_long_contacts_for_it():
    def between(**changed: float) -> float:
        values = {"apart": 0.1, "differ": 0.1, "bend": 0.2, "length": 1.0, **changed}
        color = np.array([[0.5, 0, 0], [0.5, values["apart"], 0]])
        ones, length = np.ones(2), values["length"]
        contact = [length, length * values["differ"], length * values["bend"], 0, 1]
        regions = Regions(
            share=0.1 * ones, area=ones, rim=4 * ones, mass=ones, color=color, count=ones,
            features=np.zeros((2, 1)), a=np.array([0]), b=np.array([1]),
            contact=np.array([contact]),
        )  # fmt: skip
        return float(logit(regions)[0])

    usual = between()
    assert between(apart=0.3) < usual and between(differ=0.3) < usual and between(bend=1) < usual
    assert between(length=2) > usual > between(length=0.2)


def test_a_scene_that_is_opened_again_is_not_divided_again(tmp_path, monkeypatch):
    prepared = replace(planted()[0], cache=Cache(tmp_path), _kept={})
    first = divided(prepared)
    monkeypatch.setattr(automatic, "divide", lambda *_, **__: pytest.fail("divided again"))
    again = divided(replace(prepared, _kept={}))
    for name in ("leaves", "merges", "levels", "features"):
        assert np.array_equal(getattr(first, name), getattr(again, name))


def test_sums_over_leaves_leave_floaters_out():
    merges = np.array([[0, 1]], np.int32), np.array([0.75], np.float32)
    two = Hierarchy(np.array([0, -1, 1, 1], np.int32), *merges, np.zeros((2, 1), np.float32))
    assert two.sum(np.array([1, 10, 2, 3], np.float32)).tolist() == [1, 5]
    none = Hierarchy(np.full(4, -1, np.int32), *merges, np.zeros((0, 1), np.float32))
    assert none.sum(np.ones(4, np.float32)).shape == (0,)


@pytest.mark.parametrize("detail", [0.3, 0.5, 0.8])
def test_merges_hold_at_the_details_that_their_logits_say(detail):
    levels = np.array([0.9, detail, 0.1], np.float32)
    merges = np.array([[0, 1], [2, 3], [4, 5]], np.int32)
    one = Hierarchy(np.arange(4, dtype=np.int32), merges, levels, np.zeros((4, 1), np.float32))
    limit = one.logits[1]
    assert one.cut(detail)[1] == 4 - (one.logits >= limit).sum()
    assert (limit >= 0) == (detail >= 0.5)
