"""COLMAP's lens models as a table, so that camera files are read and refused without pycolmap.

Importing pycolmap takes 60 MB. It evaluates the models (`shots.Intrinsics.colmap`), and a test
compares this table with it.
"""

from __future__ import annotations

_TABLE = (
    (0, "SIMPLE_PINHOLE", "f, cx, cy"),
    (1, "PINHOLE", "fx, fy, cx, cy"),
    (2, "SIMPLE_RADIAL", "f, cx, cy, k"),
    (8, "SIMPLE_RADIAL_FISHEYE", "f, cx, cy, k"),
    (3, "RADIAL", "f, cx, cy, k1, k2"),
    (9, "RADIAL_FISHEYE", "f, cx, cy, k1, k2"),
    (4, "OPENCV", "fx, fy, cx, cy, k1, k2, p1, p2"),
    (5, "OPENCV_FISHEYE", "fx, fy, cx, cy, k1, k2, k3, k4"),
    (6, "FULL_OPENCV", "fx, fy, cx, cy, k1, k2, p1, p2, k3, k4, k5, k6"),
    (7, "FOV", "fx, fy, cx, cy, omega"),
    (10, "THIN_PRISM_FISHEYE", "fx, fy, cx, cy, k1, k2, p1, p2, k3, k4, sx1, sy1"),
    (
        11,
        "RAD_TAN_THIN_PRISM_FISHEYE",
        "fx, fy, cx, cy, k0, k1, k2, k3, k4, k5, p0, p1, s0, s1, s2, s3",
    ),
    (12, "SIMPLE_DIVISION", "f, cx, cy, k"),
    (13, "DIVISION", "fx, fy, cx, cy, k"),
    (14, "SIMPLE_FISHEYE", "f, cx, cy"),
    (15, "FISHEYE", "fx, fy, cx, cy"),
    (16, "EUCM", "fx, fy, cx, cy, alpha, beta"),
)
# Every lens model with the names of its parameters; panoramas are refused with a remedy.
PARAMETERS = {name: tuple(names.split(", ")) for _, name, names in _TABLE}
# The names by the numbers in cameras.bin.
NUMBERS = {number: name for number, name, _ in _TABLE} | {17: "EQUIRECTANGULAR"}
