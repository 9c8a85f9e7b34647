"""Laws of the diffusion that is drawn: it averages, starts at the seed and spreads by hops."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.graph.similarity import similarities
from ludvig_engine.machine.sparse import operator
from ludvig_engine.paper.diffusions import diffuse
from ludvig_engine.paper.spreading import averaging, spread
from ludvig_engine.rendering import adjoint
from ludvig_engine.segmentation import painting
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.uplifting import Uplifted

RNG = np.random.default_rng(3)
N = 150
GRAPH = build(nearest(RNG.normal(size=(N, 3)), 6)).with_features(
    RNG.normal(size=(N, 4)).astype(np.float32)
)
SIMILAR = similarities(GRAPH, 0.5, 0.7)
P = RNG.uniform(0.05, 1, N).astype(np.float32)


@pytest.fixture(scope="module")
def balls():
    """The balls, with their names as features, and the name of the thing each Gaussian is of."""
    cloud, names = small_scene.gaussians()
    kinds = np.unique(names, return_inverse=True)[1]
    features = np.eye(4, dtype=np.float32)[kinds] + RNG.normal(0, 0.05, (len(cloud), 4))
    one = np.ones(len(cloud), np.float32)
    uplifted = Uplifted(features.astype(np.float32), one, one)
    graph = build(nearest(cloud.means, 16)).with_features(uplifted.features)
    return Prepared(cloud, uplifted, graph, "planted"), names


def click(name="red", view=0, **kinds):
    x, y = small_scene.center_of(name, view)
    return painting.click(small_scene.cameras()[view], x + 0.5, y + 0.5, **kinds)


@pytest.mark.parametrize("unary", [P, np.ones(N, np.float32), np.full(N, 1e-30, np.float32)])
def test_constants_stay_constants_and_nothing_leaves_its_range(unary):
    step = averaging(GRAPH, SIMILAR, unary)
    np.testing.assert_allclose(step(np.full((N, 1), 0.3, np.float32)), 0.3, rtol=1e-5)
    g = RNG.uniform(0.2, 0.7, (N, 1)).astype(np.float32)
    after = step(g)
    assert g.min() - 1e-6 <= after.min() and after.max() <= g.max() + 1e-6
    assert np.abs(after - g).max() > 0.01


def test_a_step_is_the_written_equation():
    S = GRAPH.matrix(SIMILAR).toarray()
    W = S * np.sqrt(P[:, None] * P[None])
    expected = W / W.sum(1, keepdims=True)
    step = averaging(GRAPH, SIMILAR, P)
    np.testing.assert_allclose(step(np.eye(N, dtype=np.float32)), expected, atol=1e-6)


def test_it_is_the_normalized_diffusion_in_other_units():
    """D^-½ Ã^t D^½ = A^t, up to the norm that `diffuse` divides by at each step."""
    W = GRAPH.matrix(SIMILAR).toarray() * np.sqrt(P[:, None] * P[None])
    root = np.sqrt(W.sum(1))[:, None].astype(np.float32)
    seed = np.zeros((N, 1), np.float32)
    seed[:3] = 1
    g, step = seed, averaging(GRAPH, SIMILAR, P)
    for _ in range(4):
        g = step(g)
    other = diffuse(GRAPH, SIMILAR, P, root * seed, steps=4) / root
    np.testing.assert_allclose(g / g.sum(), other / other.sum(), atol=1e-5)


def test_the_first_state_is_the_uplifted_paint(balls):
    prepared, _ = balls
    paint = click()
    states = spread(prepared, [paint], times=(0, 3)).foreground
    sums, weights = adjoint(prepared.gaussians, paint.camera, paint.whole.positive[None])
    seed = np.divide(sums[:, 0], weights, out=np.zeros_like(weights), where=weights > 0)
    np.testing.assert_allclose(states[:, 0], seed, atol=1e-6)
    assert 0 < seed.max() <= 1


def test_it_reaches_one_hop_per_step_and_fills_the_ball_before_the_ground(balls):
    prepared, names = balls
    times = (0, 1, 2, 5, 60)
    states = spread(prepared, [click()], times=times).foreground
    reached = (states > 0).sum(0)
    assert (np.diff(reached) > 0).all()
    link = operator(prepared.graph.matrix(np.ones(len(prepared.graph.indices), np.float32)))
    near = link((states[:, :1] > 0).astype("f4"))[:, 0] > 0
    assert not (states[~near, 1] > 0).any() and (states[near, 1] > 0).mean() > 0.9
    late = states[:, -1] / states[:, -1].max()
    assert np.median(late[names == "red"]) > 0.1 > 1e-3 > np.median(late[names == "ground"])
    assert states.max() <= states[:, 0].max() + 1e-6


def test_times_may_come_in_any_order_and_twice(balls):
    prepared, _ = balls
    ordered = spread(prepared, [click()], times=(0, 2, 5)).foreground
    mixed = spread(prepared, [click()], times=(5, 0, 5, 2))
    assert mixed.times == (5, 0, 5, 2)
    np.testing.assert_array_equal(mixed.foreground, ordered[:, [2, 0, 2, 1]])


def test_negative_prompts_spread_on_their_own(balls):
    prepared, names = balls
    alone = spread(prepared, [click()], times=(0, 9))
    assert alone.background is None and list(alone.sides()) == ["foreground"]
    both = spread(prepared, [click(), click("blue", positive=False)], times=(0, 9))
    assert list(both.sides()) == ["foreground", "background"]
    assert names[both.background[:, 1].argmax()] == "blue"
    assert names[both.foreground[:, 1].argmax()] == "red"
    only = spread(prepared, [click("blue", positive=False)], times=(0,))
    assert list(only.sides()) == ["background"]


def test_a_prompt_beside_all_splats_is_refused(balls):
    prepared, _ = balls
    sky = painting.click(small_scene.cameras()[0], 60, 1)
    with pytest.raises(EngineError, match="None of your prompts touches"):
        spread(prepared, [sky], times=(0, 1))
    for times in ((), (0, -1)):
        with pytest.raises(EngineError, match="are not steps of a diffusion"):
            spread(prepared, [click()], times=times)
