"""Jobs run one at a time, each is answered exactly once, and the newest of a name wins."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter

import pytest
from waiting import LIMIT

from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.service.jobs import MAX_WAITING, Jobs
from ludvig_engine.wire.protocol import PROGRESS_SECONDS
from wire_tools import wait_for


class Desk:
    """Adds jobs and notes what comes back, in order."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.answers: list[tuple[object, object]] = []
        self.told: list[tuple[object, object]] = []

    def add(self, name, work, replaces="") -> None:
        self.jobs.add(
            work,
            name=name,
            answer=lambda outcome: self.answers.append((name, outcome)),
            tell=lambda progress: self.told.append((name, progress)),
            replaces=replaces,
        )

    def kind(self, name) -> str:
        """The kind of error a job was answered with, or "" for a result."""
        assert wait_for(lambda: name in dict(self.answers)), f"{name} was never answered"
        outcome = dict(self.answers)[name]
        return outcome.kind if isinstance(outcome, EngineError) else ""


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.jobs.close()


def until(event):
    """Work that waits for an event, and polls for cancellation."""

    def work(job):
        while not event.wait(0.005):
            job.check()
        return "done"

    return work


def test_one_at_a_time_and_in_order(desk):
    running = Counter()

    def work(job):
        running["now"] += 1
        running["most"] = max(running["most"], running["now"])
        time.sleep(0.002)
        running["now"] -= 1

    for name in range(20):
        desk.add(name, work)
    assert wait_for(lambda: len(desk.answers) == 20)
    assert [name for name, _ in desk.answers] == list(range(20))
    assert running["most"] == 1


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (EngineError("bad_file", "It is a mesh."), "bad_file"),
        (IndexError("4"), "internal"),
        (MemoryError(), "no_memory"),
        (SystemExit(1), "internal"),
        (Cancelled(), "cancelled"),
    ],
)
def test_a_failure_is_an_answer_and_the_next_job_runs(desk, failure, kind, caplog):
    def work(job):
        raise failure

    desk.add("fails", work)
    desk.add("next", lambda job: 7)
    assert desk.kind("fails") == kind
    assert desk.kind("next") == ""
    unexpected = not isinstance(failure, EngineError)
    assert ("Traceback" in caplog.text) == unexpected
    assert "Traceback" not in str(dict(desk.answers)["fails"])


def test_cancel_what_runs_and_what_waits(desk):
    never = threading.Event()
    desk.add("running", until(never))
    desk.add("waiting", until(never))
    desk.add("other", lambda job: 1)
    desk.jobs.cancel(lambda name: name == "waiting")
    assert dict(desk.answers)["waiting"].kind == "cancelled"  # at once: it had not begun
    desk.jobs.cancel(lambda name: name == "running")
    assert desk.kind("running") == "cancelled"
    assert desk.kind("other") == ""
    desk.jobs.cancel()  # nothing is left to cancel
    assert len(desk.answers) == 3


def test_the_result_of_a_cancelled_job_is_not_sent_even_if_it_comes(desk):
    go, begun = threading.Event(), threading.Event()

    def stubborn(job):
        begun.set()
        go.wait(5)
        return "too late"

    desk.add("stubborn", stubborn)
    begun.wait(5)
    desk.jobs.cancel()
    go.set()
    assert desk.kind("stubborn") == "cancelled"


def test_the_newest_wins(desk):
    go = threading.Event()

    def stubborn(job):
        go.wait(5)
        return "old"

    desk.add("first", stubborn, replaces="click")
    desk.add("between", lambda job: 1)
    desk.add("another word", lambda job: 2, replaces="drag")
    for name in range(10):
        desk.add(name, lambda job: "new", replaces="click")
    go.set()
    assert desk.kind(9) == ""
    assert [desk.kind(name) for name in ("first", *range(9))] == ["superseded"] * 10
    assert desk.kind("between") == desk.kind("another word") == ""


