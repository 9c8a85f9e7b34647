"""The method scene/floaters."""

from __future__ import annotations

from ..progress import Job
from ..removal import floaters
from ..stages import FIND_FLOATERS
from ..wire.methods import FindFloaters, Floaters
from .state import State
from .stopwatch import Stopwatch


def find_floaters(state: State, request: FindFloaters, job: Job) -> Floaters:
    """Answer scene/floaters: a score per splat, in file order, so that a slider asks nothing.

    Raises `EngineError` "bad_input" if the scene has neither photos nor renders, or few splats.
    """
    watch = Stopwatch(job, FIND_FLOATERS)
    scene = state.scene(request.scene, job=watch)
    scores = floaters.find_floaters(scene, job=watch)
    return Floaters(scene.to_file(scores), floaters.STRENGTH, watch.timings())
