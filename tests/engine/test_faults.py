"""What goes wrong in real life, with the real engine.

It is killed, orphaned, out of disk, cancelled, or in odd places.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from waiting import LIMIT

import small_scene
from ludvig_engine.cache.store import Cache
from ludvig_engine.errors import EngineError
from ludvig_engine.wire.client import Engine
from ludvig_engine.wire.methods import (
    AutoSegments,
    CacheInfo,
    ClearCache,
    ComputeFeatures,
    FreeMemory,
    OpenScene,
    Prompt,
    RunSegment,
)
from service_tools import RED, Service, opened
from wire_tools import memory, wait_for

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc, limits file sizes or mounts"
)
# A slow extractor, so that there is something to interrupt; it runs in the engine's process.
SLOW = """
import time
from dataclasses import dataclass
from ludvig_engine.features.colour import Colour

@dataclass(frozen=True)
class Slow(Colour):
    name: str = "slow"
    key: str = "slow-1"
    parallel: bool = False
    seconds: float = 0.15

    def __call__(self, photo):
        with open(__file__ + ".looked", "a") as looked:
            looked.write("x")  # one for each photo
        time.sleep(self.seconds)
        return super().__call__(photo)

def load(argument, *, device):
    return Slow(seconds=float(argument or 0.15))
"""
START = """
import sys
from ludvig_engine.features import EXTRACTORS, Entry
EXTRACTORS["slow"] = Entry("slow", "Slow", "slow:load")
from ludvig_engine.cli import main
sys.argv[0] = "ludvig"
main()
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A folder with a name of all kinds of characters, for everything that tests share."""
    return tmp_path_factory.mktemp("odd") / "Großer Spaß 目录" / "it's here"


@pytest.fixture(scope="module")
def made(odd):
    return small_scene.write(odd / "scene")


@pytest.fixture(scope="module")
def expected(made, tmp_path_factory):
    """The scores of the red ball, where nothing goes wrong."""
    service = Service(tmp_path_factory.mktemp("good"))
    return service(RunSegment(opened(service, made).scene, RED)).scores


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path_factory, monkeypatch):
    """Engines that are killed leave their logs; not in the system's folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("engines")))


def starter(folder: Path) -> Callable[..., Engine]:
    """Starts the real engine, with the slow extractor and a cache in `folder`."""
    (folder / "slow.py").write_text(SLOW)
    (folder / "start.py").write_text(START)

    def start(*, log: Path | None = None, **environment: str) -> Engine:
        environment = {"LUDVIG_CACHE": str(folder / "cache"), "PYTHONSAFEPATH": "", **environment}
        command = [sys.executable, str(folder / "start.py"), "serve"]
        return Engine.start(command=command, log=log, environment=environment)

    return start


@pytest.fixture
def start(tmp_path):
    return starter(tmp_path)


