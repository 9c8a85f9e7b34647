"""What the engine keeps between requests: scenes, their features and graphs, and models.

All of it can be dropped and read or computed again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..cache.step import Steps
from ..cache.store import Cache, key
from ..errors import EngineError
from ..features import Extractor, load_extractor
from ..features.auto import best
from ..graph.neighbors import Graph
from ..io.activation import left_out
from ..io.files import stopping
from ..io.load import load_scene
from ..machine.memory import total_memory
from ..pictures.fitted import fitted
from ..pipeline import Recipe, connect, is_lifted, prepare
from ..planning.early import early_views
from ..planning.pictured import pictured
from ..planning.renders import with_renders
from ..progress import SILENT, Job
from ..sam import Segmenter, load_segmenter
from ..scene import Gaussians, Scene, View
from ..scene.raster import GSPLAT, Raster
from ..segmentation.prepared import Prepared
from ..uplifting import Uplifted
from ..wire.methods import Cloud
from ..words.lift import TextExtractor, best_for_words, lift_text
from ..words.text import TextEncoder
from .clouds import ARRAYS, key_of_cloud, scene_of_cloud
from .drawn import Drawn
from .recent import Recent

# This many scenes are known by name. A name only keeps the cameras in memory.
MAX_SCENES = 64


@dataclass(frozen=True)
class Opened:
    """How to get a scene back, and what its files were when it was opened."""

    content: str  # key of the splats
    path: Path | None  # None: the splats were sent
    views: tuple[View, ...]
    photo_stamps: tuple[str, ...]
    notes: tuple[str, ...]
    raster: Raster


class Fit(NamedTuple):
    """What was found when a scene was `fitted` to its photos, or views were planned."""

    raster: Raster
    views: tuple[View, ...]
    notes: tuple[str, ...]


class State:
    """Scenes, prepared features and models. Only one thread at a time may use it."""

    def __init__(self, cache: Cache, memory: int = 0) -> None:
        self.cache = cache
        self.recent = Recent(memory or total_memory() // 2)
        self._scenes: OrderedDict[str, Opened] = OrderedDict()
        self._fits: dict[str, Fit] = {}
        self._extractors: dict[str, Extractor] = {}
        self._best = ""  # what "auto" stands for; "": not decided
        self._segmenters: dict[str, Segmenter] = {}
        # The number of channels that was last used, by scene and extractor.
        self._dims: dict[tuple[str, str], int] = {}

    # ---- scenes

    def open(
        self,
        splats: Path | Cloud,
        views: Sequence[View] = (),
        notes: Sequence[str] = (),
        *,
        near: float | None = None,
        job: Job = SILENT,
    ) -> tuple[str, Scene]:
        """Read or take the splats; return the scene's name and the scene.

        The same input gives the same name. A scene is `fitted` to its photos when its cameras are
        first opened, and keeps what was found while its splats are edited: of a scene of which half
        is gone, photos say less.
        """
        if isinstance(splats, Path):
            path, cloud = splats, None
            content = job.aside(lambda: stamp(splats))
        else:
            path, cloud = None, splats
            content = job.aside(lambda: key_of_cloud(splats))
        stamps = tuple(stamp(view.photo) for view in views if view.photo)
        cameras = [[_view_key(view) for view in views], stamps, near]
        name = key("scene", 2, [content, *cameras])[:16]
        opened = Opened(content, path, tuple(views), stamps, tuple(notes), GSPLAT)
        scene = self._complete(opened, cloud, job=job)
        of_splats = key("fit", 1, [*cameras, "" if stamps else content])
        fit = self._fit(scene, of_splats, near, job)
        opened = replace(opened, raster=fit.raster, views=fit.views, notes=(*notes, *fit.notes))
        scene = self._complete(opened, cloud, job=job)
        self._scenes[name] = opened
        self._scenes.move_to_end(name)
        if len(self._scenes) > MAX_SCENES:
            self._scenes.popitem(last=False)
        return name, scene

    def _fit(self, scene: Scene, name: str, near: float | None, job: Job) -> Fit:
        if name not in self._fits:
            found = fitted(scene, near=near, job=job)
            found = pictured(found, Steps(self.cache, job))
            more = found.notes[len(scene.notes) :]
            # A name keeps no splats in memory, and a render would.
            views = tuple(replace(view, render=None) for view in found.views)
            self._fits[name] = Fit(found.raster, views, more)
            if len(self._fits) > MAX_SCENES:
                self._fits.pop(next(iter(self._fits)))
        return self._fits[name]

    def scene(self, name: str, *, job: Job = SILENT) -> Scene:
        """The open scene of that name, read again if it was dropped from memory.

        Raises `EngineError`: "not_found" for an unknown name, "changed" if a file has changed.
        """
        return self._complete(self._find(name), job=job)

    def _find(self, name: str) -> Opened:
        if name not in self._scenes:
            raise EngineError(
                "not_found", f'There is no open scene "{name[:40]}".', ["Open the scene again."]
            )
        return self._scenes[name]

    def _complete(self, opened: Opened, cloud: Cloud | None = None, *, job: Job) -> Scene:
        def read() -> Scene:
            if opened.path:
                with stopping(job.check):
                    return _read(opened)
            return scene_of_cloud(cloud) if cloud else self._put_back(opened.content)

        def forget(scene: Scene, job: Job) -> None:
            if not opened.path:
                job.aside(lambda: self._put_away(opened.content, scene))

        name = "splats", opened.content
        base = self.recent.get_or(name, lambda: job.aside(read), forget=forget, job=job)
        notes = (*base.notes, *opened.notes)
        return with_renders(replace(base, views=opened.views, raster=opened.raster, notes=notes))

    def _put_away(self, content: str, scene: Scene) -> None:
        """Write splats that a client sent to the cache before they are dropped from memory.

        The client cannot send them again once its user has edited them. They are written in the
        engine's order, because memory may not suffice for a copy in file order.
        """
        if content not in self.cache:
            arrays = {name: getattr(scene.gaussians, name) for name in ARRAYS}
            arrays |= {"rows": scene.rows, "sizes": np.array([scene.file_count])}
            self.cache.put(content, arrays, about="splats as they were sent")

    def _put_back(self, content: str) -> Scene:
        arrays = self.cache.get(content)
        if arrays is None:
            raise EngineError(
                "not_found",
                "The splats that were sent are no longer in the cache.",
                ["Open the scene again."],
            )
        rows, count = arrays.pop("rows"), int(arrays.pop("sizes")[0])
        bad = count - len(rows)
        notes = left_out({"values that no scan has": bad} if bad else {}, count)
        return Scene(Gaussians(**arrays), rows, count, notes=notes)

    # ---- features

    def extractor(self, spec: str, *, job: Job = SILENT) -> Extractor:
        """The loaded extractor of `spec`.

        A folder of feature maps is listed each time, since its files may have changed.
        """
        spec = self.meant(spec, job=job)
        if spec.startswith("files:") or spec not in self._extractors:
            self._extractors[spec] = job.aside(lambda: load_extractor(spec, device="auto"))
        return self._extractors[spec]

    def meant(self, spec: str, *, job: Job = SILENT) -> str:
        """The spec itself, or what "auto" stands for: the same until `decide_again`."""
        if spec != "auto":
            return spec
        if not self._best:
            self._best = job.aside(lambda: best("auto"))
        return self._best

    def decide_again(self) -> None:
        """Choose anew what "auto" stands for: better extractors may have been fetched."""
        self._best = ""

    def segmenter(self, spec: str, *, job: Job = SILENT) -> Segmenter:
        """The loaded SAM of `spec`."""
        if spec not in self._segmenters:
            self._segmenters[spec] = job.aside(lambda: load_segmenter(spec, device="auto"))
        return self._segmenters[spec]

    def prepared(self, name: str, spec: str, *, dim: int = 0, job: Job = SILENT) -> Prepared:
        """Features and graph of a scene.

        `dim` is the number of channels; 0 stands for the last number used. Raises `EngineError`:
        "not_found", "changed", or those of loading and running the extractor.
        """
        scene, opened = self.scene(name, job=job), self._find(name)
        dim = dim or self._dims.get((name, spec), Recipe().components)
        extractor = self.extractor(spec, job=job)
        make = partial(self._prepare, opened, scene, extractor, Recipe(components=dim), job)
        place = "prepared", name, extractor.key, dim
        early = (*place, "early")
        if 2 * self.recent.size > self.recent.limit:
            self.recent.drop(early, job=job)  # or both would be in memory for a while
        found = self.recent.get_or(place, make, job=job)
        self.recent.drop(early, job=job)
        self._dims[name, spec] = dim
        return found

    def prepared_early(self, name: str, spec: str, *, job: Job = SILENT) -> tuple[Prepared, int]:
        """`prepared`, or if that takes seconds: made from some of the pictures.

        Also returns how many pictures were not read, which is 0 for `prepared`.
        """
        scene, opened = self.scene(name, job=job), self._find(name)
        extractor = self.extractor(spec, job=job)
        recipe = Recipe(components=self._dims.get((name, spec), Recipe().components))
        place = "prepared", name, extractor.key, recipe.components
        early = (*place, "early")
        views = early_views(scene.views, len(scene.gaussians), model=not extractor.parallel)
        lifted = partial(is_lifted, scene, extractor, recipe=recipe, cache=self.cache)
        # The cache is asked once and not at every click: that takes 0.4 s for a million splats.
        if (
            views is None
            or place in self.recent
            or (early not in self.recent and job.aside(lifted))
        ):
            return self.prepared(name, spec, job=job), 0

        def make() -> Prepared:
            some = replace(scene, views=tuple(views))
            return replace(self._prepare(opened, some, extractor, recipe, job), early=True)

        unread = sum(view.pictured for view in scene.views) - len(views)
        return self.recent.get_or(early, make, job=job), unread

    def _prepare(
        self, opened: Opened, scene: Scene, extractor: Extractor, recipe: Recipe, job: Job
    ) -> Prepared:
        _check_photos(opened)
        return prepare(scene, extractor, recipe=recipe, cache=self.cache, job=job)

    def keep(self, name: str, spec: str, prepared: Prepared) -> None:
        """Store features and graph that were made elsewhere."""
        dim = prepared.uplifted.features.shape[1]
        self.recent.get_or(("prepared", name, self.extractor(spec).key, dim), lambda: prepared)

    def drawn(self, name: str) -> Drawn:
        """The paint of the prompts on a scene that were asked for last."""
        return self.recent.get_or(("drawn", name), Drawn)

    def encoder(self, *, job: Job = SILENT) -> TextExtractor:
        """The best loaded extractor that texts can be compared with."""
        # Looked for each time, because a better one may have been fetched.
        extractor = self.extractor(best_for_words(), job=job)
        assert isinstance(extractor, TextExtractor)
        return extractor

    def words(self, name: str, *, job: Job = SILENT) -> tuple[Uplifted, TextEncoder]:
        """Features of a scene that texts can be compared with, and the encoder of the texts."""
        scene, opened = self.scene(name, job=job), self._find(name)
        extractor = self.encoder(job=job)

        def make() -> Uplifted:
            _check_photos(opened)
            return lift_text(scene, extractor, cache=self.cache, job=job)

        return self.recent.get_or(("words", name, extractor.key), make, job=job), extractor

    def graph(self, name: str, spec: str, *, job: Job = SILENT) -> Graph:
        """The graph of a scene, with feature distances if it has photos or features.

        Without photos, they are not rendered for this alone.
        """
        scene, opened = self.scene(name, job=job), self._find(name)
        if opened.photo_stamps or (name, spec) in self._dims:
            return self.prepared(name, spec, job=job).graph
        steps = Steps(self.cache, job)
        make = partial(connect, scene.gaussians, Recipe().neighbors, steps)
        return self.recent.get_or(("graph", opened.content), make, job=job)

    # ---- memory

    def free(self, *, job: Job = SILENT) -> int:
        """Drop everything that can be made again; return the bytes of the arrays."""
        size = self.recent.size
        self.recent.clear(job=job)
        self._extractors.clear()
        self.decide_again()
        self._segmenters.clear()
        return size


def stamp(path: Path) -> str:
    """A key of a file, or of a folder's files, that changes when one is written again."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        states = [(file.name, file.stat()) for file in files]
    except OSError:
        return key("file", 1, [str(path), "not there"])
    return key("file", 1, [str(path.resolve()), [[n, s.st_size, s.st_mtime_ns] for n, s in states]])


def _read(opened: Opened) -> Scene:
    assert opened.path
    scene = load_scene(opened.path)
    if stamp(opened.path) != opened.content:
        raise _changed(opened.path)
    return scene


def _check_photos(opened: Opened) -> None:
    photos = [view.photo for view in opened.views if view.photo]
    for photo, before in zip(photos, opened.photo_stamps, strict=True):
        if photo.exists() and stamp(photo) != before:
            raise _changed(photo)


def _changed(path: Path) -> EngineError:
    return EngineError(
        "changed", f"{path.name} has changed since the scene was opened.", ["Open the scene again."]
    )


def _view_key(view: View) -> list[object]:
    photo = [str(view.photo), str(view.mask), view.turn]
    return [view.name, *view.camera.as_json(), repr(view.lens), *photo]
