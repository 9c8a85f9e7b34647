"""Relevancy, seeds and the answer "not found", on planted features."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from ludvig_engine.errors import EngineError
from ludvig_engine.words.text import NEGATIVES, detect, encode, relevancy, seeds
from ludvig_engine.words.vocabulary import EVERYDAY
from planted_words import Planted

RNG = np.random.default_rng(0)


def vectors(*cosines):
    """Positives (or negatives) that have these cosines to the feature (1, 0, 0, ...)."""
    x = np.zeros((len(cosines), 1 + len(cosines)), np.float32)
    x[:, 0] = cosines
    x[np.arange(len(cosines)), 1 + np.arange(len(cosines))] = np.sqrt(1 - np.square(cosines))
    return x


def relevancy_of(positive, negatives, **options):
    both = vectors(positive, *negatives)
    feature = np.eye(both.shape[1], dtype=np.float32)[:1]
    return float(relevancy(feature, both[:1], both[1:], **options)[0, 0])


def test_relevancy_of_the_example():
    assert relevancy_of(0.27, (0.21, 0.24, 0.19, 0.22)) == pytest.approx(
        0.574442516811659, abs=1e-6
    )
    assert relevancy_of(0.24, (0.21, 0.24)) == pytest.approx(0.5, abs=1e-6)
    assert relevancy_of(1, (-1,)) == pytest.approx(1 / (1 + np.exp(-20)), abs=1e-6)
    assert relevancy_of(-1, (1,)) == pytest.approx(2.0611536e-9, rel=1e-4)


def test_relevancy_is_the_least_of_the_softmaxes():
    x, positive, negatives = (
        RNG.normal(size=shape).astype(np.float32) for shape in ((40, 8), (3, 8), (4, 8))
    )
    cosines = [a / np.linalg.norm(a, axis=1, keepdims=True) for a in (x, positive, negatives)]
    p, n = cosines[0] @ cosines[1].T, cosines[0] @ cosines[2].T
    softmaxes = np.exp(10 * p)[:, :, None] / (np.exp(10 * p)[:, :, None] + np.exp(10 * n)[:, None])
    np.testing.assert_allclose(relevancy(x, positive, negatives), softmaxes.min(2), atol=1e-6)


def test_relevancy_laws():
    x, positive, negatives = (
        RNG.normal(size=shape).astype(np.float32) for shape in ((40, 8), (3, 8), (4, 8))
    )
    found = relevancy(x, positive, negatives)
    assert (
        relevancy(x, positive, np.concatenate([negatives, -positive[:1]])) <= found + 1e-6
    ).all()
    np.testing.assert_allclose(relevancy(x, positive, negatives[[3, 0, 1, 2, 2]]), found, atol=1e-6)
    np.testing.assert_allclose(relevancy(x, positive[::-1], negatives), found[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(relevancy(x * 7, positive * 3, negatives * 0.1), found, atol=1e-6)
    x[5] = 0
    assert (relevancy(x, positive, negatives)[5] == 0).all(), "a Gaussian nobody saw means nothing"


def test_seeds():
    values = np.concatenate(
        [RNG.normal(0.4, 0.02, 9000), RNG.normal(0.7, 0.02, 800), RNG.normal(0.8, 0.01, 200)]
    )
    values = values.astype(np.float32)
    found = seeds(values)
    share = (values - values.min()) / np.ptp(values)
    inside = values[share > threshold_otsu(share[share > 0.5])]
    cut = threshold_otsu(inside[inside > threshold_otsu(inside)])
    cut = min(cut, np.quantile(values, 0.999))
    np.testing.assert_array_equal(found, np.where(values >= cut, values, 0))
    assert np.count_nonzero(found) >= 10
    assert (found[:9800] == 0).all()
    order = RNG.permutation(len(values))
    np.testing.assert_array_equal(seeds(values[order]), found[order])


def test_seeds_of_little():
    assert (seeds(np.full(50, 0.4, np.float32)) == 0).all()
    assert np.count_nonzero(seeds(np.float32([0.1, 0.2, 0.9]))) == 1
    spike = RNG.normal(0.3, 0.01, 5000).astype(np.float32)
    spike[17] = 0.8
    assert seeds(spike)[17] == np.float32(0.8)
    assert np.count_nonzero(seeds(spike)) == 5, "one in a thousand"


def scene(encoder, objects, noise, seed=0):
    """Features of `objects`: {word: how many Gaussians}."""
    rng = np.random.default_rng(seed)
    x = np.concatenate(
        [np.repeat(encoder.encode_text([word]), count, 0) for word, count in objects.items()]
    )
    return (x + noise * rng.normal(size=x.shape) / np.sqrt(encoder.size)).astype(np.float32)


OBJECTS = {"teapot": 300, "stapler": 60, "banana": 500, "tricycle": 200, "wallpaper": 6000}


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0, 2.0])
def test_find(noise):
    """Small and large objects, in the everyday words or not, one of them most of the scene."""
    encoder = Planted()
    x = scene(encoder, OBJECTS, noise)
    assert all(finding.found for finding in detect(encoder, x, list(OBJECTS)))
    absent = [f"absent {i}" for i in range(200)] + ["dog", "piano"]
    assert sum(finding.found for finding in detect(encoder, x, absent)) <= 4


def test_nothing_is_found_in_noise():
    encoder, x = Planted(), np.random.default_rng(0).normal(size=(5000, 128)).astype(np.float32)
    assert (
        sum(finding.found for finding in detect(encoder, x, [f"absent {i}" for i in range(300)]))
        <= 6
    )
    assert not any(
        finding.found for finding in detect(encoder, np.zeros((10, 128), np.float32), ["a", "b"])
    )


def test_what_is_only_similar_is_not_found():
    fruit = (
        *("banana", "plantain", "lemon", "apple", "strawberry", "melon", "grapes", "tomato"),
        *("carrot", "potato", "onion", "pepper", "mushroom", "bread", "egg"),
    )
    encoder = Planted(groups=[fruit])
    x = scene(encoder, OBJECTS, 0.5)
    present, similar = detect(encoder, x, ["banana", "plantain"])
    (alone,) = detect(encoder, x, ["plantain"])
    assert alone.sigmas == pytest.approx(similar.sigmas, rel=1e-4), (
        "what else is asked does not matter"
    )
    assert present.found and present.better == ()
    assert similar.better[0] == "banana"
    assert similar.sigmas < present.sigmas


def test_find_does_not_depend_on_order_or_scale():
    encoder = Planted()
    x = scene(encoder, OBJECTS, 1.0)
    first = detect(encoder, x, ["teapot", "unicorn"])
    again = detect(encoder, x[::-1] * 5, ["unicorn", "teapot"])[::-1]
    assert [f.found for f in first] == [f.found for f in again] == [True, False]
    np.testing.assert_allclose([f.sigmas for f in first], [f.sigmas for f in again], rtol=1e-3)


def test_encode():
    encoder = Planted()
    one = encode(encoder, ["cup ", "red   cup"])
    np.testing.assert_allclose(one, encoder.encode_text(["cup", "red cup"]), atol=1e-6)
    two = encode(encoder, ["cup"], templates=["{}", "a photo of a {}."])
    mean = encoder.encode_text(["cup", "a photo of a cup."]).mean(0)
    np.testing.assert_allclose(two[0], mean / np.linalg.norm(mean), atol=1e-6)
    for prompts, templates, message in (
        ([], ["{}"], "empty"),
        ([" "], ["{}"], "empty"),
        (["chair", "half a \ud83d"], ["{}"], r"damaged characters: .half a \\ud83d"),
        (["chair"], ["{} \udcff"], "damaged"),
        (["a"], ["photo"], "no {}"),
    ):
        with pytest.raises(EngineError, match=message):
            encode(encoder, prompts, templates=templates)


def test_words():
    assert len(EVERYDAY) == len(set(EVERYDAY)) > 200
    assert not set(NEGATIVES) & set(EVERYDAY)
    assert all(word == word.strip() and word for word in EVERYDAY)
