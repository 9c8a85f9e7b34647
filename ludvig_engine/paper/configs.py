"""The paper's experiments by name, with its hyper-parameters, for reproducing and comparing.

`Foreground` finds one object from one reference view (NVOS, SPIn-NeRF) and is run by one_view.py.
`Masks` does the same with SAM instead of features (masks.py). `Words` finds what texts name (LERF,
object removal) and is run by words.py. This engine's own defaults differ, and are better on
everything that could be measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..pipeline import Recipe
from ..sam.multiview import NVOS, SPIN, Scheme
from .names import parts
from .released import ReleasedRecipe
from .words import Transient

_SHARP = Recipe(weighted=True, neighbors=200)


@dataclass(frozen=True)
class Foreground:
    """Flood fill from the prompt through similar Gaussians, times P (LUDVIG, sections 3.3 and 4.2).

    P is how much each Gaussian looks like the object.
    """

    extractor: str = "dinov2:giant,windows"
    recipe: Recipe = _SHARP
    # How P is found. "logistic": by a logistic regression on the features of the Gaussians, with
    # the reference mask as labels. "mean": by the distance to the seeds' mean feature. "pixels":
    # there is no flood, but a logistic regression on rendered features of the reference view.
    unary: str = "logistic"
    # Inverse regularization of the logistic regression. The published code has 0.01, because its
    # sample weights are three times ours.
    C: float = 0.03
    # Bandwidths of the feature similarities; all are tried.
    bandwidths: tuple[float, ...] = (0.5, 1, 2, 4, 8)
    # Bandwidths b in P = probability^(1 / b); all are tried.
    unary_bandwidths: tuple[float, ...] = (1 / 8, 1 / 4, 1 / 2, 1)
    # This share of the Gaussians under the prompt are seeds: those that lie most under it.
    seeds: float = 0.1
    hops: int = 100
    # In scenes of more than 400,000 Gaussians, keep this many with the largest weights, or this
    # share of them.
    keep: int | float = 600_000
    # A SAM whose mask of the reference view is agreed with, instead of the prompt itself; "": none.
    segmenter: str = ""
    # Whether to cut edges as the published code does, where the cut depends on N
    # (diffusions.release_edges).
    release_cut: bool = False


@dataclass(frozen=True)
class Masks:
    """Uplift SAM's masks of every photo (masks.py)."""

    segmenter: str = "sam:huge"
    scheme: Scheme = NVOS
    # The cut of a rendered picture that is stretched to 0..1. "li": each picture has its own, by
    # Li's rule. None: cut and mask, out of three, are those that agree best with the prompt.
    cut: float | str | None = 0.25
    # As in `Foreground`.
    keep: int | float = 0.5


@dataclass(frozen=True)
class Words:
    """Relevancy, seeds and diffusion (LUDVIG, section 4.3).

    The last three fields only concern the benchmark.
    """

    extractor: str
    text: str
    recipe: Recipe
    spread: Transient
    # As in `Foreground`.
    keep: int | float = 600_000
    # Otsu's histogram leaves out pixels whose relevancy is below this share of the maximum.
    cutoff: float = 0.0
    # Side of the mean filter over rendered relevancy, in pixels; 0: none.
    smooth: int = 0
    # A SAM that redraws the masks; "": none.
    segmenter: str = ""


_LERF = Transient(bandwidth=0.5, C=0.001, power=0.5, steps=200)
_DINO = "dinov2:giant"
_CLIP = "clip:laion,pyramid"

Experiment = Foreground | Masks | Words

CONFIGS: Mapping[str, Experiment] = {
    "dif_SPIn": Foreground(),
    "dif_NVOS": Foreground(
        unary="mean",
        bandwidths=(2, 4),
        unary_bandwidths=(4, 8, 16),
        keep=0.5,
        segmenter="sam:huge",
    ),
    "xdif_SPIn": Foreground(recipe=Recipe(weighted=True), unary="pixels", C=0.1),
    "sam_NVOS": Masks(),
    "sam_SPIn": Masks(scheme=SPIN, cut=None),
    "sam2_NVOS": Masks(segmenter="sam2:large", cut="li"),
    "sam2_SPIn": Masks(segmenter="sam2:large", scheme=SPIN, cut=None),
    "lerf": Words(_DINO, _CLIP, Recipe(neighbors=200), _LERF),
    "lerf_no_diffusion": Words(
        _DINO, _CLIP, Recipe(neighbors=200), Transient(diffusion=False), cutoff=0.8, smooth=5
    ),
    "lerf_sam": Words(
        *(_DINO, _CLIP, Recipe(neighbors=200), replace(_LERF, power=40)),
        cutoff=0.01,
        segmenter="sam:huge",
    ),
    "removal": Words(
        _DINO,
        _CLIP,
        Recipe(neighbors=160),
        Transient(bandwidth=5, unary="mean", power=1, steps=200, threshold=0.006),
    ),
}


def config(name: str) -> Experiment:
    """The experiment of that name.

    "NAME:released" is the experiment as the published code runs it (`released`). Raises
    `EngineError` "bad_input" for unknown names.
    """
    name, variant = parts(name)
    return released(CONFIGS[name]) if variant else CONFIGS[name]


def released(found: Experiment) -> Experiment:
    """The experiment with everything that the published code does differently from the paper.

    Each difference has a switch: features are divided by their number of channels
    (`ReleasedRecipe`), DINOv2 runs without its registers (option `released` of the
    extractor), CLIP's tiles are misplaced (option `stretched`), and edges are cut by rank
    (`release_cut`). `Masks` is unchanged, because its scheme already allows for the factor 3.
    """
    if isinstance(found, Masks):
        return found
    recipe = ReleasedRecipe.of(found.recipe)
    extractor = _with(found.extractor, "released")
    if isinstance(found, Words):
        text = _with(found.text, "stretched")
        return replace(found, recipe=recipe, extractor=extractor, text=text)
    return replace(found, recipe=recipe, extractor=extractor, release_cut=True)


def _with(spec: str, option: str) -> str:
    return f"{spec}{',' if ':' in spec else ':'}{option}"
