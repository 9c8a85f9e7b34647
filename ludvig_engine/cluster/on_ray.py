"""Uplift on a cluster of Ray: all that speaks to it. What it runs is in `tasks`.

Ray decides what runs where, moves the arrays, and starts a task again whose worker has died. The
tasks are pure and the tree is fixed, so neither of these changes a bit of the result. Every task
takes a GPU if the cluster has any, else a core; never some the one and some the other, which round
differently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any  # Ray is not installed where types are checked
from uuid import uuid4

import numpy as np

from ..cache.step import Steps
from ..errors import EngineError, Fix
from ..features import Extractor
from ..features.maps import FeatureMaps
from ..features.pca import sampled
from ..machine.device import asked
from ..outside import packages
from ..pipeline import Lifter, Recipe
from ..progress import Job
from ..rendering import Sums
from ..rendering.tree import FAN, highest, nodes
from ..scene import Scene
from ..stages import EXTRACT, REFINE, START, UPLIFT, Stage
from ..uplifting import Uplifted, correct, mean
from . import tasks
from .connection import connected, explained
from .flag import Flag

# Nodes for each worker, so that no one waits long for the last. More would only add transfers.
NODES = 4
# Beside its arrays, a worker needs this for Python, a model and the weights of a view: bytes.
BESIDE = 2 << 30
# The actor that says whether results are still wanted takes no core from the tasks. If its machine
# is lost it starts again, since a run must not end for that.
FLAG = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
LOOK_SECONDS = 0.1  # between two looks at whether the job is canceled and what has ended
ADDRESS = re.compile(r"(ray://)?[A-Za-z0-9_.\-\[\]:]+:[0-9]{1,5}")
INSTALL = Fix('Install it: pip install "ludvig-engine[cluster]", or: pip install "ray[client]".')

Ref = Any  # ray.ObjectRef


def on_ray(address: str, load: Callable[[], Extractor]) -> Lifter:
    """What computes features on the cluster at `address`, "auto", "local" or "ray://HOST:PORT".

    `load` makes the extractor on a worker. Photos and models are read there, so paths must lead to
    the same files on all machines. Raises `EngineError`: "missing_package" without Ray, "bad_input"
    for what is no address. The lifter raises "not_found" if no cluster answers, "cluster_failed" if
    a task fails again and again, and what the tasks raise.
    """
    if not packages.has("ray"):
        raise EngineError("missing_package", "The Python package ray is not installed.", [INSTALL])
    if address not in ("auto", "local") and not ADDRESS.fullmatch(address):
        raise EngineError(
            "bad_input",
            f'"{address}" is no address of a cluster.',
            ["Write auto, local, or an address such as ray://HOST:10001."],
        )

    def lifter(scene: Scene, maps: FeatureMaps, recipe: Recipe, steps: Steps) -> Uplifted:
        steps.job.report(START, 0, 1)
        with connected(address) as (ray, stays):
            # A connection that ends takes its tasks with it.
            flag = ray.remote(**FLAG)(Flag).remote() if stays else None
            run = Run.of(ray, scene, maps, recipe, steps, load, flag)
            try:
                return run.lifted(recipe)
            finally:
                if flag is not None:
                    flag.lower.remote()

    return lifter


@dataclass(frozen=True)
class Run:
    """One uplift on a cluster."""

    ray: Any
    views: int
    splats: int
    order: tasks.Order  # what each task is given first
    resources: dict[str, Any]
    workers: int
    largest: float  # bytes of the machine with the most memory
    job: Job

    @classmethod
    def of(
        cls,
        ray: Any,
        scene: Scene,
        maps: FeatureMaps,
        recipe: Recipe,
        steps: Steps,
        load: Callable[[], Extractor],
        flag: Any,
    ) -> Run:
        """Give the cluster the work."""
        there = ray.cluster_resources()
        gpus = asked() in ("auto", "cuda") and there.get("GPU", 0) >= 1
        device = asked() if asked() != "auto" else "cuda" if gpus else "cpu"
        # No task needs view-dependent color, except for renders, which bring their own.
        bare = replace(scene.gaussians, shN=scene.gaussians.shN[:, :0])
        work = tasks.Work(
            replace(scene, gaussians=bare, views=tuple(maps.views)),
            load,
            maps.extractor.key,
            recipe,
            (steps.cache.folder, steps.cache.limit) if steps.cache else None,
            device,
        )
        return cls(
            ray,
            len(maps.views),
            len(scene),
            tasks.Order(uuid4().hex, partial(ray.get, ray.put(work)), flag),
            {"num_cpus": 1, "num_gpus": 1} if gpus else {"num_cpus": 1},
            int(there.get("GPU" if gpus else "CPU", 1)),
            max((node["Resources"].get("memory", 0) for node in ray.nodes()), default=0),
            steps.job,
        )

    def lifted(self, recipe: Recipe) -> Uplifted:
        """The whole uplift; raises `Cancelled`."""
        try:
            maps, told = self._maps()
            reduce = None
            if recipe.components:
                sample = [maps[n] for n in sampled(self.views)]
                reduce = self._task(tasks.fitted, 0).remote(self.order, *sample)
            # All is asked for at once, so that no worker waits for a stage to end.
            sums, more = self._sums(maps, reduce, None, recipe)
            if not recipe.refine:
                maps.clear()  # so that Ray forgets each map once it is lifted
            self._watch(told, EXTRACT)
            self._watch(more, UPLIFT)
            found = mean(Sums(*self._total(sums)))
            for step in range(recipe.refine):
                features = self.ray.put(found.features)
                sums, more = self._sums(maps, reduce, features, recipe)
                self._watch(more, REFINE.reading(f"Refining features, step {step + 1}"))
                correct(found, *self._total(sums))
            return found
        except self.ray.exceptions.RayError as error:
            raise explained(error) from error

    def _maps(self) -> tuple[list[Ref], list[Ref]]:
        task = self._task(tasks.map_of, 0).options(num_returns=2)
        pairs = [task.remote(self.order, n) for n in range(self.views)]
        return [made for made, _ in pairs], [told for _, told in pairs]

    def _sums(
        self, maps: Sequence[Ref], reduce: Ref, features: Ref, recipe: Recipe
    ) -> tuple[list[Ref], list[Ref]]:
        level = highest(self.views, NODES * self.workers)
        channels = recipe.components or 384
        # For each level that is being added up, and for the views' own.
        size = 4 * self.splats * (channels + 2) * (level + 2)
        task = self._task(tasks.sums_of, size).options(num_returns=2)
        pairs = [
            task.remote(self.order, node, reduce, features, *(maps[n] for n in node))
            for node in nodes(self.views, level)
        ]
        return [made for made, _ in pairs], [told for _, told in pairs]

    def _total(self, sums: Sequence[Ref]) -> tasks.Node:
        """The root of the tree, whose nodes of one level are given."""
        add = self.ray.remote(num_cpus=1)(tasks.added)
        while len(sums) > 1:
            groups = [sums[n : n + FAN] for n in range(0, len(sums), FAN)]
            sums = [add.remote(*group) if len(group) > 1 else group[0] for group in groups]
        while not self.ray.wait(sums, timeout=LOOK_SECONDS)[0]:
            self.job.check()
        total: tasks.Node = tuple(map(np.copy, self.ray.get(sums[0])))
        return total

    def _watch(self, told: Sequence[Ref], stage: Stage) -> None:
        """Wait for tasks, and pass on what they have to tell."""
        waiting, heard = list(told), set[str]()
        while waiting:
            self.job.check()
            self.job.report(stage, len(told) - len(waiting), len(told))
            done, waiting = self.ray.wait(waiting, num_returns=len(waiting), timeout=LOOK_SECONDS)
            for text in dict.fromkeys(text for texts in self.ray.get(done) for text in texts):
                if text not in heard:
                    heard.add(text)
                    self.job.note(text)
        self.job.report(stage, len(told), len(told))

    def _task(self, function: Callable[..., object], size: int) -> Any:
        """A remote function, one for each worker, with room for `size` bytes beside the scene."""
        needed = size + 60 * self.splats + BESIDE
        # What no machine has would be waited for without end.
        memory = int(min(needed, 0.9 * self.largest))
        return self.ray.remote(**self.resources, memory=memory)(function)
