"""How time and memory grow with splats and photos: `ludvig bench growth`.

The way from a scene's files to its second click (start.py) is gone in a fresh process for each
size. If all work were in proportion to the number of splats, its exponent would be 1.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from . import start
from .fresh import measured

# What each fresh process does first, so that importing and loading kernels is not counted.
SMALL = 2000, 6, 120, 90


def run(gaussians: int, views: int, width: int, height: int) -> dict[str, float]:
    """What each step takes at a quarter, a half and all of the Gaussians, and at twice the views.

    Then the exponents of its CPU seconds: the slope of their logarithm over that of the size.
    """
    sizes = [(gaussians // part, views) for part in (4, 2, 1)]
    more = gaussians // 4, 2 * views
    runs = {size: measured(__name__, *size, width, height) for size in (*sizes, more)}
    figures = {
        f"{name}_{n}_gaussians_{v}_views": value
        for (n, v), one in runs.items()
        for name, value in one.items()
        if name not in ("gaussians", "photos")
    }
    for step in start.STEPS:
        seconds = {size: one[f"{step}_cpu_s"] for size, one in runs.items()}
        by_size = np.log([seconds[size] for size in sizes])
        slope = np.polyfit(np.log([n for n, _ in sizes]), by_size, 1)[0]
        figures[f"{step}_exponent_in_gaussians"] = float(slope)
        figures[f"{step}_exponent_in_views"] = float(np.log2(seconds[more] / seconds[sizes[0]]))
    return figures


if __name__ == "__main__":
    start.run(*SMALL)
    print(json.dumps(start.run(*map(int, sys.argv[1:]))))
