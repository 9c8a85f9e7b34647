"""The client against a real engine process with pretending handlers."""

from __future__ import annotations

import socket
import sys
import threading
import time

import numpy as np
import pytest
from waiting import LIMIT

from fake_engine import COMMAND, Echo, Fail, Hang, Ping, Work
from ludvig_engine.errors import EngineError, Fix
from ludvig_engine.wire.client import Engine
from ludvig_engine.wire.methods import Nothing, Shutdown
from ludvig_engine.wire.protocol import PROTOCOL
from wire_tools import forwarded, wait_for


@pytest.fixture(scope="module")
def engine():
    with Engine.start(command=COMMAND) as engine:
        yield engine


def kind_of(call) -> str:
    with pytest.raises(EngineError) as caught:
        call.result(timeout=LIMIT)
    return caught.value.kind


def test_a_call_is_answered_with_its_dataclass(engine):
    assert engine.call(Ping()) == Nothing()
    values = np.arange(1000, dtype=np.float32)
    assert np.array_equal(engine.call(Echo(values)).values, values)
    assert engine.info.protocol == PROTOCOL
    assert engine.info.pid == engine.process.pid


def test_an_error_of_the_engine_is_raised_here(engine):
    with pytest.raises(EngineError) as caught:
        engine.call(Fail("engine"))
    assert (caught.value.kind, caught.value.message) == ("bad_file", "The file is a mesh.")
    assert caught.value.fixes == (Fix("Choose a splat file.", "import_splats"),)


def test_an_error_before_sending_is_raised_at_once(engine):
    with pytest.raises(EngineError, match="values has shape"):
        engine.send(Echo(np.ones((2, 2), np.float32)))
    assert engine.call(Ping()) == Nothing()


def test_progress_is_streamed_to_a_waiting_caller(engine):
    reports = []
    assert engine.call(Work(30, 0.01), progress=reports.append).steps == 30
    assert [report.stage for report in reports] == ["Working"] * len(reports)
    assert len(reports) >= 3
    assert [report.done for report in reports] == sorted(report.done for report in reports)


def test_the_environment_is_added_to(tmp_path):
    say = "import os; print(os.environ['LUDVIG_MODELS'], 'PATH' in os.environ)"
    folder = {"LUDVIG_MODELS": "Großer Spaß"}
    with Engine.start(
        command=[sys.executable, "-c", say], environment=folder, log=tmp_path / "log"
    ) as engine:
        assert kind_of(engine.send(Ping())) == "engine_failed"
    assert (tmp_path / "log").read_text("utf-8") == "Großer Spaß True\n"


def test_polling_never_waits_and_tells_everything_once(engine):
    work, ping = engine.send(Work(20, 0.1)), engine.send(Ping())
    news, empty = [], 0
    while not ping.done:
        told = engine.poll()
        news += [(call, call.done) for call in told]
        empty += not told
        time.sleep(0.01)
    news += [(call, call.done) for call in engine.poll()]
    assert work.result().steps == 20
    assert ping.result() == Nothing()
    assert news.count((work, True)) == news.count((ping, True)) == 1
    assert news.count((work, False)) >= 2
    assert engine.poll() == []
    # A poll that waited for news would never come back empty.
    assert empty > 0


def test_sending_much_does_not_wait_either(engine, tmp_path):
    values = np.ones(20_000_000, np.float32)
    blocker = engine.send(Hang(LIMIT, until=str(tmp_path / "go")))
    call = engine.send(Echo(values))
    assert not blocker.done
    (tmp_path / "go").touch()
    assert call.result().values.size == values.size
    assert blocker.done


def test_cancel(engine):
    call = engine.send(Work(100_000, 0.01))
    waiting = engine.send(Ping())
    assert wait_for(lambda: call.progress)
    call.cancel()
    assert kind_of(call) == "cancelled"
    assert waiting.result() == Nothing()


def test_the_newest_wins(engine):
    calls = [engine.send(Work(20, 0.01, replaces="click")) for _ in range(5)]
    assert calls[-1].result().steps == 20
    assert [kind_of(call) for call in calls[:-1]] == ["superseded"] * 4


def test_a_call_that_is_broken_off_is_cancelled(engine):
    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.call(Work(100_000, 0.01), progress=interrupt)
    with pytest.raises(TimeoutError):
        engine.call(Work(100_000, 0.01), timeout=0.1)
    assert engine.call(Ping(), timeout=LIMIT) == Nothing()  # each of those would take 1000 s


