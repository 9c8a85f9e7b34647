"""features/*, memory/* and cache/*: what there is, what it costs, what is given back."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine import weights
from ludvig_engine.cache.store import Cache
from ludvig_engine.errors import EngineError
from ludvig_engine.features import EXTRACTORS
from ludvig_engine.service import extraction
from ludvig_engine.wire.methods import (
    CacheInfo,
    ClearCache,
    ComputeFeatures,
    FreeMemory,
    ListFeatures,
    MemoryInfo,
    PreviewFeatures,
)
from service_tools import Service, opened


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path / "cache")


def test_every_extractor_is_listed(service):
    listed = {info.spec: info for info in service(ListFeatures()).extractors}
    assert {spec.partition(":")[0] for spec in listed} == set(EXTRACTORS) - {
        "files",
        "join",
        "everything",
    }  # these need arguments
    assert (
        listed["colour"].ready and listed["auto"].ready and "colour" not in listed["auto"].licence
    )
    for id in (id for models in extraction.LEARNED.values() for id in models):
        assert id in weights.MODELS


def test_what_is_missing_is_said_with_its_size(service, monkeypatch):
    monkeypatch.setattr("ludvig_engine.service.extraction.find_spec", lambda name: object())
    monkeypatch.setattr("ludvig_engine.weights.status", lambda: dict.fromkeys(weights.MODELS))
    listed = {info.spec: info for info in service(ListFeatures()).extractors}
    small = listed["dinov2:small"]
    assert not small.ready and small.download == weights.MODELS["dinov2-small"].size
    assert "(88 MB)" in small.needs and small.licence == "Apache-2.0"
    assert "accept its licence" in listed["dinov3:small"].needs
    monkeypatch.setattr(
        "ludvig_engine.weights.status", lambda: dict.fromkeys(weights.MODELS, small_scene)
    )
    assert all(info.ready and not info.download for info in service(ListFeatures()).extractors)
    monkeypatch.setattr("ludvig_engine.service.extraction.find_spec", lambda name: None)
    listed = {info.spec: info for info in service(ListFeatures()).extractors}
    assert (
        not listed["clip"].ready
        and "torch and transformers" in listed["clip"].needs
        and listed["colour"].ready
    )


def test_own_feature_maps_are_read_again_when_they_change(service, made, tmp_path):
    maps, rng = tmp_path / "maps", np.random.default_rng(0)
    maps.mkdir()
    scene = opened(service, made).scene

    def write(scale: float) -> None:
        for n in range(8):
            np.save(maps / f"photo_{n}.npy", (scale * rng.random((4, 9, 12))).astype(np.float32))

    write(1)
    ask = ComputeFeatures(scene, f"files:{maps}", dim=4)
    assert service(ask).dim == 4 and service(ask).cached
    write(2)
    assert not service(ask).cached


def test_preview_uses_the_channels_computed_last(service, made, monkeypatch):
    scene = opened(service, made).scene
    service(ComputeFeatures(scene, dim=5))
    seen = []
    original = extraction.pca_colours
    monkeypatch.setattr(
        "ludvig_engine.service.extraction.pca_colours",
        lambda up: seen.append(up.features.shape) or original(up),
    )
    service(PreviewFeatures(scene))
    assert seen == [(4000, 5)]


def test_too_many_channels_are_refused(service, made):
    scene = opened(service, made).scene
    with pytest.raises(EngineError, match="513 channels"):
        service(ComputeFeatures(scene, dim=513))
    assert service(ComputeFeatures(scene, dim=512)).dim == 48  # as many as there are


def test_cache_is_counted_and_cleared(service, made):
    assert service(CacheInfo()).entries == 0
    service(ComputeFeatures(opened(service, made).scene))
    state = service(CacheInfo())
    assert state.folder == str(service.cache.folder) and state.limit == Cache().limit
    assert state.entries >= 10 and state.size == sum(
        p.stat().st_size for p in service.cache.folder.glob("??/*")
    )
    cleared = service(ClearCache())
    assert cleared.freed == state.size and cleared.entries == cleared.size == 0


def test_memory_is_given_back(service, made):
    assert service(MemoryInfo()).total > service(MemoryInfo()).free > 0
    scene = opened(service, made).scene
    service(ComputeFeatures(scene))
    freed = service(FreeMemory())
    assert freed.freed > 4000 * 40 * 4 and freed.device == service(MemoryInfo()).device
    assert service(FreeMemory()).freed == 0
    assert service(ComputeFeatures(scene)).cached  # from disk
