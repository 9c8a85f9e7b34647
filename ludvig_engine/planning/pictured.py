"""A scene with pictures to take features from: its photos, or renders of its splats."""

from __future__ import annotations

from dataclasses import replace

from ..cache.step import Steps
from ..cache.store import Arrays
from ..errors import plural
from ..io.shots import limited
from ..scene import Scene, View
from .plan import Plan, plan
from .renders import key_of, with_renders

# Width and height of a planned picture, in pixels. Prompts are counted in these, whatever size the
# pictures are worked with at.
PICTURE = (1024, 768)


def pictured(scene: Scene, steps: Steps, *, max_size: int | None = None) -> Scene:
    """The scene with views that have pictures, and a note on those that are not photos.

    A scene with photos stays as it is. Without photos, the splats are rendered at its cameras.
    Without cameras, they are planned first; `max_size` limits the long side of their pictures in
    pixels. Raises `EngineError` "bad_input" if the splats show nothing from anywhere.
    """
    if any(view.photo is not None for view in scene.views):
        return scene
    if scene.views:
        what = f"renders of the splats at the {plural(len(scene.views), 'camera')} take their place"
        return with_renders(replace(scene, notes=(*scene.notes, f"There are no photos: {what}.")))
    found = planned(scene, steps)
    size = limited(PICTURE, max_size)
    views = tuple(
        View(f"view_{n + 1:02}", camera.resized(*size), photo_size=PICTURE)
        for n, camera in enumerate(found.cameras)
    )
    return with_renders(replace(scene, views=views, notes=(*scene.notes, described(found))))


def planned(scene: Scene, steps: Steps) -> Plan:
    """The plan of a scene, from the cache if there is one."""

    def make() -> Arrays:
        found = plan(scene.gaussians, job=steps.job)
        return found.packed()

    content = steps.job.aside(lambda: key_of(scene.gaussians)) if steps.cache else ""
    return Plan.unpacked(steps.kept("plan", 1, [], content, make=make, about="planned views"))


def described(found: Plan) -> str:
    """A plan in a sentence."""
    where = "within them" if found.inside else "all around them"
    return (
        f"There are no cameras: the splats are rendered from {plural(len(found.cameras), 'view')} "
        f"that were planned {where}, three of which see {100 * found.covered:.1f} % of what can be "
        "seen from there."
    )
