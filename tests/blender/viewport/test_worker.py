"""The newest request wins, results arrive on the thread that polls."""

import threading
import time

import pytest
from waiting import LIMIT, wait_for

from extension import blender_module

worker = blender_module("ludvig_blender.viewport.worker")


@pytest.fixture
def at_work():
    made = worker.Worker()
    yield made
    made.stop()


def settle(at_work):
    assert wait_for(lambda: not at_work.busy(), at_work.poll)


def test_the_newest_request_wins(at_work):
    go = threading.Event()
    results = []
    threads = set()

    def work(value):
        threads.add(threading.current_thread())
        assert go.wait(LIMIT)
        return value

    for value in range(10):
        at_work.submit("sort", lambda v=value: work(v), results.append)
    go.set()
    settle(at_work)
    # The first was under way already; of the others only the last one counts.
    assert results == [0, 9]
    assert threading.current_thread() not in threads


def test_kinds_do_not_wait_for_each_other(at_work):
    go, results = threading.Event(), []
    at_work.submit("slow", lambda: go.wait(LIMIT), lambda _: results.append("slow"))
    at_work.submit("quick", lambda: None, lambda _: results.append("quick"))
    assert wait_for(lambda: results, at_work.poll)
    assert results == ["quick"]
    assert at_work.busy("slow")
    go.set()
    settle(at_work)


def test_errors_reach_the_caller_and_the_worker_goes_on(at_work):
    at_work.submit("sort", lambda: 1 / 0, print)
    with pytest.raises(ZeroDivisionError):
        settle(at_work)
    results = []
    at_work.submit("sort", lambda: 5, results.append)
    settle(at_work)
    assert results == [5]


def test_stopping_leaves_no_threads():
    before = set(threading.enumerate())
    made = worker.Worker()
    made.submit("sort", lambda: time.sleep(0.05), print)
    made.stop()
    assert set(threading.enumerate()) == before
    assert not made.busy()


def test_only_what_is_seen_asks_for_a_redraw(at_work):
    results, redraws = [], []
    for seen in (False, True):
        at_work.submit("some", lambda: 1, results.append, seen=seen)
        assert wait_for(lambda: not at_work.busy(), lambda: redraws.append(at_work.poll()))
        assert len(results) == 1 + seen
        assert any(redraws) == seen
