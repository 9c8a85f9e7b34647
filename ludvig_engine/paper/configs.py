"""The paper's experiments by name: its hyper-parameters, for those who want to reproduce or compare.

`Foreground` is one object from one reference view (NVOS, SPIn-NeRF), run by one_view.py; `Masks` the same with SAM
instead of features; `Words` is text (LERF, object removal), run by words.py. The defaults of this engine are others, and
better on what could be measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import EngineError, nearest_name
from ..pipeline import Recipe
from ..sam.multiview import NVOS, SPIN, Scheme
from .released import ReleasedRecipe
from .words import Transient

_SHARP = Recipe(weighted=True, neighbours=200)


@dataclass(frozen=True)
class Foreground:
    """Flood fill from the prompt through similar Gaussians, times how much each looks like the object."""

    extractor: str = "dinov2:giant,windows"
    recipe: Recipe = _SHARP
    unary: str = "logistic"  # on features, by the reference mask; "mean": distance to the seeds' mean; or "pixels": no
    # flood, but a logistic regression of the reference view's pixels, on rendered features
    C: float = 0.03  # of the logistic regression; 0.01 in the published code, whose weights are three times ours
    bandwidths: tuple[float, ...] = (0.5, 1, 2, 4, 8)  # of feature similarities, searched
    unary_bandwidths: tuple[float, ...] = (
        1 / 8,
        1 / 4,
        1 / 2,
        1,
    )  # searched; P = probability^(1 / b)
    seeds: float = 0.1  # share of the Gaussians under the prompt, the surest first
    hops: int = 100
    keep: int | float = (
        600_000  # Gaussians of a scene of more than 400,000: that many, or that share, by weight
    )
    by_segmenter: bool = (
        False  # agree with a SAM mask of the reference view instead of the prompt itself
    )
    release_cut: bool = (
        False  # the published code's edges (diffusions.release_edges), whose cut depends on N
    )


@dataclass(frozen=True)
class Masks:
    """SAM's masks in every photo, uplifted (masks.py)."""

    segmenter: str = "sam:huge"
    scheme: Scheme = NVOS
    cut: float | str | None = (
        0.25  # of the picture stretched to 0..1; "li": each picture's own, by Li's rule; None: it
    )
    # and the mask, of three, are searched
    keep: int | float = 0.5  # as in `Foreground`


@dataclass(frozen=True)
class Words:
    """Relevancy, seeds, diffusion."""

    extractor: str
    text: str
    recipe: Recipe
    spread: Transient
    cutoff: float = (
        0.0  # benchmark: pixels below this share of the maximum are no part of Otsu's histogram
    )
    smooth: int = 0  # benchmark: side of the mean filter over rendered relevancy
    segmenter: str = ""  # benchmark: a SAM that redraws the masks


_LERF = Transient(bandwidth=0.5, C=0.001, power=0.5, steps=200)
_DINO = "dinov2:giant"
_CLIP = "clip:laion,pyramid"

Experiment = Foreground | Masks | Words

CONFIGS: Mapping[str, Experiment] = {
    "dif_SPIn": Foreground(),
    "dif_NVOS": Foreground(
        unary="mean", bandwidths=(2, 4), unary_bandwidths=(4, 8, 16), keep=0.5, by_segmenter=True
    ),
    "xdif_SPIn": Foreground(recipe=Recipe(weighted=True), unary="pixels", C=0.1),
    "sam_NVOS": Masks(),
    "sam_SPIn": Masks(scheme=SPIN, cut=None),
    "sam2_NVOS": Masks(segmenter="sam2:large", cut="li"),
    "sam2_SPIn": Masks(segmenter="sam2:large", scheme=SPIN, cut=None),
    "lerf": Words(_DINO, _CLIP, Recipe(neighbours=200), _LERF),
    "lerf_no_diffusion": Words(
        _DINO,
        _CLIP,
        Recipe(neighbours=200),
        Transient(diffusion=False),
        cutoff=0.8,
        smooth=5,
    ),
    "lerf_sam": Words(
        _DINO,
        _CLIP,
        Recipe(neighbours=200),
        replace(_LERF, power=40),
        cutoff=0.01,
        segmenter="sam:huge",
    ),
    "removal": Words(
        _DINO,
        _CLIP,
        Recipe(neighbours=160),
        Transient(bandwidth=5, unary="mean", power=1, steps=200, threshold=0.006),
    ),
}


def config(name: str) -> Experiment:
    """The experiment of that name; "NAME:released" with what the published code does differently from the paper.

    Raises `EngineError` "bad_input".
    """
    name, _, variant = name.partition(":")
    if name not in CONFIGS:
        raise EngineError(
            "bad_input", f'There is no configuration "{name}".', [nearest_name(name, CONFIGS)]
        )
    if variant not in ("", "released"):
        raise EngineError(
            "bad_input",
            f'{name} has no variant "{variant}".',
            [f"Write {name} or {name}:released."],
        )
    return released(CONFIGS[name]) if variant else CONFIGS[name]


def released(found: Experiment) -> Experiment:
    """With the departures of the published code, each of which has a switch where it happens:

    features divided by their number (`ReleasedRecipe`); DINOv2 without its registers (`released` of the
    extractor); CLIP's tiles beside their places (`stretched`); edges cut by rank (`release_cut`). `Masks` has none: its
    thirds are already ours.
    """
    if isinstance(found, Masks):
        return found
    recipe = ReleasedRecipe.of(found.recipe)
    extractor = _with(found.extractor, "released")
    if isinstance(found, Words):
        return replace(
            found, recipe=recipe, extractor=extractor, text=_with(found.text, "stretched")
        )
    return replace(found, recipe=recipe, extractor=extractor, release_cut=True)


def _with(spec: str, option: str) -> str:
    return f"{spec}{',' if ':' in spec else ':'}{option}"
