"""The real engine with small SAMs: `python sam_engine.py FOLDER serve ...`.

FOLDER holds the package `ludvig_engine`. A ViT-B of segment-anything has one block here, so that a
tiny checkpoint fits it. With LUDVIG_STAND_IN, every SAM is a `NestedSegmenter`.
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

    if os.environ.get("LUDVIG_STAND_IN"):
        from ludvig_engine.service import state
        from nested_segmenter import NestedSegmenter

        state.load_segmenter = lambda spec, *, device: NestedSegmenter()
    else:
        import tiny_sams

        package = tiny_sams.import_segment_anything()
        package.sam_model_registry["vit_b"] = lambda: tiny_sams.original(package)
    sys.argv[0] = "ludvig"
    run()


if __name__ == "__main__":
    main()