class Shared:
    """An engine for all tests. One that kills it leaves the engine that was started again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.cache, self.models = folder / "cache", folder / "models"
        self.engine = starter(folder)(
            log=folder / "log.txt", LUDVIG_MODELS=str(self.models), LUDVIG_THREADS="2"
        )


@pytest.fixture(scope="module")
def shared(odd):
    shared = Shared(odd / "engine")
    yield shared
    shared.engine.close()


@pytest.fixture
def engine(shared):
    """The shared engine, whatever the test before has done to it."""
    if shared.engine.error or not shared.engine.process.alive:
        shared.engine = shared.engine.reconnect()
    return shared.engine


def open_scene(engine: Engine, folder: Path) -> str:
    return engine.call(OpenScene(splats=str(folder / "splats.ply"), views=str(folder))).scene


def entries(cache: Path) -> list[Path]:
    return [path for path in cache.glob("??/*.safetensors") if not path.name.startswith(".")]


# How many photos the small scene has.
PHOTOS = 8
STAGES = {
    "extracting": ("slow", "Extracting features (slow)", 3),
    "reading maps": ("colour", "Reading features", 1),
    "uplifting": ("colour", "Uplifting features", 1),
}


def looked(folder: Path) -> int:
    """At how many photos the slow extractor has looked."""
    path = folder / "slow.py.looked"
    return len(path.read_text()) if path.exists() else 0


@linux
@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_a_stage_it_is_reported_and_resumed(engine, shared, made, stage):
    """Nothing in the cache is corrupt; a new engine goes on with what there is."""
    extractor, wanted, done = STAGES[stage]
    # A new engine, because the one before may still work ahead for a first click and keep that.
    engine.close()
    shutil.rmtree(shared.cache, ignore_errors=True)
    engine = shared.engine = engine.reconnect()
    call = engine.send(ComputeFeatures(open_scene(engine, made), extractor))

    def there() -> bool:
        progress = call.progress
        return call.done or bool(progress and progress.stage == wanted and progress.done >= done)

    assert wait_for(lambda: there() or (stage != "extracting" and len(entries(shared.cache)) >= 16))
    os.kill(engine.process.pid, signal.SIGKILL)
    if not call.done:
        with pytest.raises(EngineError, match="The engine has stopped: Killed"):
            call.result(timeout=LIMIT)
    kept = entries(shared.cache)
    assert len(kept) >= done
    assert all(Cache(shared.cache).get(path.stem) is not None for path in kept)
    shared.engine = again = engine.reconnect()
    scene = open_scene(again, made)
    before = looked(shared.folder)
    again.call(ComputeFeatures(scene, extractor))
    if stage == "extracting":  # the first photos are not looked at again
        assert 0 < looked(shared.folder) - before <= PHOTOS - done
    assert again.call(ComputeFeatures(scene, extractor)).cached


@linux
def test_killed_while_solving(engine, shared, made):
    scene = open_scene(engine, made)
    first = engine.call(RunSegment(scene, RED)).scores
    call = engine.send(RunSegment(scene, RED))
    os.kill(engine.process.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="The engine has stopped"):
        call.result(timeout=LIMIT)
    shared.engine = again = engine.reconnect()
    answer = again.call(RunSegment(open_scene(again, made), RED))
    np.testing.assert_allclose(answer.scores, first, atol=1e-5)
    assert "extract" not in answer.timings


@linux
def test_two_hundred_scenes_come_and_go_without_a_trace(engine, made):
    """Opened, clicked, closed by leaving: no growth in memory, threads, or files."""
    pid = engine.process.pid
    token = engine.process.token
    file = engine.process._connection_file
    scene = open_scene(engine, made)
    engine.call(RunSegment(scene, RED))
    engine._line.connection.hang_up()

    def visit(count: int) -> None:
        for n in range(count):
            with Engine.attach(token, connection_file=file) as client:
                scene = open_scene(client, made)
                if n % 5 == 0:
                    assert client.call(RunSegment(scene, RED)).scores.shape == (4000,)

    def state() -> tuple[int, ...]:
        return tuple(len(list(Path(f"/proc/{pid}/{what}").iterdir())) for what in ("task", "fd"))

    visit(20)
    time.sleep(0.3)
    before, size = state(), memory(pid)
    visit(200)
    assert wait_for(lambda: all(map(int.__le__, state(), before))), (state(), before)
    assert memory(pid) < size + 10


@linux
def test_the_engine_goes_with_its_parent_in_the_middle_of_work(made, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "start.py").write_text(START)
    script = f"""
import sys, time
from ludvig_engine.wire.client import Engine
from ludvig_engine.wire.methods import ComputeFeatures, OpenScene
command = [sys.executable, {str(tmp_path / "start.py")!r}, "serve"]
environment = {{"LUDVIG_CACHE": {str(tmp_path / "cache")!r}, "PYTHONSAFEPATH": ""}}
engine = Engine.start(command=command, log={str(tmp_path / "log")!r}, environment=environment)
scene = engine.call(OpenScene(splats={str(made / "splats.ply")!r}, views={str(made)!r})).scene
call = engine.send(ComputeFeatures(scene, "slow:600"))
while not call.progress:
    time.sleep(0.01)
print(engine.process.pid, flush=True)
time.sleep(6000)
"""
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    with parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert wait_for(lambda: not runs(pid))
    assert "the parent is gone" in (tmp_path / "log").read_text()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def mounted(folder: Path) -> bool:
    """A disk of 1 MB in place of the folder, if this user may mount one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    return (
        bool(shutil.which("mount"))
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


@linux
def test_a_full_disk_costs_time_and_never_a_result(engine, shared, made, expected):
    shared.cache.mkdir(exist_ok=True)
    if not mounted(shared.cache):
        pytest.skip("NOT TESTED: a full disk, as this user may not mount a tmpfs")
    try:
        engine.call(FreeMemory())
        scene = open_scene(engine, made)
        np.testing.assert_allclose(engine.call(RunSegment(scene, RED)).scores, expected, atol=1e-5)
        assert engine.call(CacheInfo()).size < 1 << 20
        log = engine.process.log.read_text()
        assert log.count("Results are not kept") == 1 and "The disk is full" in log
        # Nothing is half-written.
        assert not [path for path in shared.cache.rglob(".*") if path.is_file()]
        engine.call(ClearCache())
        assert engine.call(CacheInfo()).entries == 0
    finally:
        subprocess.run(["umount", str(shared.cache)], check=True)


def test_no_place_for_results_costs_time_and_never_a_result(tmp_path, made, expected, monkeypatch):
    """Where nothing can be mounted, every write of an entry fails as on a full disk."""

    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ludvig_engine.io.atomic.os.fsync", full)
    notes: list[str] = []
    service = Service(tmp_path / "full")
    service.cache._note = notes.append
    found = service(RunSegment(opened(service, made).scene, RED)).scores
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert len(notes) == 1 and "The disk is full" in notes[0]
    assert service.cache.usage().entries == 0
    assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()]


