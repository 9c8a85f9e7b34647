"""Compare texts with a scene: relevancy per Gaussian, seeds, and whether a text is there at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from skimage.filters import threshold_otsu

from ..arrays import Array, Float
from ..errors import EngineError
from .vocabulary import EVERYDAY, NEGATIVES, TEMPLATES

TEMPERATURE = 10.0

# This many random Gaussians decide whether a prompt is found.
SAMPLE = 100_000
# A match is the mean over this share of the Gaussians, the best, but at least over so many: a
# handful of floaters or the shine on a cup is no object. Over 32 of 34,000 Gaussians, "toilet" and
# "bathtub" fit white things of the tuning scenes by up to 3.8 standard deviations, over 0.6 % by
# up to 2.5.
SHARE = 0.006
TOP = 32
# A prompt is found if it is this many standard deviations above everyday words; see `detect`. A dog
# fits a picture of a cat by 2.9. With 2.6, two more things of the tuning scenes are found.
FOUND_SIGMAS = 3.0
# At most this share of the everyday words may fit the best place of a found prompt better,
BEATEN_SHARE = 0.05
# and all of them must mean nearly the same: 1 the same, 0 as little as everyday words usually do.
# "mug" for a cup has 0.57, "sofa" for a cushion 0.49, and "ball" for a tennis racket 0.33.
SAME = 0.4


@runtime_checkable
class TextEncoder(Protocol):
    """What an extractor also has if texts can be compared with its features."""

    def encode_text(self, prompts: Sequence[str]) -> Float[Array, "P D"]:
        """A unit vector per prompt; its cosine with the extractor's features is the match."""


def encode(
    encoder: TextEncoder, prompts: Sequence[str], *, templates: Sequence[str] = TEMPLATES
) -> Float[Array, "P D"]:
    """A unit vector per prompt: the normalized mean over `templates`.

    In a template, "{}" stands for the prompt. Raises `EngineError` "bad_input" for an empty prompt,
    one with halves of characters, or a template without "{}".
    """
    prompts = [" ".join(prompt.split()) for prompt in prompts]
    if not prompts or not all(prompts):
        raise EngineError(
            "bad_input", "There is an empty prompt.", ["Name what you are looking for."]
        )
    if wrong := [template for template in templates if "{}" not in template]:
        raise EngineError(
            "bad_input",
            f'A template has no {{}}: "{wrong[0]}".',
            ['Write it like "a photo of a {}".'],
        )
    # JSON and arguments of programs can hold halves of surrogate pairs, at which tokenizers fail.
    if damaged := [text for text in (*prompts, *templates) if not _is_unicode(text)]:
        raise EngineError(
            "bad_input",
            f"A text has damaged characters: {ascii(damaged[0])[:60]}.",
            ["Type it again."],
        )
    total = sum(
        _unit(encoder.encode_text([t.replace("{}", p) for p in prompts])) for t in templates
    )
    return _unit(np.asarray(total))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def relevancy(
    features: Float[Array, "N D"],
    positives: Float[Array, "P D"],
    negatives: Float[Array, "Q D"],
    *,
    temperature: float = TEMPERATURE,
) -> Float[Array, "N P"]:
    """How much better each prompt fits than the best negative, 0..1 (LERF; LUDVIG, section 4.3).

    It is the minimum over the negatives of softmax(temperature * [cos positive, cos negative]), so
    0.5 if both fit equally well. Unseen Gaussians, whose features are 0, get 0.
    """
    return 1 / (1 + np.exp(-temperature * _margin(features, positives, negatives)))


def seeds(relevancy: Float[Array, " N"]) -> Float[Array, " N"]:
    """The relevancy of the seeds, and 0 elsewhere, by the double Otsu rule.

    The first Otsu threshold is that of the relevancies in the upper half of the range. A second one
    is taken among the relevancies above the first, and a third one among those above the second.
    What reaches the third are the seeds, but at least one Gaussian in a thousand is a seed.
    """
    low, high = relevancy.min(), relevancy.max()
    if not high > low:
        return np.zeros_like(relevancy)
    share = (relevancy - low) / (high - low)
    inside = relevancy[share > threshold_otsu(share[share > 0.5])]
    cut = np.quantile(relevancy, 0.999)
    if len(inside):
        cut = min(cut, _otsu_above_otsu(inside))
    return np.where(relevancy >= cut, relevancy, 0).astype(relevancy.dtype)


