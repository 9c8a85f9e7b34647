"""What the workers of a cluster do: pure functions, which fetch the work that they share once.

map_of     a photo  -> its feature map, from the cache of the machine if it is there
fitted     maps     -> the axes of their PCA
sums_of    maps     -> the sums over the views of a node of the tree
added      sums     -> the sum of up to FAN of them, the next level's node
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import __version__
from ..arrays import Array
from ..cache.step import Steps
from ..cache.store import Arrays, Cache
from ..errors import EngineError
from ..features import Extractor
from ..features.maps import FeatureMaps
from ..features.pca import Reduction, fit_pca
from ..pipeline import Recipe, reduced
from ..progress import Job
from ..rendering import lift, residual
from ..rendering.tree import Tree
from ..scene import Scene

Node = tuple[Array, ...]


@dataclass(frozen=True)
class Work:
    """What every worker needs of an uplift."""

    scene: Scene
    load: Callable[[], Extractor]
    key: str  # the extractor's, where it was asked for
    recipe: Recipe
    cache: tuple[Path, int] | None  # folder and limit in bytes
    device: str  # as in LUDVIG_DEVICE
    version: str = __version__


@dataclass(frozen=True)
class Worker:
    """This process, with the work that it was given last."""

    token: str
    work: Work
    extractor: Extractor
    steps: Steps


class Notes(Job):
    """The job of a task. What is to be told goes back to who asked."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


_worker: list[Worker] = []  # none or one


def map_of(token: str, get: Callable[[], Work], n: int) -> tuple[Arrays, list[str]]:
    """The feature map of a view, and notes."""
    worker = _ready(token, get)
    maps = FeatureMaps(worker.work.scene.views, worker.extractor, worker.steps)
    return maps.compute([n])[n], []


def fitted(token: str, get: Callable[[], Work], *sample: Arrays) -> Reduction:
    """The PCA of the sampled maps."""
    recipe = _ready(token, get).work.recipe
    maps = [arrays["map"] for arrays in sample]
    return fit_pca(maps, components=recipe.components, weighted=recipe.weighted)


def sums_of(
    token: str,
    get: Callable[[], Work],
    node: range,
    reduce: Reduction | None,
    features: Array | None,
    *maps: Arrays,
) -> tuple[Node, list[str]]:
    """The sums over a node's views, or their residual if there are features; and notes."""
    work, job = _ready(token, get).work, Notes()
    sights = reduced(work.scene.views[node.start : node.stop], maps, reduce)
    raster = work.recipe.raster or work.scene.raster
    if features is not None:
        features = np.copy(features)  # as in `_ready`
        found = residual(work.scene.gaussians, sights, features, raster=raster, job=job)
        return (found,), job.told
    sums = lift(work.scene.gaussians, sights, raster=raster, job=job)
    return (sums.features, sums.weights, sums.squares), job.told


def added(*children: Node) -> Node:
    """The sum of nodes, from left to right."""
    tree: Tree[Node] = Tree()
    tree.add(tuple(map(np.copy, children[0])))  # Ray's arrays are for reading only
    for child in children[1:]:
        tree.add(child)
    return tree.total()


def _ready(token: str, get: Callable[[], Work]) -> Worker:
    """This process, with the work that `get` fetches.

    Raises `EngineError` "bad_input" if its code or weights are others than those of who asks.
    """
    if _worker and _worker[0].token == token:
        return _worker[0]
    # Ray's arrays are for reading only, for which Numba would compile all kernels once more.
    work: Work = copy.deepcopy(get())
    # A task has one core.
    os.environ.update(LUDVIG_THREADS="1", LUDVIG_DEVICE=work.device)
    extractor = work.load()
    if (work.version, work.key) != (__version__, extractor.key):
        raise EngineError(
            "bad_input",
            f"A worker has LUDVIG {__version__} with features {extractor.key}, but version "
            f"{work.version} with {work.key} asks.",
            ["Install the same version and the same models on all machines."],
        )
    steps = Steps(Cache(*work.cache) if work.cache else None)
    _worker[:] = [Worker(token, work, extractor, steps)]
    return _worker[0]
