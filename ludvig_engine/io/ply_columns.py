"""Which columns of a PLY make splats: those of 3DGS, and what other trainers write instead.

* 2D Gaussian Splatting has two scales. Its splats are flat; the third scale is 1e-6, as its
  author's own viewer conversion takes it.
* nerfstudio's `ns-export gaussian-splat --ply-color-mode rgb` writes red, green and blue as bytes.
* Mip-Splatting, and trainers that build on it, have a column filter_3D: the width in scene units of
  a low-pass filter that belongs to each splat (`filtered`).

What is made from other columns is told in notes. Standard library and NumPy only: this also runs
inside Blender.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import log

import numpy as np

from ..arrays import Array, Float, Shaped
from ..errors import EngineError, plural
from ..scene import Gaussians
from .ply_header import Header
from .quantized import SH_C0

FILTER = "filter_3D"
# The third scale of a splat with two, in scene units.
FLAT = 1e-6
_RGB = ("red", "green", "blue")
# No note is needed about these: 3DGS's own, normals, which all trainers write as zeros, colors
# beside harmonics, SuperSplat's flags, and what this program adds.
_USUAL = re.compile(
    r"[xyz]|n[xyz]|f_dc_[0-2]|f_rest_\d+|opacity|scale_[0-2]|rot_[0-3]|red|green|blue|state"
    rf"|ludvig_.*|{FILTER}"
)


# These are never whole numbers by nature, unlike positions.
_REAL = re.compile(r"f_dc_\d|f_rest_\d+|opacity|scale_\d|rot_\d")


@dataclass(frozen=True)
class Columns:
    """How the properties of 3DGS are had from a PLY."""

    # Each property that is not in the file, made from a block of its rows.
    made: Mapping[str, Callable[[Shaped[Array, " B"]], Shaped[Array, " B"]]] = field(
        default_factory=dict
    )
    # Properties of the file that must not be taken for the user's own, as they are in others now.
    used: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def columns_of(header: Header) -> Columns:
    """How this PLY tells what 3DGS has columns for."""
    fields = header.vertex.fields
    made: dict[str, Callable[[Array], Array]] = {}
    used: set[str] = set()
    notes: list[str] = []
    if {"scale_0", "scale_1"} <= set(fields) and "scale_2" not in fields:
        made["scale_2"] = lambda block: np.full(len(block), log(FLAT), np.float32)
        notes.append(
            f"{header.name} has two scales per splat, as 2D Gaussian Splatting writes them: "
            f"the splats are flat, with a third scale of {FLAT:g}."
        )
    if set(_RGB) <= set(fields) and not any(name.startswith("f_dc_") for name in fields):
        made |= {f"f_dc_{i}": partial(_harmonic, header, name) for i, name in enumerate(_RGB)}
        used |= set(_RGB)
        notes.append(
            f"{header.name} has colors as red, green and blue, the same from all sides; "
            "they are read as spherical harmonics of degree 0."
        )
    if FILTER in fields:
        used.add(FILTER)
        notes.append(
            f"{header.name} was trained with Mip-Splatting: its column {FILTER} "
            "is put into the scales and opacities of the splats."
        )
    others = [name for name in fields if not _USUAL.fullmatch(name)]
    if others:
        notes.append(
            f"{header.name} has {plural(len(others), 'property', 'properties')} that 3DGS "
            f"does not know, kept but without effect: {', '.join(others[:4])}"
            f"{', ...' if len(others) > 4 else ''}."
        )
    return Columns(made, frozenset(used), tuple(notes))


def refuse_others(header: Header) -> None:
    """Raise an error that names what a PLY is, if it is not one of plain splats."""
    fields = header.vertex.fields
    if "packed_position" in fields:
        raise header.bad(
            "it is a compressed PLY (PlayCanvas, SuperSplat)",
            "Save it as an uncompressed PLY, in SuperSplat for example.",
        )
    if "f_anchor_feat_0" in fields:
        raise header.bad(
            "it has the anchors of Scaffold-GS or a kin, from which a network makes the splats",
            "Export the splats that the network makes, as a 3DGS PLY.",
        )
    if "scale_0" not in fields and (header.has("face") or "opacity" not in fields):
        what = "mesh" if header.has("face") else "point cloud"
        raise header.bad(
            f"it has no property scale_0; it looks like a {what} "
            f"of {plural(header.vertex.count, 'point')}, which holds no splats",
            "Choose the splats' PLY, which trainers often call point_cloud/iteration_30000/"
            "point_cloud.ply.",
        )
    # What compression of research papers leaves: codes, whose meaning is in another file.
    whole = [
        name for name in fields if _REAL.fullmatch(name) and header.vertex.dtype[name].kind in "iu"
    ]
    if whole:
        raise header.bad(
            f"its {whole[0]} is of whole numbers, which stand for values that are not in the file",
            "Export the splats as an uncompressed 3DGS PLY, with float properties.",
        )
    if not header.vertex.count:
        raise EngineError(
            "bad_file", f"{header.name} has no splats in it.", ["Check how it was exported."]
        )


def filtered(gaussians: Gaussians, width: Float[Array, " N"]) -> Gaussians:
    """Gaussians convolved with a filter of this width, as Mip-Splatting renders them.

    Variances add: scale² + width². The opacity shrinks as the volume grows, by the root of the
    determinants' ratio (Yu et al., Mip-Splatting, CVPR 2024). `gaussians` are activated.
    """
    # In float64, where squares of small scales do not vanish.
    before = gaussians.scales.astype(np.float64)
    with np.errstate(all="ignore"):  # of values that `checked` drops
        after = np.hypot(before, width[:, None])
        # 0 / 0 for a splat without extent and filter, which nothing changes.
        ratio = np.where(after == 0, 1, before / after).prod(1)
        return replace(
            gaussians,
            scales=after.astype(np.float32),
            opacities=(gaussians.opacities * ratio).astype(np.float32),
        )


def _harmonic(header: Header, name: str, block: Shaped[Array, " B"]) -> Float[Array, " B"]:
    """The spherical harmonic of degree 0 from a color channel.

    It is a fraction, or an integer whose largest is that of one byte, or of two if it has two.
    Raises `EngineError` "bad_file" for numbers that are no such fractions.
    """
    values = block[name]
    if values.dtype.kind in "iu":
        return (values / (65535 if values.dtype.itemsize == 2 else 255) - 0.5) / SH_C0
    if ((values > 1.001) | (values < -0.001)).any():
        raise header.bad(
            f"its {name} goes from {values.min():g} to {values.max():g}, where 1 is full {name}"
        )
    return (values - 0.5) / SH_C0