@dataclass(frozen=True)
class Finding:
    """Whether a prompt is in the scene, and the reasons."""

    found: bool
    # How far its best match is above the median of everyday words, in standard deviations of these.
    sigmas: float
    # Up to five everyday words that fit its best place better, best first.
    better: tuple[str, ...]


def detect(
    encoder: TextEncoder,
    features: Float[Array, "N D"],
    prompts: Sequence[str],
    *,
    negatives: Sequence[str] = NEGATIVES,
    templates: Sequence[str] = TEMPLATES,
    seed: int = 0,
) -> list[Finding]:
    """Decide for each prompt whether the scene shows it; relevancy alone always has a maximum.

    The best match of a prompt is its mean margin over the negatives at its best Gaussians
    (`SHARE`). Some 250 everyday words, searched in the same way, tell how high the best match of a
    word is that is *not* in the scene. Their median and spread (MAD) hardly depend on the few words
    that the scene does show. A prompt is found if its best match is `FOUND_SIGMAS` above the
    median, and if only few everyday words of nearly the same meaning fit its best place better
    (`BEATEN_SHARE`, `SAME`).
    """
    rows = np.flatnonzero(features.any(1))
    if not len(rows):
        return [Finding(False, 0.0, ()) for _ in prompts]
    if len(rows) > SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, SAMPLE, replace=False)
    x = features[rows]
    vectors = [
        encode(encoder, texts, templates=templates) for texts in (EVERYDAY, prompts, negatives)
    ]
    usual, asked = (_margin(x, texts, vectors[2]) for texts in vectors[:2])
    count = min(max(TOP, round(SHARE * len(x))), len(x))
    near = vectors[1] @ vectors[0].T
    usually = np.median(near, 1, keepdims=True)
    same = (near - usually) / np.maximum(1 - usually, 1e-6) >= SAME
    level = _best(usual, count).mean(0)
    middle = np.median(level)
    spread = 1.4826 * np.median(np.abs(level - middle)) + 1e-6
    findings = []
    for p, sigmas in enumerate((_best(asked, count).mean(0) - middle) / spread):
        place = np.argpartition(asked[:, p], -count)[-count:]
        lead = usual[place].mean(0) - asked[place, p].mean()
        order = np.argsort(-lead)[: (lead > 0).sum()]
        better = [i for i in order if EVERYDAY[i] != " ".join(prompts[p].lower().split())]
        few = len(better) <= BEATEN_SHARE * len(EVERYDAY) and bool(same[p, better].all())
        words = tuple(EVERYDAY[i] for i in better[:5])
        findings.append(Finding(bool(sigmas >= FOUND_SIGMAS) and few, float(sigmas), words))
    return findings


def _margin(
    features: Float[Array, "N D"], positives: Float[Array, "P D"], negatives: Float[Array, "Q D"]
) -> Float[Array, "N P"]:
    """cos to each positive minus the largest cos to a negative; −∞ for unseen Gaussians."""
    # Unlike `np.linalg.norm`, `einsum` needs no temporary array of the size of the features.
    length = np.sqrt(np.einsum("nd,nd->n", features, features))[:, None]
    texts = np.concatenate([_unit(positives), _unit(negatives)])
    cosines = features @ texts.T / np.maximum(length, 1e-12)
    margin = cosines[:, : len(positives)] - cosines[:, len(positives) :].max(1, keepdims=True)
    return np.where(length > 0, margin, -np.inf).astype(np.float32)


def _best(margin: Float[Array, "N P"], count: int) -> Float[Array, "T P"]:
    """The `count` largest values of every column."""
    return np.partition(margin, -count, axis=0)[-count:]


def _otsu_above_otsu(values: Float[Array, " n"]) -> float:
    above = values[values > threshold_otsu(values)]
    return float(threshold_otsu(above)) if len(above) else float(values.max())


def _unit(x: Float[Array, "n D"]) -> Float[Array, "n D"]:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
