"""What a SAM is shown, and what its encoder made of it: the slow part, once per picture."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..arrays import Array, Bool
from ..io.photos import read_photo
from ..progress import Job, Shared
from ..rendering import colours, render
from ..scene import Camera, Photo, View
from ..segmentation.paint import key_of
from ..segmentation.painting import shown
from ..segmentation.prepared import Prepared
from ..segmentation.trail import recent
from ..stages import SEE_PICTURE
from .segmenter import Seen, Segmenter

# Pictures whose embeddings are kept: 17 MB each for SAM 2.1, 4 MB for SAM 1. The engine's limit of
# memory counts them with their scene (service/recent.py).
KEPT = 8
# The long side in pixels of what is rendered. SAMs see no more than about 1024.
SIDE = 1024


@dataclass(frozen=True)
class Picture:
    """The photo of a view, or the splats as a camera sees them."""

    key: bytes  # the same for the same picture
    camera: Camera
    read: Callable[[], Photo] = field(repr=False, compare=False)
    # The Gaussians that are shown; None: all of them.
    visible: Bool[Array, " N"] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_view(cls, view: View, visible: Bool[Array, " N"] | None = None) -> Picture:
        """The photo of a view, or what is rendered in its place."""
        about = "photo", view.name, str(view.photo)
        return cls(key_of(view.camera, (visible,), about), view.camera, partial(read_photo, view))

    @classmethod
    def rendered(
        cls, prepared: Prepared, camera: Camera, visible: Bool[Array, " N"] | None = None
    ) -> Picture:
        """The splats from any camera, which is scaled down to `SIDE` pixels."""
        scale = min(1, SIDE / max(camera.width, camera.height))
        width, height = (max(round(n * scale), 1) for n in (camera.width, camera.height))
        camera = camera.resized(width, height)

        def draw() -> Photo:
            gaussians = shown(prepared.gaussians, visible)
            values = colours(gaussians, camera.center)
            image, _ = render(gaussians, camera, values, raster=prepared.raster)
            return Photo("view", np.ascontiguousarray(np.clip(image, 0, 1).transpose(1, 2, 0)))

        return cls(key_of(camera, (visible,), "render"), camera, draw, visible)


@dataclass(frozen=True)
class Look:
    """What was made of one picture."""

    seen: Seen
    valid: Bool[Array, "H W"] | None  # where the picture counts; None: everywhere


class Looks:
    """What a SAM has seen of a scene, of the pictures that were asked for last."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter
        self._kept: OrderedDict[bytes, Shared[Look]] = OrderedDict()
        # The masks that were asked for last, lifted; `Any`, because proposing.py imports this file.
        self.proposals: OrderedDict[bytes, Any] = OrderedDict()

    @classmethod
    def of(cls, prepared: Prepared, segmenter: Segmenter, job: Job) -> Looks:
        """The scene's own."""
        return prepared.keep(("sam", segmenter.key), lambda _: cls(segmenter), job)

    def has(self, picture: Picture) -> bool:
        """Whether the encoder has seen a picture."""
        return picture.key in self._kept

    def at(self, picture: Picture, job: Job) -> Look:
        """What the encoder makes of a picture.

        It goes on when the job is canceled, because the next click needs the same.
        """

        def make(job: Job) -> Look:
            job.report(SEE_PICTURE, 0, 1)
            photo = picture.read()
            seen = self.segmenter.encode(photo.pixels)
            job.report(SEE_PICTURE, 1, 1)
            return Look(seen, photo.valid)

        if picture.key in self._kept and self._kept[picture.key].failed:
            del self._kept[picture.key]
        work = recent(self._kept, picture.key, lambda: Shared(make, job=job), KEPT)
        return work.result(job=job)
