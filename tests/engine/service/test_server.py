"""The server and its session from a client's side, in one process."""

from __future__ import annotations

import contextlib
import logging
import threading
import time

import numpy as np
import pytest
from waiting import LIMIT

from fake_engine import HANDLERS
from ludvig_engine.errors import EngineError
from ludvig_engine.service import server as server_module
from ludvig_engine.service.jobs import MAX_WAITING
from ludvig_engine.service.reception import MAX_STRANGERS
from ludvig_engine.service.server import Server
from ludvig_engine.wire.handshake import CLIENT, ENGINE, is_proof, proof
from ludvig_engine.wire.protocol import PROTOCOL, pack_message
from wire_tools import NONCE, ask, connect, hello, is_closed, log_in, message, raw, wait_for

TOKEN = "0123456789abcdef" * 4


@pytest.fixture
def server():
    with contextlib.closing(Server(HANDLERS, TOKEN)) as server:
        yield server


@pytest.fixture
def client(server):
    with contextlib.closing(connect(server.port, TOKEN)) as client:
        yield client


def test_the_greeting_says_who_answers(server):
    with contextlib.closing(connect(server.port)) as client:
        answer = log_in(client, TOKEN)
        assert answer["id"] == 1
        assert answer["result"]["protocol"] == PROTOCOL
        assert answer["result"]["methods"] == sorted(HANDLERS)


def test_the_engine_proves_that_it_knows_the_token_and_says_it_to_nobody(server):
    """Its proof holds for this connection and for its role only."""
    proofs = set()
    for _ in range(3):
        with contextlib.closing(connect(server.port)) as client:
            raw(client).sendall(hello())
            (greeted, arrays) = client.receive()
            assert not arrays and TOKEN not in str(greeted)
            said, nonce = greeted["result"]["proof"], greeted["result"]["nonce"]
            assert is_proof(said, TOKEN, ENGINE, NONCE, nonce)
            assert not is_proof(said, TOKEN, CLIENT, NONCE, nonce)
            assert not is_proof(said, TOKEN[::-1], ENGINE, NONCE, nonce)
            proofs.add(said)
    assert len(proofs) == 3


def test_what_the_engine_said_does_not_open_it(server, caplog):
    """Its own proof sent back, and the good proof of another connection sent again."""
    with contextlib.closing(connect(server.port)) as client:
        raw(client).sendall(hello())
        old = client.receive()[0]["result"]
    for said in old["proof"], proof(TOKEN, CLIENT, NONCE, old["nonce"]):
        with contextlib.closing(connect(server.port)) as client:
            answer = log_in(client, TOKEN, proof=said)
            assert answer["error"]["data"]["kind"] == "bad_token"
            assert is_closed(raw(client))
    with contextlib.closing(connect(server.port)) as client:
        raw(client).sendall(hello())
        mirrored = client.receive()[0]["result"]["proof"]
        raw(client).sendall(message(1, "initialize", {"proof": mirrored, "client": "test"}))
        assert client.receive()[0]["error"]["data"]["kind"] == "bad_token"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"protocol": PROTOCOL + 1}, "bad_version"),
        ({"protocol": "2"}, "bad_request"),
        ({"nonce": 3}, "bad_request"),
        ({"token": TOKEN}, "bad_request"),
    ],
)
def test_a_first_message_that_is_refused_is_told_why(server, changes, kind, caplog):
    with contextlib.closing(connect(server.port)) as client:
        raw(client).sendall(hello(**changes))
        assert client.receive()[0]["error"]["data"]["kind"] == kind
        assert is_closed(raw(client))
    assert wait_for(lambda: "connection of a stranger closed" in caplog.text)


