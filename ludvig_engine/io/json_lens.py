"""The lens of a photo in a JSON file of cameras: `camera_model`, `is_fisheye` and coefficients.

The names are nerfstudio's, instant-ngp's and COLMAP's. A lens that is none of these, or that has a
coefficient which its model does not know, is refused: taken as a pinhole, it would show other
pixels than the splats were trained with, without anyone noticing.
"""

from __future__ import annotations

import math

from .entries import Entry
from .lens_models import PARAMETERS
from .shots import Intrinsics, UnusableCamera, check_model, shown

# Special cases, each read as the general model whose other coefficients are 0. PERSPECTIVE is
# nerfstudio's word; FULL_OPENCV is OpenCV's rational model, of which these use the numerator.
_PERSPECTIVE = ("", "PERSPECTIVE", "SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV")
_FISHEYE = ("FISHEYE", "SIMPLE_FISHEYE", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE")
_GENERAL = {
    **dict.fromkeys(_PERSPECTIVE, "FULL_OPENCV"),
    **dict.fromkeys(_FISHEYE, "OPENCV_FISHEYE"),
    # Project Aria's, in nerfstudio's name. COLMAP has made its own of the same formula.
    "FISHEYE624": "RAD_TAN_THIN_PRISM_FISHEYE",
}
_KNOWN = sorted({*_GENERAL, *PARAMETERS} - {""})
# Lenses that instant-ngp has keys for instead of names.
_OTHERS = ("ftheta_p0", "latlong", "equirectangular", "orthographic")
# What programs call coefficients of lenses: COLMAP's names, OpenCV's s1 to s4, Metashape's b1, b2.
_COEFFICIENTS = (
    *(f"{letter}{n}" for letter, count in (("k", 7), ("p", 5), ("s", 5)) for n in range(count)),
    *("k", "sx1", "sy1", "b1", "b2", "skew"),
)
# The order of nerfstudio's `distortion_params`.
_NERFSTUDIO = ("k1", "k2", "k3", "k4", "p1", "p2")


def read_lens(
    entry: Entry,
    pinhole: tuple[float, float, float, float],
    size: tuple[int, int],
    keys: tuple[str, ...] = ("camera_model",),
) -> Intrinsics:
    """The intrinsics of a photo of `size` with fx, fy, cx, cy of `pinhole`.

    `keys` are those that may name the model. Raises `EngineError` "bad_file"; within
    `shots.camera_of` the message names the photo.
    """
    word = next((entry.text(key) for key in keys if key in entry), "")
    other = next((key for key in _OTHERS if entry.is_set(key)), None)
    if other:
        raise UnusableCamera(f"it has a lens of another kind ({other})")
    model = _model(word.upper(), entry.flag("is_fisheye"))
    found = _coefficients(entry, model, word)
    names = PARAMETERS[model]
    # FULL_OPENCV's k4 to k6 are a denominator, which OpenCV's simpler models do not have.
    used = names[:9] if model == "FULL_OPENCV" and word.upper() in _PERSPECTIVE else names
    unknown = [name for name, value in found.items() if value and name not in used]
    if unknown:
        raise UnusableCamera(
            f"its lens has {unknown[0]} = {found[unknown[0]]:g}, which {shown(word) or model} "
            "does not know",
            "Undistort the photos with the program that made the cameras.",
        )
    values = dict(zip(("fx", "fy", "cx", "cy"), pinhole, strict=True)) | {"f": pinhole[0]}
    if "f" in names and not math.isclose(pinhole[0], pinhole[1], rel_tol=1e-6):
        raise UnusableCamera(f"{model} has one focal length, but fl_x and fl_y differ")
    for name in names:
        if name not in values:
            optional = name in _COEFFICIENTS
            values[name] = found.get(name) or entry.number(name, 0.0 if optional else None)
    return Intrinsics(model, tuple(values[name] for name in names), *size)


def _model(word: str, fisheye: bool | None) -> str:
    """COLMAP's name for what a file calls `word`."""
    if not word and fisheye:
        return "OPENCV_FISHEYE"
    model = _GENERAL.get(word, word)
    check_model(model, _KNOWN)
    if fisheye is not None and fisheye != ("FISHEYE" in model):
        raise UnusableCamera(f"it is {word}, but is_fisheye is {str(fisheye).lower()}")
    return model


def _coefficients(entry: Entry, model: str, word: str) -> dict[str, float]:
    """The coefficients that the entry has, by name."""
    found = {name: entry.number(name) for name in entry.present(_COEFFICIENTS)}
    # The special cases with one coefficient call it k.
    if model in ("FULL_OPENCV", "OPENCV_FISHEYE") and "k" in found:
        found.setdefault("k1", found.pop("k"))
    if "distortion_params" in entry:
        order = PARAMETERS[model][4:] if word.upper() == "FISHEYE624" else _NERFSTUDIO
        values = entry.array("distortion_params", (len(order),)).tolist()
        found |= dict(zip(order, values, strict=True))
    return found
