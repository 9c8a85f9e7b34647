"""The table of lens models is pycolmap's."""

from __future__ import annotations

import pycolmap

from ludvig_engine.io.lens_models import NUMBERS, PARAMETERS


def test_the_table_has_all_models_of_pycolmap():
    models = {
        name: tuple(
            pycolmap.Camera.create_from_model_name(1, name, 1, 1, 1).params_info.split(", ")
        )
        for name in pycolmap.CameraModelId.__members__
        if name not in ("INVALID", "EQUIRECTANGULAR")
    }
    assert models == PARAMETERS


def test_the_numbers_are_those_of_pycolmap():
    members = pycolmap.CameraModelId.__members__
    assert {int(members[name]): name for name in NUMBERS.values()} == NUMBERS
    assert set(NUMBERS.values()) == members.keys() - {"INVALID"}