def test_too_many_are_refused_and_the_same_name_too(desk):
    go = threading.Event()
    desk.add("running", until(go))
    assert wait_for(lambda: not desk.jobs._waiting)
    for name in range(MAX_WAITING):
        desk.add(name, lambda job: 0)
    with pytest.raises(EngineError, match="already waiting") as caught:
        desk.add("one more", lambda job: 0)
    assert caught.value.kind == "busy"
    for name in "running", 3:
        with pytest.raises(EngineError, match="same id"):
            desk.add(name, lambda job: 0)
    go.set()
    assert wait_for(lambda: len(desk.answers) == MAX_WAITING + 1)
    desk.add("running", lambda job: 0)  # an answered name may be used again


class Clock:
    """Stands for the module `time` in jobs.py: time passes only when a test says so."""

    def __init__(self) -> None:
        # The threads of earlier tests, some of which end only now, are not to use up the pauses.
        self.earlier = set(threading.enumerate())
        self.now = 0.0
        self.pauses = threading.Semaphore(0)  # that are over
        self.asked: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        if threading.current_thread() in self.earlier:
            time.sleep(seconds)
            return
        self.asked.append(seconds)
        self.pauses.acquire()


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(sys.modules[Jobs.__module__], "time", made)
    yield made
    made.pauses.release(1000)  # the thread that tells must end


def test_progress_is_throttled_but_the_newest_always_arrives(clock, desk):
    go, thinking = threading.Event(), threading.Event()

    def work(job):
        for _ in job.track(range(10_000), "Counting"):
            pass
        job.report("Thinking", 0, 4)
        thinking.set()
        go.wait(LIMIT)  # a long step that reports nothing

    desk.add("a", work)
    assert wait_for(lambda: clock.asked) and thinking.wait(LIMIT)
    assert len(desk.told) == 1
    clock.pauses.release()
    assert wait_for(lambda: desk.told[-1][1].stage == "Thinking")
    go.set()
    desk.kind("a")
    assert len(desk.told) <= 2
    assert desk.told[-1][1].seconds_left is None
    assert set(clock.asked) == {PROGRESS_SECONDS}


def test_seconds_left_are_those_of_the_stage(clock, desk):
    told = threading.Event()

    def work(job):
        job.report("Fast", 0, 2)
        clock.now += 0.3
        for done in range(40, 60):  # forty were in the cache
            job.report("Slow", done, 100)
            clock.now += 0.01
        told.wait(LIMIT)

    clock.pauses.release(1000)
    desk.add("a", work)
    assert wait_for(lambda: desk.told and desk.told[-1][1].done == 59)
    told.set()
    desk.kind("a")
    assert desk.told[-1][1].seconds_left == pytest.approx((100 - 59) * 0.01)


def test_no_progress_after_the_answer(desk):
    order = []
    for name in range(30):
        desk.jobs.add(
            lambda job: [job.report("Stage", i, 1000) for i in range(1000)] and None,
            name=name,
            answer=lambda outcome, name=name: order.append((name, "answer")),
            tell=lambda progress, name=name: order.append((name, "progress")),
        )
    assert wait_for(lambda: sum(what == "answer" for _, what in order) == 30)
    time.sleep(2 * PROGRESS_SECONDS)
    for name in range(30):
        assert [what for n, what in order if n == name][-1] == "answer"


def test_every_job_is_answered_exactly_once_whatever_happens(desk):
    """Added, cancelled and superseded from several threads at once."""
    added, lock = [], threading.Lock()

    def client(seed):
        source = random.Random(seed)
        for number in range(100):
            name = (seed, number)
            try:
                desk.add(
                    name,
                    lambda job: [job.check() for _ in range(50)] and 1,
                    source.choice(["", "", "a", "b"]),
                )
            except EngineError as error:
                assert error.kind == "busy"
                time.sleep(0.005)
                continue
            with lock:
                added.append(name)
            if source.random() < 0.3:
                desk.jobs.cancel(lambda other, seed=seed: other[0] == seed)

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wait_for(lambda: len(desk.answers) >= len(added))
    time.sleep(0.05)
    assert Counter(name for name, _ in desk.answers) == Counter(added)


def test_closing_ends_the_threads():
    before = set(threading.enumerate())
    jobs = Jobs()
    ours = set(threading.enumerate()) - before
    assert len(ours) == 2
    jobs.close()
    assert wait_for(lambda: not any(thread.is_alive() for thread in ours))
