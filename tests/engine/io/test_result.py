"""Result files: round trip, and what is not one."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from ludvig_engine.errors import EngineError
from ludvig_engine.io import result


def test_round_trip(tmp_path):
    arrays = {"scores": np.linspace(0, 1, 7, dtype=np.float32), "selected": np.arange(7) > 3}
    result.write(tmp_path / "r.safetensors", arrays, {"threshold": 0.5, "extractor": "colour"})
    got, about = result.read_result(tmp_path / "r.safetensors", "selected", "scores")
    assert about == {"threshold": 0.5, "extractor": "colour"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(got[name], array)
        assert load_file(tmp_path / "r.safetensors")[name].dtype == array.dtype


def test_what_is_not_a_result(tmp_path):
    with pytest.raises(EngineError, match="no file"):
        result.read_result(tmp_path / "nothing")
    (tmp_path / "text").write_text("not safetensors at all")
    with pytest.raises(EngineError, match="is not a safetensors file"):
        result.read_result(tmp_path / "text")
    result.write(tmp_path / "r", {"features": np.zeros(3)}, {})
    with pytest.raises(EngineError, match="has no scores, only features"):
        result.read_result(tmp_path / "r", "scores")
