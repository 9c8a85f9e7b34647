"""A scene ready for prompts, and what is made once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ..arrays import Array, Float, Int
from ..cache.step import Steps
from ..cache.store import Arrays, Cache
from ..graph.blocks import superpoints
from ..graph.contraction import contracted
from ..graph.neighbors import Graph
from ..graph.superpoints import Segments
from ..graph.walk import Walk
from ..machine.memory import give_back
from ..progress import SILENT, Job, Shared
from ..scene import Gaussians, View, counted
from ..scene.raster import GSPLAT, Raster
from ..uplifting import Uplifted
from .coarse import FEW, Coarse
from .creases import crease_factors
from .descriptor import Descriptor
from .fronts import Front, drawn, facing
from .nesting import Nesting
from .settings import Settings

T = TypeVar("T")

# Weights above this quantile count as this quantile: a few huge Gaussians fill most of some photos.
MOST_SEEN = 0.95


@dataclass(frozen=True)
class Prepared:
    """A scene ready for prompts: from here on a prompt reads no photo and rasterizes only its own
    view.
    """

    gaussians: Gaussians
    uplifted: Uplifted
    graph: Graph
    extractor: str  # what the features are
    views: tuple[View, ...] = ()  # those that prompts may name and that words are looked up in
    raster: Raster = GSPLAT  # what prompts are drawn with
    # Where superpoints and nested groups are kept, so that a scene that is opened again need not
    # make them. Only for a graph that follows from the Gaussians and features.
    cache: Cache | None = field(default=None, repr=False, compare=False)
    # Made from some of the pictures, for a first answer: prompts do not wait for the automatic
    # segments, which take half the time of a first click.
    early: bool = False
    _kept: dict[object, Shared[Any]] = field(default_factory=dict, repr=False, compare=False)

    def __repr__(self) -> str:
        channels = self.uplifted.features.shape[1]
        features = f"{channels} channels of {self.extractor}"
        return f"Prepared({len(self.gaussians):,} splats, {features}, {counted(self.views)})"

    def walk(self, bandwidth: float, *, job: Job = SILENT) -> Walk:
        """The diffusion on this scene's graph.

        It is kept, because making it costs as much as using it.
        """
        return self.keep(("walk", bandwidth), lambda _: Walk.on(self.graph, bandwidth), job)

    def descriptor(self, *, share: float, job: Job = SILENT) -> Descriptor:
        """What a classifier sees of the Gaussians; `share` is the weight of the position in it."""
        features, weights = self.uplifted.features, self.uplifted.weights
        make = partial(Descriptor.of, features, self.gaussians.means, weights, share)
        return self.keep(("descriptor", share), lambda _: make(), job)

    def superpoints(self, *, job: Job = SILENT) -> tuple[Int[Array, " N"], Segments]:
        """The superpoint of each Gaussian, and the superpoints as segments."""

        def group() -> Arrays:
            about = self.graph, self.uplifted, self.gaussians.means
            labels, groups = superpoints(*about, few=FEW, job=job)
            return {"labels": labels, **vars(groups)}

        def make(job: Job) -> tuple[Int[Array, " N"], Segments]:
            found = self.kept_on_disk("groups", [], group, job=job)
            return found.pop("labels"), Segments(**found)

        return self.keep("superpoints", make, job)

    def coarse(self, bandwidth: float, *, share: float, job: Job = SILENT) -> Coarse:
        """The superpoints of this scene."""

        return self._begin_coarse(bandwidth, share, job).result(job=job)

    @property
    def visible(self) -> Float[Array, " N"]:
        """How much the photos show of each Gaussian, without the excess of the largest ones."""
        weights = self.uplifted.weights

        def make(job: Job) -> Float[Array, " N"]:
            return np.minimum(weights, np.quantile(weights, MOST_SEEN))

        return self.keep("visible", make, SILENT)

    def fronts(self, *, job: Job = SILENT) -> list[Front]:
        """The views as small maps of Gaussians: 7 MB."""

        def make(job: Job) -> list[Front]:
            return drawn(self.gaussians, self.views, self.raster, job=job)

        return self.keep("fronts", make, job)

    def nesting(self, settings: Settings, *, job: Job = SILENT) -> Nesting:
        """The nested groups of this scene's superpoints."""
        return self._begin_nesting(settings, job).result(job=job)

    def begin(self, settings: Settings) -> None:
        """Begin what takes seconds the first time, in helper threads."""
        self._begin_nesting(settings, SILENT)

    def _begin_nesting(self, settings: Settings, job: Job) -> Shared[Nesting]:
        def nest(coarse: Coarse, job: Job) -> Arrays:
            factors = crease_factors(
                *(self.graph, self.gaussians, self.uplifted.weights),
                facing(self.gaussians, self.fronts(job=job)),
                concave=settings.concave,
                job=job,
            )
            labels, count = coarse.labels, len(coarse.size)
            factors *= self.graph.distances
            nesting = Nesting.of(
                contracted(self.graph, factors, labels),
                contracted(self.graph, 1, labels),
                coarse.size,
                np.bincount(labels, self.visible, count),
                compact=settings.compact,
                job=job,
            )
            return {field.name: getattr(nesting, field.name) for field in fields(nesting)}

        def make(job: Job) -> Nesting:
            coarse = self.coarse(settings.bandwidth, share=settings.place, job=job)
            cameras = [view.camera.as_json() for view in self.views]
            params = [settings.concave, settings.compact, repr(self.raster), cameras]
            found = self.kept_on_disk(
                *("nesting", params, partial(nest, coarse, job)),
                *(coarse.labels, self.gaussians.quats),
                *(self.gaussians.scales, self.gaussians.opacities),
                job=job,
            )
            return Nesting(**found)

        about = settings.bandwidth, settings.place, settings.concave, settings.compact
        return self.start(("nesting", *about), make, job)

    def _begin_coarse(self, bandwidth: float, share: float, job: Job) -> Shared[Coarse]:
        def make(job: Job) -> Coarse:
            descriptor = self.descriptor(share=share, job=job)
            labels, _ = self.superpoints(job=job)
            return Coarse.of(self.graph, self.uplifted, descriptor, labels, bandwidth)

        return self.start(("coarse", bandwidth, share), make, job)

    def kept_on_disk(
        self, name: str, params: object, make: Callable[[], Arrays], *inputs: Array, job: Job
    ) -> Arrays:
        """What `make` makes of the graph, the features and more `inputs`."""
        steps = Steps(self.cache, job)
        uplifted = self.uplifted
        inputs = uplifted.features, uplifted.weights, self.gaussians.means, *inputs
        about = [len(self.graph.indices), params]
        content = job.aside(lambda: steps.key_of(*inputs))
        return steps.kept(name, 2, about, content, make=make, about=f"{name} of a scene")

    def keep(self, name: object, make: Callable[[Job], T], job: Job) -> T:
        """What `make` returns: made when this name is first asked for, and kept with the scene."""
        return self.start(name, make, job).result(job=job)

    def start(self, name: object, make: Callable[[Job], T], job: Job) -> Shared[T]:
        """Make something once, in a helper thread.

        It goes on when a click is canceled, because the next click needs the same.
        """

        def made(job: Job) -> T:
            found = make(job)
            give_back()
            return found

        if name not in self._kept or self._kept[name].failed:
            self._kept[name] = Shared(made, job=job)
        return self._kept[name]
