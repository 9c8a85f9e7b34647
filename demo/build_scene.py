"""Build the demo scene: `python demo/build_scene.py`, with bpy 4.5 and the engine installed.

The script arranges things on a table, renders photos of them with Cycles, and turns the photos into
Gaussians. It writes a COLMAP scene with exact masks, and a click for each thing. Other arrangements
give other scenes of the same kind. See demo/README.md.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import bpy
import check
from arrangements import ARRANGEMENTS, arrange
from layout import pixels, write_cameras, write_clicks, write_masks
from photograph import Optics, photograph, stations
from splatting import FLOATERS, colored, splat

from ludvig_engine.io.ply import write_ply


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arrangement", type=int, default=0, choices=range(len(ARRANGEMENTS)))
    parser.add_argument(
        "--out", type=Path, default=check.SHIPPED, help="a folder, which is replaced if it exists"
    )
    parser.add_argument("--gaussians", type=int, default=65_000)
    parser.add_argument("--samples", type=int, default=14, help="samples of Cycles per pixel")
    options = parser.parse_args()
    build(options.arrangement, options.out, gaussians=options.gaussians, samples=options.samples)


def build(number: int, out: Path, *, gaussians: int, samples: int) -> None:
    """Write the scene of an arrangement to the folder `out`."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "images").mkdir(parents=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    arrange(ARRANGEMENTS[number])
    shots = photograph(out / "images", stations(), Optics(samples=samples))
    photos = [pixels(out / "images" / shot.name) for shot in shots]
    cloud = colored(
        splat(shots, photos, count=gaussians, seed=number), [s.camera for s in shots], photos
    )
    write_ply(out / "splats.ply", cloud)
    write_cameras(out / "sparse" / "0", shots)
    names = ARRANGEMENTS[number].names
    write_masks(out / "masks", shots, names)
    write_clicks(out / "scene.json", shots, names, floaters=FLOATERS)


if __name__ == "__main__":
    main()
