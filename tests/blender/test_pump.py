"""Tasks in small steps: order, errors, cancelling, and that no tick takes long."""

import time
from concurrent.futures import Future

import pytest

from extension import blender_module

pump = blender_module("ludvig_blender.engine.pump")
errors = blender_module("ludvig_engine.errors")


@pytest.fixture(autouse=True)
def nothing_else():
    yield
    assert not pump.every()
    pump.stop()


def run(limit=5.0):
    end = time.monotonic() + limit
    while pump.every():
        pump.tick()
        time.sleep(0.0005)
        assert time.monotonic() < end


def test_a_task_goes_on_with_what_it_waited_for():
    future = Future()

    def steps():
        first = yield future
        yield
        second = yield pump.start(inner())
        return first + second

    def inner():
        yield
        return 2

    got = []
    task = pump.start(steps(), done=got.append)
    pump.tick()
    assert not task.done
    future.set_result(40)
    run()
    assert got == [42] and task.value == 42


def test_errors_come_out_where_they_were_waited_for():
    def inner():
        yield
        raise errors.EngineError("bad_input", "No.", [])

    def steps():
        try:
            yield pump.start(inner(), failed=lambda error: None)
        except errors.EngineError as error:
            return f"caught: {error.message}"

    task = pump.start(steps())
    assert pump.wait(task) == "caught: No."


def test_a_mistake_ends_its_task_only(caplog):
    seen = []

    def broken():
        yield
        raise KeyError("oops")

    def fine():
        yield
        yield
        return 1

    task = pump.start(broken(), failed=seen.append)
    other = pump.start(fine())
    run()
    assert seen[0].kind == "internal" and "oops" in seen[0].message and task.done
    assert other.value == 1
    assert "oops" in caplog.text


def test_cancelling_ends_the_task_where_it_waits():
    ended, failed = [], []

    def steps():
        try:
            yield Future()
        finally:
            ended.append(True)

    task = pump.start(steps(), failed=failed.append)
    pump.tick()
    task.cancel()
    run()
    assert ended == [True] and failed[0].kind == "cancelled"


def test_work_in_a_thread_reports_and_can_be_cancelled():
    def endless(work):
        for n in range(10_000):
            work.report("Counting", n, 10_000)
            work.check()
            time.sleep(0.001)

    def steps():
        work = pump.Work(endless)
        try:
            yield work
        finally:
            work.cancel()

    news = []
    task = pump.start(steps(), failed=lambda error: None, progress=news.append)
    while len(news) < 3:
        pump.tick()
        time.sleep(0.002)
    assert news[-1].stage == "Counting" and task.progress is news[-1]
    task.cancel()
    run()
    assert task.error.kind == "cancelled"


def test_a_tick_gives_up_in_time():
    """However much there is to do, Blender gets its turn."""

    def steps():
        for _ in range(30):
            begun = time.thread_time()
            while time.thread_time() - begun < 0.002:
                pass
            yield

    def longest():
        for _ in range(5):
            pump.start(steps())
        most = 0.0
        while pump.every():
            begun = time.thread_time()
            pump.tick()
            most = max(most, time.thread_time() - begun)
        return most

    # The best of three: Python's garbage collector may come along, and has the other tests' leftovers to look at.
    took = min(longest() for _ in range(3))
    assert took < 0.01, f"{took * 1000:.1f} ms"


def test_tasks_are_shown_when_they_take_a_while():
    future = Future()

    def steps():
        yield future

    task = pump.start(steps(), label="Thinking")
    pump.tick()
    assert pump.tasks() == []
    task.begun -= pump.HIDDEN
    assert pump.tasks() == [task]
    future.set_result(None)
    run()
    assert pump.tasks() == []