@pytest.mark.parametrize(
    ("token", "changes", "kind"),
    [
        ("wrong", {}, "bad_token"),
        (TOKEN + "0", {}, "bad_token"),
        (TOKEN[:-1], {}, "bad_token"),
        ("", {}, "bad_token"),
        (TOKEN, {"proof": ""}, "bad_token"),
        (TOKEN, {"proof": "\ud800"}, "bad_token"),
        (TOKEN, {"proof": 3}, "bad_request"),
        (TOKEN, {"admin": True}, "bad_request"),
    ],
)
def test_a_greeting_that_is_refused_is_told_why(server, token, changes, kind, caplog):
    with contextlib.closing(connect(server.port)) as client:
        answer = log_in(client, token, **changes)
        assert answer["error"]["data"]["kind"] == kind
        assert is_closed(raw(client))
    assert wait_for(lambda: "connection of a stranger closed" in caplog.text)
    assert TOKEN not in caplog.text
    with contextlib.closing(connect(server.port, TOKEN)) as client:
        assert ask(client, 1, "fake/ping") == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_calls_and_their_errors(client):
    assert ask(client, 1, "fake/ping")["result"] == {}
    unknown = ask(client, 2, "fake/pong")["error"]
    assert unknown["code"] == -32601
    assert unknown["data"]["kind"] == "unknown_method"
    assert unknown["data"]["fixes"] == ['Did you mean "fake/ping"?']
    wrong = ask(client, 3, "fake/work", steps="many")["error"]
    assert (wrong["code"], wrong["message"]) == (-32602, "steps is 'many', expected int.")
    bug = ask(client, 4, "fake/fail", how="bug")["error"]
    assert (bug["code"], bug["data"]["kind"]) == (-32603, "internal")
    assert "Traceback" not in bug["message"]
    known = ask(client, 5, "fake/fail", how="engine")["error"]
    assert known == {
        "code": -32000,
        "message": "The file is a mesh.",
        "data": {
            "kind": "bad_file",
            "fixes": ["Choose a splat file."],
            "remedies": [
                {"text": "Choose a splat file.", "action": "import_splats", "arguments": {}}
            ],
        },
    }
    for how in "answer", "shape":
        assert ask(client, 6, "fake/fail", how=how)["error"]["code"] == -32603
    assert ask(client, 7, "initialize", token=TOKEN)["error"]["code"] == -32601
    assert ask(client, 8, "fake/ping")["result"] == {}


def test_arrays_there_and_back(client):
    values = np.arange(1000, dtype=np.float32)
    client.send(pack_message({"id": 1, "method": "fake/echo", "params": {}}, {"values": values}))
    answer, arrays = client.receive()
    assert answer["result"] == {}
    assert np.array_equal(arrays["values"], values)
    client.send(
        pack_message(
            {"id": 2, "method": "fake/echo", "params": {}}, {"values": values.astype(float)}
        )
    )
    assert client.receive()[0]["error"]["message"] == "values holds float64, expected float32."


def test_notifications_are_never_answered(client):
    for method in "$/cancelRequest", "$/unknown", "fake/ping":
        client.send(pack_message({"method": method, "params": {"id": 99}}))
    client.send(pack_message({"id": 1, "method": "fake/ping"}))
    assert client.receive()[0]["id"] == 1


def test_progress_and_cancel(client):
    client.send(pack_message({"id": 7, "method": "fake/work", "params": {"steps": 10_000}}))
    client.send(pack_message({"id": 8, "method": "fake/work", "params": {"steps": 1}}))
    progress, _ = client.receive()
    assert progress["method"] == "$/progress"
    assert progress["params"].items() >= {"id": 7, "stage": "Working", "total": 10_000}.items()
    client.send(pack_message({"method": "$/cancelRequest", "params": {"id": 7}}))
    while "error" not in (answer := client.receive()[0]):
        assert answer["params"]["id"] == 7
    assert (answer["id"], answer["error"]["code"]) == (7, -32800)
    assert ask(client, 9, "fake/ping")["result"] == {}


def test_the_newest_wins(client):
    for number in range(1, 6):
        client.send(
            pack_message(
                {"id": number, "method": "fake/work", "params": {"steps": 20, "replaces": "click"}}
            )
        )
    answers = {}
    while len(answers) < 5:
        answer, _ = client.receive()
        if "method" not in answer:
            answers[answer["id"]] = answer
    assert "result" in answers[5]
    assert [answers[number]["error"]["code"] for number in range(1, 5)] == [-32802] * 4


def test_one_client_at_a_time(server, client, caplog, monkeypatch):
    monkeypatch.setattr(server_module, "SEAT_SECONDS", 0.1)
    caplog.set_level(logging.INFO)
    with contextlib.closing(connect(server.port)) as second:
        assert log_in(second, TOKEN)["error"]["data"]["kind"] == "engine_busy"
        assert is_closed(raw(second))
    assert wait_for(lambda: "serves another client" in caplog.text)
    assert ask(client, 1, "fake/ping")["result"] == {}  # the first is not disturbed
    client.close()
    assert wait_for(lambda: "client 'test' left" in caplog.text)
    with contextlib.closing(connect(server.port, TOKEN)) as third:
        assert ask(third, 1, "fake/ping")["result"] == {}


def test_reconnecting_at_once_finds_the_seat_free_and_old_work_cancelled(server):
    for _ in range(20):
        with contextlib.closing(connect(server.port, TOKEN)) as client:
            client.send(
                pack_message({"id": 1, "method": "fake/work", "params": {"steps": 100_000}})
            )
    with contextlib.closing(connect(server.port, TOKEN)) as client:
        raw(client).settimeout(LIMIT)  # each of those would take 1000 s
        assert ask(client, 1, "fake/ping")["result"] == {}


def test_shutdown(server, client):
    assert ask(client, 1, "shutdown")["result"] == {}
    server.wait()
    server.close()
    assert is_closed(raw(client))
    with pytest.raises(OSError):
        connect(server.port)


