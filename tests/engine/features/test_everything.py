"""Features within SAM's segments: means of known labels, and the whole with tiny networks."""

from __future__ import annotations

import numpy as np
import pytest

import tiny_sams
from extractor_battery import check
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.features.everything import filled

RNG = np.random.default_rng(0)


def test_every_segment_has_the_mean_of_its_cells():
    labels = np.zeros((40, 60), np.int32)
    labels[5:20, 10:30], labels[25:35, 40:55] = 1, 7
    fine = filled(RNG.normal(size=(3, 10, 15)).astype(np.float32), labels)
    plain = filled(fine, np.zeros_like(labels))  # on cells of a pixel already
    assert fine.shape == (3, 40, 60)
    np.testing.assert_array_equal(plain, fine)
    assert (
        np.ptp(fine[:, labels == 1], axis=1).max() == 0
        and np.ptp(fine[:, labels == 0], axis=1).min() > 0
    )
    raw = RNG.normal(size=(2, 40, 60)).astype(np.float32)
    np.testing.assert_allclose(
        filled(raw, labels)[:, 30, 50], raw[:, labels == 7].mean(1), atol=1e-5
    )
    np.testing.assert_array_equal(filled(raw, labels)[:, labels == 0], raw[:, labels == 0])


def test_large_photos_are_brought_to_cells():
    labels = np.repeat(np.arange(1, 3, dtype=np.int32), 400)[None].repeat(500, 0)
    found = filled(RNG.normal(size=(4, 8, 8)).astype(np.float32), labels)
    assert found.shape == (4, 160, 256)
    assert (
        np.ptp(found[:, :, :128], axis=(1, 2)).max() == 0
        and (found[:, 0, 0] != found[:, 0, -1]).all()
    )


def test_battery(tmp_path):
    extractor = load_extractor(f"everything:colour@sam2:{tiny_sams.sam2(tmp_path / 'tiny')}")
    check(extractor, sizes=((64, 96), (97, 61)))
    assert extractor.name == "colour within tiny" and "GPL" in extractor.licence
    assert extractor.key != load_extractor("colour").key


def test_it_needs_an_extractor():
    with pytest.raises(EngineError, match="needs an extractor"):
        load_extractor("everything")
