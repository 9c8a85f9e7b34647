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
from importlib import import_module
from pathlib import Path
from typing import Any  # Ray is not installed where types are checked

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


@dataclass(frozen=True)
class Order:
    """What each task is given first."""

    token: str  # a name of the work
    get: Callable[[], Work]  # fetches it
    flag: Any = None  # the actor `flag.Flag`; None: the tasks end with the connection of who asks

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for the results."""
        return self.flag is None or import_module("ray").get(self.flag.is_up.remote())


_worker: list[Worker] = []  # none or one


def map_of(order: Order, n: int) -> tuple[Arrays, list[str]]:
    """The feature map of a view, and notes."""
    if not order.wanted:
        return {}, []
    worker = _ready(order)
    maps = FeatureMaps(worker.work.scene.views, worker.extractor, worker.steps)
    return maps.compute([n])[n], []


def fitted(order: Order, *sample: Arrays) -> Reduction | None:
    """The PCA of the sampled maps."""
    if not order.wanted:
        return None
    recipe = _ready(order).work.recipe
    maps = [arrays["map"] for arrays in sample]
    return fit_pca(maps, components=recipe.components, weighted=recipe.weighted)


def sums_of(
    order: Order,
    node: range,
    reduce: Reduction | None,
    features: Array | None,
    *maps: Arrays,
) -> tuple[Node, list[str]]:
    """The sums over a node's views, or their residual if there are features; and notes."""
    if not order.wanted:
        return (), []
    work, job = _ready(order).work, Notes()
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


def _ready(order: Order) -> Worker:
    """This process, with the work of the order.

    Raises `EngineError` "bad_input" if its code or weights are others than those of who asks.
    """
    if _worker and _worker[0].token == order.token:
        return _worker[0]
    # Ray's arrays are for reading only, for which Numba would compile all kernels once more.
    work: Work = copy.deepcopy(order.get())
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
    _worker[:] = [Worker(order.token, work, extractor, steps)]
    return _worker[0]
