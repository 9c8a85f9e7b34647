"""segment/*: what prompts of all kinds select, and what is refused."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.graph import blocks
from ludvig_engine.segmentation import prepared
from ludvig_engine.segmentation.coarse import Coarse
from ludvig_engine.wire import hierarchy
from ludvig_engine.wire.methods import (
    AutoSegments,
    ComputeFeatures,
    GrowSegment,
    PreviewFeatures,
    Prompt,
    RunSegment,
    ShrinkSegment,
    Viewport,
)
from planted_words import PlantedExtractor
from scenes import look_at
from service_tools import RED, After, Service, click, disc, opened, overlap, told_apart
from wire_tools import wait_for


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def names(made):
    return np.load(made / "names.npy")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def scene(service, made):
    return opened(service, made).scene


def viewport(view: int, factor: float = 1.0) -> Viewport:
    """The camera of a view, with other pixels."""
    camera = small_scene.cameras()[view]
    camera = camera.resized(round(factor * camera.width), round(factor * camera.height))
    return Viewport(camera.viewmat, camera.K, camera.width, camera.height)


def test_clicks_select_a_thing(service, scene, names):
    found = service(RunSegment(scene, RED))
    assert found.scores.min() >= 0 and found.scores.max() <= 1
    np.testing.assert_array_equal(found.selected, found.scores > found.threshold)
    assert told_apart(found.scores, names == "red") > 0.95
    assert found.extractor == "colour" and all(np.isfinite(list(found.evidence.values())))
    assert all(seconds >= 0 for seconds in found.timings.values())


def test_one_array_tells_all_readings(service, scene):
    """Switching asks nothing: levels give what asking for each of the readings gives."""
    found = service(RunSegment(scene, (click("red"),)))
    assert len(found.readings) > 1 and found.reading == 0 in found.readings
    assert found.levels.dtype == np.uint8 and found.levels.shape == found.selected.shape
    for number, step in enumerate(found.readings):
        answer = service(RunSegment(scene, (click("red"),), reading=step))
        np.testing.assert_array_equal(answer.selected, found.levels <= number)
        assert (answer.reading, answer.readings) == (step, found.readings)
        np.testing.assert_array_equal(answer.levels, found.levels)


def test_each_prompt_knows_the_reading_that_was_shown(service, scene):
    """A correction made in one reading stays a correction of that one."""
    (first, second), whole = RED, service(RunSegment(scene, (click("red"),))).readings[-1]
    shown = service(RunSegment(scene, (first,), reading=whole))
    answer = service(RunSegment(scene, (first, replace(second, reading=whole)), reading=whole))
    assert whole in answer.readings
    changed = answer.selected != shown.selected
    assert not answer.selected[changed].any()


def test_other_prompts_have_no_readings(service, scene):
    around = Prompt("box", view="photo_0.png", pixels=boxed("red", 0))
    found = service(RunSegment(scene, (around,), reading=1))
    assert found.readings == () and found.levels is None and found.reading == 0


def test_a_click_goes_through_what_was_hidden(service, scene, names):
    """The red ball covers the blue one; a prompt keeps what was hidden when it was made."""
    red, blue = (np.array(small_scene.BALLS[name][0]) for name in ("red", "blue"))
    camera = look_at(red + 1.5 * (red - blue), blue, size=(200, 150), focal=150)
    view = Viewport(camera.viewmat, camera.K, camera.width, camera.height)
    on = Prompt("click", viewport=view, pixels=at([99.5, 74.5]))
    beside = click("green", positive=False)
    for hidden, found, other in ((None, "red", "blue"), ("red", "blue", "red")):
        visible = None if hidden is None else np.stack([names != hidden, names == names], axis=1)
        scores = service(RunSegment(scene, (on, beside), visible=visible)).scores
        assert scores[names == found].mean() > 2 * scores[names == other].mean()
    with pytest.raises(EngineError, match="1 columns, but there are 2 prompts"):
        service(RunSegment(scene, (on, beside), visible=(names == names)[:, None]))


def test_the_threshold_may_be_given(service, scene):
    for threshold in (0.0, 0.3, 1.0):
        found = service(RunSegment(scene, RED, threshold=threshold))
        assert found.threshold == threshold
        np.testing.assert_array_equal(found.selected, found.scores > np.float32(threshold))


def boxed(name, view):
    rows, columns = np.nonzero(disc(name, view))
    return np.array(
        [[columns.min() - 3, rows.min() - 3], [columns.max() + 3, rows.max() + 3]], np.float32
    )


def at(*places) -> np.ndarray:
    return np.array(places, np.float32)


def seen(name: str, view: int = 1) -> np.ndarray:
    """A pixel, as Prompt wants it."""
    return at(small_scene.center_of(name, view))


KINDS = {
    "mask": lambda: [Prompt("mask", view="photo_1", mask=disc("green", 1))],
    "box": lambda: [Prompt("box", view="photo_1", pixels=boxed("green", 1))],
    "line": lambda: [
        Prompt("scribble", view="photo_1", radius=2.0, pixels=seen("green") + at([-4, 0], [4, 0])),
        Prompt("scribble", view="photo_1", radius=2.0, pixels=at([3, 3], [115, 4]), positive=False),
        click("red", 1, positive=False),
    ],
    "painted scribble": lambda: [
        Prompt("scribble", view="photo_1", mask=disc("green", 1)),
        Prompt("scribble", view="photo_1", mask=~disc("green", 1), positive=False),
    ],
    "viewport click": lambda: [
        Prompt("click", viewport=viewport(1, 2.5), pixels=2.5 * seen("green")),
        Prompt("click", viewport=viewport(1, 2.5), pixels=2.5 * seen("blue"), positive=False),
    ],
    "viewport mask": lambda: [
        Prompt("mask", viewport=viewport(1, 1.5), mask=disc("green", 1, 1.5))
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_prompt(service, scene, names, kind):
    found = service(RunSegment(scene, tuple(KINDS[kind]())))
    assert told_apart(found.scores, names == "green") > 0.95, found.evidence


@pytest.mark.parametrize("kind", ["click", "scribble", "box"])
def test_prompts_in_space(service, scene, names, kind):
    center, no = (np.array(small_scene.BALLS[name][0]) for name in ("green", "blue"))
    r = small_scene.RADIUS
    up = np.array([0, 0, r])
    prompts = {
        "click": [
            Prompt("click", points=at(center), radius=r),
            Prompt("click", points=at(no, [1.5, 1.5, -r]), radius=r, positive=False),
        ],
        "scribble": [
            Prompt("scribble", points=at(center - up, center + up), radius=0.2),
            Prompt("scribble", points=at([-2, 1.5, -r], [2, 1.5, -r]), radius=0.2, positive=False),
        ],
        "box": [Prompt("box", points=at(center - 1.1 * r, center + 1.1 * r))],
    }[kind]
    found = service(RunSegment(scene, tuple(prompts)))
    assert told_apart(found.scores, names == "green") > 0.95


def test_prompts_in_space_and_on_photos_together(service, scene, names):
    blue = Prompt(
        "click", points=at(small_scene.BALLS["blue"][0]), radius=small_scene.RADIUS, positive=False
    )
    found = service(RunSegment(scene, (click("red"), blue)))
    assert told_apart(found.scores, names == "red") > 0.95


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A service whose text model knows the balls, as "tomato", "marble" and "lime"."""
    planted = PlantedExtractor(0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ludvig_engine.service.state.State.encoder", lambda self, job: planted)
        yield Service(tmp_path_factory.mktemp("cache"))


def said(*texts: str, no: tuple[str, ...] = ()) -> tuple[Prompt, ...]:
    return (
        *(Prompt("text", text=t) for t in texts),
        *(Prompt("text", text=t, positive=False) for t in no),
    )


def test_words_name_things(reader, made, names):
    scene = opened(reader, made).scene
    lime = reader(RunSegment(scene, said("lime")))
    assert overlap(lime.selected, names == "green") > 0.85 and lime.notes == ()
    both = reader(RunSegment(scene, said("lime", "tomato")))
    assert overlap(both.selected, (names == "green") | (names == "red")) > 0.85
    np.testing.assert_array_equal(both.selected, both.scores > np.float32(both.threshold))
    without = reader(RunSegment(scene, said("lime", no=("lime",))))
    assert not without.selected.any() or overlap(without.selected, names == "green") < 0.5


def test_words_for_nothing_select_nothing(reader, made):
    found = reader(RunSegment(opened(reader, made).scene, said("unicorn")))
    assert not found.selected.any() and '"unicorn" is not found' in found.notes[0]
    assert not found.found and 0 < found.guess < 1
    assert 0 < (found.scores > found.guess).sum() < len(found.scores)


def test_a_guess_counts_only_if_nothing_is_found(reader, made):
    scene = opened(reader, made).scene
    alone = reader(RunSegment(scene, said("lime")))
    both = reader(RunSegment(scene, said("lime", "unicorn")))
    assert both.found and both.guess is None
    np.testing.assert_array_equal(alone.selected, both.selected)
    neither = reader(RunSegment(scene, said("gryphon", "unicorn")))
    assert not neither.found and not neither.selected.any()
    guesses = [reader(RunSegment(scene, said(word))) for word in ("gryphon", "unicorn")]
    either = np.any([guess.scores > guess.guess for guess in guesses], axis=0)
    np.testing.assert_array_equal(neither.scores > neither.guess, either)


def test_words_and_clicks_go_together(reader, made, names):
    found = reader(
        RunSegment(opened(reader, made).scene, (*said("lime"), click("red", positive=False)))
    )
    assert told_apart(found.scores, names == "green") > 0.95


YES, HERE = RED[0], viewport(0)
BAD = {
    "nothing": ([], "bad_input", "no prompt"),
    "only no words": (
        [Prompt("text", text="ball", positive=False)],
        "bad_input",
        "are all negative",
    ),
    "view": ([replace(YES, view="photo_9")], "not_found", "photo_9"),
    "outside": ([replace(YES, pixels=at([120, 3]))], "bad_input", "outside the photo"),
    "beside": (
        [Prompt("click", viewport=HERE, pixels=at([-1, 3]))],
        "bad_input",
        "outside the viewport",
    ),
    "nan": ([replace(YES, pixels=at([np.nan, 3]))], "bad_request", "not finite"),
    "no camera": (
        [Prompt("click", viewport=replace(HERE, K=np.full((3, 3), np.inf)), pixels=at([1, 1]))],
        "bad_request",
        "not finite",
    ),
    "no pixels": ([replace(YES, pixels=np.zeros((0, 2), np.float32))], "bad_request", "no points"),
    "huge": (
        [Prompt("click", viewport=replace(HERE, width=10**9), pixels=at([1, 1]))],
        "bad_request",
        "1000000000x90",
    ),
    "flat": (
        [Prompt("click", viewport=replace(HERE, height=0), pixels=at([1, 1]))],
        "bad_request",
        "120x0",
    ),
    "radius": ([replace(YES, radius=-1.0)], "bad_request", "radius"),
    "mask size": (
        [Prompt("mask", view="photo_0", mask=np.ones((9, 9), bool))],
        "bad_request",
        "9x9 pixels",
    ),
    "empty mask": (
        [Prompt("mask", view="photo_0", mask=np.zeros((90, 120), bool))],
        "bad_input",
        "empty",
    ),
    "empty box": (
        [Prompt("box", view="photo_0", pixels=at([5, 5], [5, 5]))],
        "bad_input",
        "box is empty",
    ),
    "only no": ([replace(YES, positive=False)], "bad_input", "All your prompts say what is not"),
    "in the sky": (
        [Prompt("click", view="photo_0", pixels=at([0, 0]))],
        "bad_input",
        "None of your positive prompts",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_makes_no_sense_is_refused(service, scene, case):
    prompts, kind, message = BAD[case]
    with pytest.raises(EngineError, match=message) as caught:
        service(RunSegment(scene, tuple(prompts)))
    assert caught.value.kind == kind


def test_numbers_out_of_range_are_refused(service, scene):
    half = np.arange(4000) < 2000
    requests = {
        "threshold": RunSegment(scene, RED, threshold=1.5),
        "detail": AutoSegments(scene, detail=-0.1),
        "steps": GrowSegment(scene, half, hops=-1),
        "channels": ComputeFeatures(scene, dim=0),
        "3 values": GrowSegment(scene, np.ones(3, bool)),
        'no extractor "color"': RunSegment(scene, RED, extractor="color"),
    }
    for message, request in requests.items():
        with pytest.raises(EngineError, match=message) as caught:
            service(request)
        assert caught.value.kind == "bad_input"


def test_a_second_click_computes_nothing_again(service, scene, monkeypatch):
    service(RunSegment(scene, RED))

    def never(*_args, **_options):
        raise AssertionError("computed again")

    for name in (
        "pipeline.uplift",
        "pipeline.nearest",
        "pipeline.build",
        "features.maps.read_photo",
        "service.state.load_scene",
    ):
        monkeypatch.setattr(f"ludvig_engine.{name}", never)
    monkeypatch.setattr(service.cache, "get", never)
    found = service(RunSegment(scene, (click("blue"), click("red", positive=False))))
    assert "extract" not in found.timings


def test_computing_features_begins_what_the_first_click_needs(tmp_path, made, monkeypatch):
    begun, make = [], Coarse.of

    def noted(*parts):
        begun.append(threading.current_thread().name)
        return make(*parts)

    monkeypatch.setattr(Coarse, "of", noted)
    service = Service(tmp_path)
    scene = opened(service, made).scene
    service(ComputeFeatures(scene))
    assert wait_for(lambda: begun)
    service(RunSegment(scene, RED))
    assert begun == ["aside"]


def test_a_scene_that_is_opened_again_makes_no_superpoints(tmp_path, made, monkeypatch):
    """They are on the disk, and give the same answer; other features have their own."""
    made_again = []

    def counted(module, name):
        make = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *given, **more: made_again.append(name) or make(*given, **more)
        )

    counted(blocks, "grouped")
    counted(prepared, "crease_factors")
    answers = []
    for _ in range(2):
        service = Service(tmp_path)
        scene = opened(service, made).scene
        answers.append(service(RunSegment(scene, RED)))
    assert made_again == ["grouped", "crease_factors"]
    assert np.array_equal(answers[0].scores, answers[1].scores)
    assert np.array_equal(answers[0].levels, answers[1].levels)
    service(ComputeFeatures(scene, dim=5))
    service(RunSegment(scene, RED))
    assert made_again == ["grouped", "crease_factors"] * 2


def test_features_say_what_they_are(tmp_path, made):
    service = Service(tmp_path)
    scene = opened(service, made).scene
    first = service(ComputeFeatures(scene, dim=7))
    assert first.views.shape == (4000,) and (first.views > 0).sum() == first.seen
    assert (first.extractor, first.dim, first.seen, first.cached) == ("colour", 7, 4000, False)
    assert {"extract", "uplift", "graph"} < set(first.timings)
    second = service(ComputeFeatures(scene, dim=7))
    assert second.cached and second.timings == {}
    later = Service(tmp_path)
    assert later(ComputeFeatures(opened(later, made).scene, dim=7)).cached  # on disk
    colours = service(PreviewFeatures(scene)).colours
    assert (
        colours.shape == (4000, 3)
        and 0 <= colours.min()
        and colours.max() <= 1
        and colours.std() > 0.1
    )


def test_colors_of_features_tell_things_apart(service, scene, names):
    colours = service(PreviewFeatures(scene)).colours
    means = {name: colours[names == name].mean(0) for name in ("red", "blue", "green")}
    assert (
        min(
            np.linalg.norm(means[a] - means[b])
            for a, b in (("red", "blue"), ("red", "green"), ("blue", "green"))
        )
        > 0.2
    )


def test_growing_stays_within_the_thing(service, scene, names):
    truth = names == "red"
    some = truth & (np.random.default_rng(0).random(4000) < 0.3)
    grown = service(GrowSegment(scene, some, hops=3)).selected
    assert grown[some].all() and (grown & truth).sum() > 0.95 * truth.sum()
    assert (grown & ~truth).sum() < 0.15 * truth.sum()
    same = service(GrowSegment(scene, some, hops=0)).selected
    np.testing.assert_array_equal(same, some)


def test_shrinking_is_growing_the_rest(service, scene, names):
    truth = names == "red"
    less = service(ShrinkSegment(scene, truth)).selected
    np.testing.assert_array_equal(less, ~service(GrowSegment(scene, ~truth)).selected)
    assert less.sum() < truth.sum() and not (less & ~truth).any()


def test_a_scene_divides_into_its_things(service, scene, names):
    found = service(AutoSegments(scene))
    assert found.labels.shape == found.leaves.shape == (4000,)
    for thing in (*small_scene.BALLS, "ground"):
        best = max(overlap(found.labels == label, names == thing) for label in range(found.count))
        assert best > 0.8, (thing, best)


def test_one_answer_has_the_segments_of_every_detail(service, scene):
    found = service(AutoSegments(scene))
    counts = []
    for detail in (0.0, 0.5, 1.0):
        cut = service(AutoSegments(scene, detail=detail))
        np.testing.assert_array_equal(cut.leaves, found.leaves)
        nodes = hierarchy.roots(found.merges, found.levels, len(found.features), detail)
        labels, count = hierarchy.labels(nodes, found.leaves)
        np.testing.assert_array_equal(labels, cut.labels)
        assert count == cut.count == cut.labels.max() + 1
        counts.append(count)
    assert counts == sorted(counts) and counts[0] < counts[-1]


# ---- cancelling


REQUESTS = {
    "first click": lambda scene: RunSegment(scene, RED),
    "features": lambda scene: ComputeFeatures(scene),
    "preview": lambda scene: PreviewFeatures(scene),
    "grow": lambda scene: GrowSegment(scene, np.arange(4000) < 9),
    "auto": lambda scene: AutoSegments(scene),
}


@pytest.mark.parametrize("request_", REQUESTS)
def test_cancelled_anywhere_then_complete(service, tmp_path, made, request_):
    """A job cancelled at its 1st, 2nd, 4th, 8th... poll leaves a whole result or none."""
    other = Service(tmp_path)
    scene = opened(other, made).scene
    request = REQUESTS[request_](scene)
    looks = 1
    cancelled = 0
    while True:
        try:
            answer = other(request, After(looks))
            break
        except Cancelled:
            cancelled, looks = cancelled + 1, looks * 2
    assert cancelled >= 3
    assert opened(service, made).scene == scene
    for a, b in zip(vars(service(request)).values(), vars(answer).values(), strict=True):
        if isinstance(a, np.ndarray) and a.dtype != bool:
            np.testing.assert_allclose(a, b, atol=1e-3)