def test_many_threads_may_call(engine):
    wrong = []

    def use(seed):
        for number in range(30):
            values = np.full(100, seed * 1000 + number, np.float32)
            if not np.array_equal(engine.call(Echo(values)).values, values):
                wrong.append((seed, number))

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# An engine that comes up only when it may.
HELD = """
import pathlib, runpy, sys, time
go, sys.argv = pathlib.Path(sys.argv[1]), sys.argv[2:]
while not go.exists():
    time.sleep(0.01)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_starting_does_not_wait_and_closing_ends_the_engine(tmp_path):
    engine = Engine.start(command=[sys.executable, "-c", HELD, str(tmp_path / "go"), COMMAND[1]])
    call = engine.send(Ping())
    assert not call.done
    (tmp_path / "go").touch()
    assert call.result(timeout=LIMIT) == Nothing()
    engine.close()
    assert not engine.process.alive
    assert not engine.process.log.parent.exists()  # nothing is left in the temporary folder
    assert engine.error.kind == "closed"
    assert kind_of(engine.send(Ping())) == "closed"
    assert [call.done for call in engine.poll()] == [True, True]


def test_closing_while_starting():
    engine = Engine.start(command=COMMAND)
    call = engine.send(Ping())
    engine.close()
    assert kind_of(call) == "closed"
    assert not engine.process.alive


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["-c", "import sys; print('No numba here'); sys.exit(3)"], "exit code 3. No numba here"),
        (["-c", "import os; os.kill(os.getpid(), 9)"], "Killed"),
    ],
)
def test_an_engine_that_does_not_start_says_why(command, said, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with Engine.start(command=[sys.executable, *command]) as engine:
        with pytest.raises(EngineError, match=said) as caught:
            engine.call(Ping())
        assert caught.value.kind == "engine_failed"
        assert any(fix.action == "show_log" for fix in caught.value.fixes)


def test_a_program_that_does_not_exist():
    with pytest.raises(EngineError, match="does not start") as caught:
        Engine.start("/nowhere/python")
    assert caught.value.kind == "not_found"


def test_attach_leave_and_attach_again():
    """The engine stays, whoever comes and goes; here through a forwarded port, as with SSH."""
    with Engine.start(command=COMMAND) as first:
        assert first.call(Ping()) == Nothing()
        connection_file, token = first.process._connection_file, first.process.token
        first._line.connection.hang_up()
        assert wait_for(lambda: first.error)
        with Engine.attach(token, connection_file=connection_file) as second:
            assert second.call(Ping()) == Nothing()
            assert second.info.pid == first.process.pid
            port = second._line.connection._socket.getpeername()[1]
        with forwarded(port) as far_port, Engine.attach(token, port=far_port) as third:
            values = np.arange(1_000_000, dtype=np.float32)
            assert np.array_equal(third.call(Echo(values)).values, values)
            reports = []
            third.call(Work(20, 0.01), progress=reports.append)
            assert reports
        assert first.process.alive
        process = first.process
        with first.reconnect() as fourth:
            assert fourth.process is process
            assert fourth.call(Ping()) == Nothing()


def test_attach_with_a_wrong_token_or_to_nothing(engine, tmp_path):
    port = engine._line.connection._socket.getpeername()[1]
    wrong = Engine.attach("0" * 64, port=port)
    assert kind_of(wrong.send(Ping())) == "bad_token"
    wrong.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    nobody = Engine.attach("0" * 64, port=free)
    assert kind_of(nobody.send(Ping())) == "engine_gone"
    assert "refused" in nobody.error.message
    nobody.close()
    for path in tmp_path / "none.json", tmp_path / "bad.json":
        (tmp_path / "bad.json").write_text("[]")
        nowhere = Engine.attach("0" * 64, connection_file=path)
        assert kind_of(nowhere.send(Ping())) in ("not_found", "bad_file")
        nowhere.close()


def test_a_second_client_learns_that_it_is_one(engine):
    port = engine._line.connection._socket.getpeername()[1]
    second = Engine.attach(engine.process.token, port=port)
    assert kind_of(second.send(Ping())) == "engine_busy"
    second.close()
    assert engine.call(Ping()) == Nothing()


def test_shutdown_over_the_wire():
    engine = Engine.start(command=COMMAND)
    assert engine.call(Shutdown()) == Nothing()
    assert wait_for(lambda: not engine.process.alive)
    assert kind_of(engine.send(Ping())) == "engine_gone"
    engine.close()
