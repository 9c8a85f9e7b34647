"""From photos to feature maps: the first step of the way, one photo at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, overload

from ..cache.step import Steps
from ..cache.store import Arrays, key
from ..io.photos import read_photo
from ..scene import View
from ..stages import EXTRACT
from . import Extractor
from .own_maps import checked_map

T = TypeVar("T")


def feature_map(view: View, extractor: Extractor) -> Arrays:
    """A photo's "map" (D, h, w), and "valid" (H, W) if the photo says nothing in some of its
    pixels.
    """
    photo = read_photo(view)
    name = f"The map of {view.name} by {extractor.name}"
    made = {"map": checked_map(extractor(photo), name)}
    return made if photo.valid is None else {**made, "valid": photo.valid}


class Lazy(Sequence[T]):
    """A sequence whose items are made each time they are asked for, not kept in memory."""

    def __init__(self, make: Callable[[int], T], length: int) -> None:
        self._make, self._length = make, length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, n: int) -> T: ...
    @overload
    def __getitem__(self, n: slice) -> Sequence[T]: ...
    def __getitem__(self, n: int | slice) -> T | Sequence[T]:
        if isinstance(n, slice):
            return [self._make(i) for i in range(*n.indices(self._length))]
        if not 0 <= n < self._length:
            raise IndexError(n)
        return self._make(n)


class FeatureMaps:
    """The feature maps of some views, kept photo by photo.

    So a canceled job resumes, and an added photo costs one photo.
    """

    def __init__(self, views: Sequence[View], extractor: Extractor, steps: Steps) -> None:
        self.views, self.extractor = views, extractor
        self._steps = steps
        # The maps that have been computed; None: the cache has it.
        self._made: dict[int, Arrays | None] = {}
        self._contents: dict[int, str] = {}

    def keys(self, which: Sequence[int] | None = None) -> list[str]:
        """What each map is kept by. This reads the photos' bytes, but computes no map."""
        return [key(*self._named(n)) for n in (range(len(self.views)) if which is None else which)]

    def compute(self, which: Sequence[int] | None = None) -> Sequence[Arrays]:
        """All maps, as `feature_map` makes them; those of the views `which` are computed now.

        With a cache, each is read again when it is used; without, they stay in memory.
        """
        steps, extractor = self._steps, self.extractor
        get = partial(self._get, steps.unwatched())
        which = range(len(self.views)) if which is None else which
        wanted = [n for n in which if n not in self._made]
        stage = EXTRACT.of(extractor.name)
        if extractor.parallel:
            computed = steps.job.map(get, wanted, stage)
        else:
            # A model looks at a photo for seconds. If the job is cancelled meanwhile, the map is
            # still kept.
            aside = partial(self._get_aside, get)
            computed = steps.job.map(aside, wanted, stage, threads=1)
        for n, made in zip(wanted, computed, strict=True):
            self._made[n] = None if steps.cache else made
        return Lazy(lambda n: self._made.get(n) or get(n), len(self.views))

    def _get(self, steps: Steps, n: int) -> Arrays:
        view, extractor = self.views[n], self.extractor
        return steps.kept(
            *self._named(n),
            make=lambda: feature_map(view, extractor),
            about=f"{extractor.name} map of {view.name}",
        )

    def _get_aside(self, get: Callable[[int], Arrays], n: int) -> Arrays:
        return self._steps.job.aside(lambda: get(n))

    def _content(self, n: int) -> str:
        """The key of the content of a photo's file and of its mask, or of a render."""
        if n not in self._contents:
            view = self.views[n]
            self._contents[n] = (
                view.render.key()
                if view.render and self._steps.cache
                else " ".join(self._steps.key_of_file(p) for p in (view.photo, view.mask) if p)
            )
        return self._contents[n]

    def _named(self, n: int) -> tuple[str, int, object, str]:
        """What the key of a map is made of: step, version, parameters and the photo's content."""
        view = self.views[n]
        size = [view.camera.width, view.camera.height]
        turn = [view.turn] if view.turn != 1 else []
        params = [self.extractor.key, size, repr(view.lens), *turn]
        return "map", 1, params, self._content(n)
