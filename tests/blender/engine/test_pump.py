"""Tasks in small steps: order, errors, cancelling, and that no tick takes long."""

import time
from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from waiting import wait_for

from extension import blender_module

pump = blender_module("ludvig_blender.engine.pump")
waiting = blender_module("ludvig_blender.engine.waiting")
errors = blender_module("ludvig_engine.errors")


@pytest.fixture(autouse=True)
def nothing_else():
    yield
    assert not pump.every()
    pump.stop()


def run():
    assert wait_for(lambda: not pump.every(), pump.tick)


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
        work = waiting.Work(endless)
        try:
            yield work
        finally:
            work.cancel()

    news = []
    task = pump.start(steps(), failed=lambda error: None, progress=news.append)
    assert wait_for(lambda: len(news) >= 3, pump.tick)
    assert news[-1].stage == "Counting" and task.progress is news[-1]
    task.cancel()
    run()
    assert task.error.kind == "cancelled"


def test_a_tick_gives_up_in_time(monkeypatch):
    """However much there is to do, no step begins after the budget of a tick is spent."""
    clock = SimpleNamespace(now=0.0, perf_counter=lambda: clock.now, monotonic=time.monotonic)
    monkeypatch.setattr(pump, "time", clock)
    spent = []

    def steps():
        for _ in range(30):
            clock.now += 0.4 * pump.BUDGET
            yield

    for _ in range(5):
        pump.start(steps())
    while pump.every():
        before = clock.now
        pump.tick()
        spent.append((clock.now - before) / pump.BUDGET)
    assert sum(spent) == pytest.approx(5 * 30 * 0.4)
    assert max(spent) == pytest.approx(1.2)  # three steps


def test_tasks_are_shown_when_they_take_a_while():
    future = Future()

    def steps():
        yield future

    task = pump.start(steps(), label="Thinking")
    pump.tick()
    assert pump.shown() == []
    task.begun -= pump.HIDDEN
    assert pump.shown() == [task]
    future.set_result(None)
    run()
    assert pump.shown() == []
