"""A program: an engine that opens every scene and grows nothing, to measure what asking costs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import numpy as np

from ludvig_engine.service.server import serve
from ludvig_engine.wire import methods


def open_scene(request, _job):
    nothing = (
        np.zeros((0, 4, 4)),
        np.zeros((0, 3, 3)),
        np.zeros((0, 2), np.int32),
        np.zeros((0, 2), np.int32),
    )
    count = len(request.cloud.means)
    return methods.SceneOpened(
        "scene", count, count, 0, np.zeros((2, 3), np.float32), (), (), *nothing
    )


if __name__ == "__main__":
    serve(
        sys.argv[sys.argv.index("--connection-file") + 1],
        {
            "scene/open": open_scene,
            "segment/grow": lambda request, _job: methods.Resized(request.selected),
        },
    )
