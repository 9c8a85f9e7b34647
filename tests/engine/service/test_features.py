"""The methods features/*, memory/* and cache/*."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine import weights
from ludvig_engine.cache.store import Cache
from ludvig_engine.errors import EngineError
from ludvig_engine.features import EXTRACTORS, Entry, listing, load_extractor
from ludvig_engine.rendering import back_end
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.service import extraction, state, storage
from ludvig_engine.wire.methods import (
    AutoSegments,
    CacheInfo,
    ClearCache,
    ComputeFeatures,
    FreeMemory,
    ListFeatures,
    MemoryInfo,
    PreviewFeatures,
    RunSegment,
)
from service_tools import RED_MASK, Service, opened


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path / "cache")


@pytest.fixture(autouse=True)
def nobody_will_click(monkeypatch):
    """What a first click needs is made when there is one, not as soon as there are features."""
    monkeypatch.setattr(Prepared, "begin", lambda self, settings: None)


def test_every_extractor_is_listed(service):
    listed = {info.spec: info for info in service(ListFeatures()).extractors}
    assert set(listed) == set(EXTRACTORS) - {"files", "join", "everything"}  # these need arguments
    assert (
        listed["colour"].ready and listed["auto"].ready and "colour" not in listed["auto"].licence
    )
    assert all(listed[spec].title == EXTRACTORS[spec].title for spec in listed)
    words = {"conse", "clip", "clip:laion", "siglip", "tips"}
    assert {spec for spec, info in listed.items() if info.text} == words


@pytest.mark.parametrize("spec", [e.spec for e in EXTRACTORS.values() if e.models])
def test_each_model_that_is_missing_can_be_fetched(service, monkeypatch, spec):
    """For every extractor: exactly its models that are not here, by their ids."""
    monkeypatch.setattr("ludvig_engine.outside.packages.has", lambda name: True)
    first, *others = EXTRACTORS[spec].models
    for here, absent in ((), (first, *others)), ((first,), tuple(others)):
        monkeypatch.setattr(
            "ludvig_engine.weights.status",
            lambda here=here: {id: id in here or None for id in weights.MODELS},
        )
        info = next(i for i in service(ListFeatures()).extractors if i.spec == spec)
        assert info.models == absent and info.ready == (not absent)
        assert info.download == sum(weights.model_called(id).size for id in info.models)


def test_a_row_is_all_that_a_new_extractor_takes(service, made, monkeypatch, tmp_path):
    """It is listed, loaded by its spec, chosen by `auto`, and documented.

    The list has its title, its license and what to fetch.
    """
    (tmp_path / "made_up.py").write_text(
        "from ludvig_engine.features.colour import Colour\n"
        "def load(argument, *, device):\n"
        "    return Colour(name=f'made up {argument}')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    row = Entry("madeup:big", "Made Up", "made_up:load", "made up", ("effnet",), cpu=-1, gpu=-1)
    monkeypatch.setitem(EXTRACTORS, row.spec, row)
    monkeypatch.setattr("ludvig_engine.weights.status", lambda: {"effnet": tmp_path})
    monkeypatch.setattr("ludvig_engine.outside.packages.has", lambda name: True)
    monkeypatch.setattr("ludvig_engine.features.auto.find_spec", lambda name: object())
    info = next(i for i in service(ListFeatures()).extractors if i.spec == row.spec)
    assert (info.title, info.licence, info.ready) == ("Made Up", "Apache-2.0", True)
    assert load_extractor("auto").name == "made up big"
    scene = opened(service, made).scene
    assert service(ComputeFeatures(scene, row.spec, dim=4)).dim == 4
    assert "| `madeup:big` | Made Up | made up |" in listing.table()
    assert "`madeup`" in listing.summary()


def test_what_is_missing_is_said_with_its_size(service, monkeypatch):
    monkeypatch.setattr("ludvig_engine.outside.packages.has", lambda name: True)
    monkeypatch.setattr("ludvig_engine.weights.status", lambda: dict.fromkeys(weights.MODELS))
    listed = {info.spec: info for info in service(ListFeatures()).extractors}
    small = listed["dinov2:small"]
    assert not small.ready and small.download == weights.MODELS["dinov2-small"].size
    assert "(88 MB)" in small.needs and small.licence == "Apache-2.0"
    assert "accept its license" in listed["dinov3:small"].needs
    monkeypatch.setattr(
        "ludvig_engine.weights.status", lambda: dict.fromkeys(weights.MODELS, small_scene)
    )
    assert all(info.ready and not info.download for info in service(ListFeatures()).extractors)
    monkeypatch.setattr("ludvig_engine.outside.packages.has", lambda name: False)
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
    original = extraction.pca_colors
    monkeypatch.setattr(
        "ludvig_engine.service.extraction.pca_colors",
        lambda up: seen.append(up.features.shape) or original(up),
    )
    service(PreviewFeatures(scene))
    assert seen == [(4000, 5)]


def test_too_many_channels_are_refused(service, made):
    scene = opened(service, made).scene
    with pytest.raises(EngineError, match="513 channels"):
        service(ComputeFeatures(scene, dim=513))
    assert service(ComputeFeatures(scene, dim=512)).dim == 48  # as many as there are


def test_the_answer_names_what_ran_for_people(service, made, monkeypatch):
    scene = opened(service, made).scene
    monkeypatch.setattr(state, "best", lambda _device: "colour")
    assert service(ComputeFeatures(scene, "colour", dim=5)).title == "Color"
    assert service(ComputeFeatures(scene, "auto", dim=5)).title == "Color"
    assert service(RunSegment(scene, RED_MASK, "auto")).title == "Color"
    assert service(AutoSegments(scene, "auto")).title == "Color"
    # What was fetched meanwhile is used from the next time on that features are computed.
    monkeypatch.setattr(state, "best", lambda _device: "xfeat")
    assert service(RunSegment(scene, RED_MASK, "auto")).title == "Color"
    loaded = state.load_extractor
    chosen = []

    def load(spec, device):
        chosen.append(spec)
        return loaded("colour", device=device)

    monkeypatch.setattr(state, "load_extractor", load)
    assert service(ComputeFeatures(scene, "auto", dim=5)).title == "Texture"
    assert chosen == ["xfeat"]


def test_cache_is_counted_and_cleared(service, made, monkeypatch):
    monkeypatch.setattr(extraction, "warm_up", lambda _prepared: None)  # it may end in between
    assert service(CacheInfo()).entries == 0
    scene = opened(service, made).scene
    service(ComputeFeatures(scene))
    service(RunSegment(scene, RED_MASK))
    state = service(CacheInfo())
    assert state.folder == str(service.cache.folder) and state.limit == Cache().limit
    assert state.entries >= 10 and state.size == sum(
        p.stat().st_size for p in service.cache.folder.glob("??/*")
    )
    cleared = service(ClearCache())
    assert cleared.freed == state.size and cleared.entries == cleared.size == 0


@pytest.mark.parametrize(("device", "shown"), [("mps", "Apple GPU"), ("cpu", "CPU, ")])
def test_memory_names_the_device(service, device, shown, monkeypatch):
    monkeypatch.setattr(storage, "may_have_gpu", lambda: True)
    monkeypatch.setattr(storage, "choose", lambda: device)
    found = service(MemoryInfo())
    assert found.device.startswith(shown) and 0 < found.free < found.total


def test_a_full_gpu_is_noted_in_the_answer(service, made, monkeypatch):
    class Full:
        def lift(self, *_, **__):
            raise EngineError("out_of_memory", "The scene does not fit into the GPU's memory.")

    scene = opened(service, made).scene
    monkeypatch.setattr(back_end, "chosen", lambda job: Full())
    found = service(ComputeFeatures(scene))
    assert [note for note in found.notes if "does not fit" in note and "on the CPU" in note]


def test_memory_is_given_back(service, made):
    assert service(MemoryInfo()).total > service(MemoryInfo()).free > 0
    scene = opened(service, made).scene
    service(ComputeFeatures(scene))
    freed = service(FreeMemory())
    assert freed.freed > 4000 * 40 * 4 and freed.device == service(MemoryInfo()).device
    assert service(FreeMemory()).freed == 0
    assert service(ComputeFeatures(scene)).cached  # from disk


@pytest.mark.parametrize(
    ("unseen", "said"), [(0, False), (36, False), (79, False), (80, True), (79_988, True)]
)
def test_a_few_splats_that_no_photo_shows_are_not_worth_a_line(unseen, said):
    notes = extraction.told_of_unseen(unseen, 79_988)
    assert bool(notes) == said and all(f"{unseen:,} of 79,988" in note for note in notes)
