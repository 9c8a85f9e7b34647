"""What a text means in a scene: relevancy per Gaussian, seeds for diffusion, and whether it is there at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from skimage.filters import threshold_otsu

from ..arrays import Array, Float
from ..errors import EngineError
from .vocabulary import EVERYDAY

NEGATIVES = ("object", "things", "stuff", "texture")  # LERF's: what anything looks like
TEMPERATURE = 10.0
TEMPLATES = ("{}",)  # the paper uses none; CLIP's own are sentences such as "a photo of a {}."

SAMPLE = 100_000  # Gaussians looked at to decide whether a prompt is found
TOP = 32  # of those, as many as must agree: a handful of floaters is no object
FOUND_SIGMAS = 3.0  # beyond chance; see `find`
BEATEN_SHARE = 0.05  # of the everyday words may fit a prompt's best place better than the prompt


@runtime_checkable
class TextEncoder(Protocol):
    """What an extractor has beside its maps if text can be compared with them."""

    def encode_text(self, prompts: Sequence[str]) -> Float[Array, "P D"]:
        """Unit vectors, comparable by cosine with the extractor's features."""


def encode(
    encoder: TextEncoder, prompts: Sequence[str], *, templates: Sequence[str] = TEMPLATES
) -> Float[Array, "P D"]:
    """Unit vectors of prompts, each the mean over `templates`, in which "{}" stands for the prompt."""
    prompts = [" ".join(prompt.split()) for prompt in prompts]
    if not prompts or not all(prompts):
        raise EngineError(
            "bad_input", "There is an empty prompt.", ["Name what you are looking for."]
        )
    if any("{}" not in template for template in templates):
        raise EngineError(
            "bad_input", "A template has no {}.", ['Write it like "a photo of a {}".']
        )
    total = sum(
        _unit(encoder.encode_text([t.replace("{}", p) for p in prompts])) for t in templates
    )
    return _unit(np.asarray(total))


def relevancy(
    features: Float[Array, "N D"],
    positives: Float[Array, "P D"],
    negatives: Float[Array, "Q D"],
    *,
    temperature: float = TEMPERATURE,
) -> Float[Array, "N P"]:
    """How much better a prompt fits than the best negative: 0.5 if equally well (LERF, LUDVIG section 4.3).

    The least over the negatives of softmax(temperature * [cos positive, cos negative]). Unseen Gaussians, whose
    features are 0, get 0.
    """
    return 1 / (1 + np.exp(-temperature * _margin(features, positives, negatives)))


def seeds(relevancy: Float[Array, " N"]) -> Float[Array, " N"]:
    """The relevancy of the Gaussians to start diffusion from, 0 elsewhere: the double Otsu rule.

    The first cut is made among what reaches half of the range, the second within what passed it and the third within
    that; but at least one Gaussian in a thousand is taken.
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
    """Whether a prompt is in the scene, and why that is thought."""

    found: bool
    sigmas: float  # how far its best match lies above those of everyday words, in their own spread
    better: tuple[
        str, ...
    ]  # everyday words that fit its best place better, best first, at most five


def find(
    encoder: TextEncoder,
    features: Float[Array, "N D"],
    prompts: Sequence[str],
    *,
    negatives: Sequence[str] = NEGATIVES,
    templates: Sequence[str] = TEMPLATES,
    seed: int = 0,
) -> list[Finding]:
    """Decide for each prompt whether it is there at all; relevancy alone always has a maximum somewhere.

    The scale is set by the scene itself: what the best match of a word that is *not* there looks like is learned from
    some 250 everyday words. Their median and spread (MAD) are not moved by the few of them that the scene does show. A
    prompt is found if its best match stands out from those by `FOUND_SIGMAS` and few of them fit the same place better.
    The best match is the mean margin over the negatives of the `TOP` best Gaussians, so that words are compared after
    the same search for their maximum.
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
    level = _best(usual).mean(0)
    middle = np.median(level)
    spread = 1.4826 * np.median(np.abs(level - middle)) + 1e-6
    findings = []
    for p, sigmas in enumerate((_best(asked).mean(0) - middle) / spread):
        place = np.argpartition(asked[:, p], -min(TOP, len(x)))[-TOP:]
        lead = usual[place].mean(0) - asked[place, p].mean()
        order = np.argsort(-lead)[: (lead > 0).sum()]
        better = [EVERYDAY[i] for i in order if EVERYDAY[i] != " ".join(prompts[p].lower().split())]
        found = bool(sigmas >= FOUND_SIGMAS and len(better) <= BEATEN_SHARE * len(EVERYDAY))
        findings.append(Finding(found, float(sigmas), tuple(better[:5])))
    return findings


def _margin(
    features: Float[Array, "N D"], positives: Float[Array, "P D"], negatives: Float[Array, "Q D"]
) -> Float[Array, "N P"]:
    """cos to each positive minus the largest cos to a negative; −∞ for unseen Gaussians."""
    length = np.sqrt(np.einsum("nd,nd->n", features, features))[
        :, None
    ]  # without a temporary of features' size
    cosines = (
        features
        @ np.concatenate([_unit(positives), _unit(negatives)]).T
        / np.maximum(length, 1e-12)
    )
    margin = cosines[:, : len(positives)] - cosines[:, len(positives) :].max(1, keepdims=True)
    return np.where(length > 0, margin, -np.inf).astype(np.float32)


def _best(margin: Float[Array, "N P"]) -> Float[Array, "T P"]:
    """The `TOP` largest of every column."""
    count = min(TOP, len(margin))
    return np.partition(margin, -count, axis=0)[-count:]


def _otsu_above_otsu(values: Float[Array, " n"]) -> float:
    above = values[values > threshold_otsu(values)]
    return float(threshold_otsu(above)) if len(above) else float(values.max())


def _unit(x: Float[Array, "n D"]) -> Float[Array, "n D"]:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
