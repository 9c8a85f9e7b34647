"""Keep trained splats small: `python demo/scenes/pack.py TRAINED.ply NAME`.

Values are rounded, of which nothing can be seen, and the file is zipped: trained/NAME.ply.gz.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ludvig_engine.arrays import Array
from ludvig_engine.io.ply import write_ply
from ludvig_engine.io.splats import read_splats

TRAINED = Path(__file__).parent / "trained"
STEP = 1 / 24  # of the spherical harmonics; the mean color gets a quarter of it
PLACE_BITS = 13  # of 23 in the mantissa of positions: a tenth of a millimeter in a meter
BITS = 8  # the same of the others: 1/500
DEGREE = 2  # the third would take half of the file


def main() -> None:
    source, name = sys.argv[1:]
    pack(Path(source), TRAINED / f"{name}.ply.gz")


def pack(source: Path, target: Path) -> None:
    """Write the splats of a file once more, rounded and zipped."""
    splats = read_splats(source)
    gaussians = splats.gaussians
    small = replace(
        gaussians,
        means=_shorter(gaussians.means, PLACE_BITS),
        quats=_shorter(gaussians.quats, BITS),
        scales=_shorter(gaussians.scales, BITS),
        opacities=_shorter(gaussians.opacities, BITS),
        sh0=_stepped(gaussians.sh0, STEP / 4),
        shN=_stepped(gaussians.shN[:, : (DEGREE + 1) ** 2 - 1], STEP),
    )
    target.parent.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        write_ply(Path(folder) / "splats.ply", small)
        content = (Path(folder) / "splats.ply").read_bytes()
    target.write_bytes(gzip.compress(content, 9, mtime=0))
    print(f"{target}: {len(small):,} splats, {target.stat().st_size / 1e6:.2f} MB")


def _shorter(values: Array, bits: int) -> Array:
    """Floats with so many bits left in their mantissa; the others are 0, which zips well."""
    mantissa, exponent = np.frexp(values)
    scale = 2.0 ** (bits + 1)
    return np.ldexp(np.rint(mantissa * scale) / scale, exponent).astype(np.float32)


def _stepped(values: Array, step: float) -> Array:
    return (np.rint(values / step) * step).astype(np.float32)


if __name__ == "__main__":
    main()
