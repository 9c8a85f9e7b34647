"""The real engine with stand-ins for a SAM: `python sam_engine.py FOLDER serve ...`.

FOLDER holds the package `ludvig_engine`. Every SAM is a `NestedSegmenter`, or with
LUDVIG_STAND_IN=colors one that can segment everything.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Run the command line of the engine."""
    folder = sys.argv.pop(1)
    # The engine of the folder must come first, and no installed one may step in.
    sys.path[:0] = [folder, str(HERE)]
    sys.meta_path[:] = [
        one for one in sys.meta_path if "Editable" not in getattr(one, "__name__", "")
    ]
    from ludvig_engine.cli import main as run
    from ludvig_engine.service import state

    if os.environ.get("LUDVIG_STAND_IN") == "colors":
        from color_segmenter import color_segmenter

        found = color_segmenter()
    else:
        from nested_segmenter import NestedSegmenter

        found = NestedSegmenter()
    state.load_segmenter = lambda spec, *, device: found
    sys.argv[0] = "ludvig"
    run()


if __name__ == "__main__":
    main()