def test_strangers_that_are_silent_dripping_or_stop_half_way_have_to_go(caplog):
    """However they spend it, they have one time in all, and the token does not help the last."""
    with contextlib.closing(Server(HANDLERS, TOKEN, handshake_seconds=0.3)) as server:
        strangers = [connect(server.port) for _ in range(3)]
        silent, dripping, half = strangers
        stop = threading.Event()

        def drip():
            with contextlib.suppress(OSError):
                for byte in hello():
                    raw(dripping).sendall(bytes([byte]))
                    if stop.wait(0.05):
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        raw(half).sendall(hello())
        assert "result" in half.receive()[0]
        assert is_closed(raw(silent))
        assert is_closed(raw(dripping))
        assert is_closed(raw(half))
        stop.set()
        thread.join()
        assert wait_for(lambda: caplog.text.count("no hello within") == 2)
        assert wait_for(lambda: caplog.text.count("no initialize within") == 1)
        for connection in strangers:
            connection.close()


def test_silent_strangers_do_not_keep_a_client_out(caplog):
    """There may be any number of them, and no time limit helps: the oldest go for the newest."""
    with contextlib.closing(Server(HANDLERS, TOKEN, handshake_seconds=LIMIT)) as server:
        with contextlib.closing(connect(server.port, TOKEN)) as client:
            strangers = [connect(server.port) for _ in range(3 * MAX_STRANGERS)]
            assert wait_for(lambda: caplog.text.count("newer strangers wait") == 2 * MAX_STRANGERS)
            assert all(is_closed(raw(stranger)) for stranger in strangers[: 2 * MAX_STRANGERS])
            # The client has been there longest of all, and is not one of them.
            assert ask(client, 1, "fake/ping")["result"] == {}
        with contextlib.closing(connect(server.port, TOKEN)) as second:
            assert ask(second, 1, "fake/ping")["result"] == {}
        for connection in strangers:
            connection.close()


def test_a_client_that_takes_nothing_is_taken_to_have_left(caplog):
    """Otherwise it would keep the seat, and a thread, for good."""
    caplog.set_level(logging.INFO)
    with (
        contextlib.closing(Server(HANDLERS, TOKEN, patience=0.2)) as server,
        contextlib.closing(connect(server.port, TOKEN)) as client,
    ):
        values = np.ones(10_000_000, np.float32)
        client.send(
            pack_message({"id": 1, "method": "fake/echo", "params": {}}, {"values": values})
        )
        assert wait_for(lambda: "client 'test' left" in caplog.text)
        with contextlib.closing(connect(server.port, TOKEN)) as second:
            assert ask(second, 1, "fake/ping")["result"] == {}


def test_a_client_that_is_merely_silent_stays():
    with (
        contextlib.closing(Server(HANDLERS, TOKEN, patience=0.05)) as server,
        contextlib.closing(connect(server.port, TOKEN)) as client,
    ):
        time.sleep(0.3)
        assert ask(client, 1, "fake/ping")["result"] == {}


def test_a_client_may_not_answer(server, client, caplog):
    client.send(pack_message({"id": 1, "result": {}}))
    assert is_closed(raw(client))
    assert wait_for(lambda: "nothing was asked" in caplog.text)


def test_only_the_loopback_interface(server):
    assert server._listener.getsockname()[0] == "127.0.0.1"


def test_handlers_must_be_of_known_methods():
    with pytest.raises(ValueError, match="do not exist"):
        Server({"scene/opne": lambda request, job: None}, TOKEN)


def test_a_port_that_is_taken(server):
    with pytest.raises(EngineError, match=f"Cannot listen on port {server.port}") as caught:
        Server(HANDLERS, TOKEN, port=server.port)
    assert caught.value.kind == "no_port"


def test_requests_beyond_the_queue_are_refused_and_the_same_id_too(client, tmp_path):
    busy = {"seconds": LIMIT, "until": str(tmp_path / "go")}
    raw(client).sendall(message(0, "fake/hang", busy))
    assert wait_for(lambda: (tmp_path / "go.begun").exists())
    raw(client).sendall(message(0, "fake/ping"))
    raw(client).sendall(b"".join(message(number, "fake/ping") for number in range(1, 101)))
    answers = [client.receive()[0] for _ in range(1 + 100 - MAX_WAITING)]
    (tmp_path / "go").touch()
    answers += [client.receive()[0] for _ in range(MAX_WAITING + 1)]
    kinds = [answer["error"]["data"]["kind"] if "error" in answer else "" for answer in answers]
    assert kinds[0] == "bad_request"
    assert kinds.count("busy") == 100 - MAX_WAITING
    assert kinds.count("") == MAX_WAITING + 1