def cancel(call) -> None:
    call.cancel()
    with pytest.raises(EngineError, match="Cancelled"):
        call.result(timeout=LIMIT)


def test_cancel_in_each_stage(engine, made, tmp_path):
    """Even a model that spends ten minutes on a photo is cancelled; the engine goes on."""
    # A scene of its own, as the engine remembers the last number of channels of each.
    scene = open_scene(engine, shutil.copytree(made, tmp_path / "scene"))
    # In the middle of a photo, and between two.
    for extractor in ("slow:600", "slow:5"):
        for _ in range(3):
            call = engine.send(ComputeFeatures(scene, extractor))
            assert wait_for(lambda call=call: call.progress), extractor
            cancel(call)
    outcomes: dict[str, list[str]] = {}
    for delay in np.linspace(0, 0.6, 13):
        call = engine.send(ComputeFeatures(scene, "colour", dim=10 + round(100 * delay)))
        time.sleep(delay)
        if not call.done:
            stage = call.progress.stage if call.progress else ""
            call.cancel()
            try:
                call.result(timeout=LIMIT)
                # It was done before the engine heard of the cancellation.
                kind = ""
            except EngineError as error:
                kind = error.kind
            outcomes.setdefault(stage, []).append(kind)
    kinds = {kind for found in outcomes.values() for kind in found}
    assert "cancelled" in kinds and kinds <= {"cancelled", ""}, outcomes
    busy = engine.send(ComputeFeatures(scene, "slow:600"))
    waiting = engine.send(AutoSegments(scene))
    cancel(waiting)
    assert not busy.done
    cancel(busy)
    assert engine.call(ComputeFeatures(scene, "colour")).extractor.startswith("colour")
    assert engine.call(RunSegment(scene, RED)).scores.shape == (4000,)


def test_only_the_newest_click_is_answered(engine, made):
    scene = open_scene(engine, made)
    engine.call(ComputeFeatures(scene))
    places = [np.array([[x, y]], np.float32) for x in (50, 60, 70) for y in (40, 50, 60)]
    clicks = [
        RunSegment(scene, (Prompt("click", view="photo_0", pixels=p),), replaces="drag")
        for p in places
    ]
    calls = [engine.send(click) for click in clicks]
    assert wait_for(lambda: all(call.done for call in calls))
    kinds = [getattr(call.outcome, "kind", "answered") for call in calls]
    assert kinds[-1] == "answered" and set(kinds[1:-1]) == {"superseded"}
    np.testing.assert_array_equal(calls[-1].outcome.scores, engine.call(clicks[-1]).scores)


def test_a_failed_request_never_stops_the_queue(engine, made):
    scene = open_scene(engine, made)
    calls = [
        engine.send(RunSegment(scene, RED, extractor=name))
        for name in ("colour", "color", "slow:x", "colour")
    ]
    assert wait_for(lambda: all(call.done for call in calls))
    kinds = [getattr(call.outcome, "kind", "answered") for call in calls]
    assert kinds == ["answered", "bad_input", "internal", "answered"]
    assert "ValueError" in calls[2].outcome.message


def test_any_folder_will_do(engine, shared, made):
    """Spaces, umlauts, Chinese and a quote are in every path of the shared engine."""
    log, found = engine.process.log, engine.call(CacheInfo())
    assert found.folder == str(shared.cache)
    for path in (made, shared.cache, shared.models, log):
        assert all(part in path.parts for part in ("Großer Spaß 目录", "it's here"))
    assert log.is_file()
    assert engine.call(RunSegment(open_scene(engine, made), RED)).scores.shape == (4000,)
    assert entries(shared.cache)
