"""How the two ends of a new connection prove to each other that they know the token.

Ports are used again: what a client finds on one may be any program of any user. So nobody sends the
token. Each end sends a nonce, a random number for this connection only, and a hash of the token,
both nonces and its own role, which cannot be made without the token, used a second time, or sent
back to whoever made it. Whoever listens between the two and passes on everything unchanged is not
noticed; between machines, SSH sees to that.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import hmac
import secrets

from ..errors import EngineError, Fix
from . import codec
from .connection import Connection
from .error_message import error_from_message
from .methods import Greeted, Hello, Initialize, Initialized
from .protocol import HANDSHAKE_HEADER, PROTOCOL, pack_message

ENGINE, CLIENT = "engine", "client"  # the roles


def new_nonce() -> str:
    """A number that nobody has used before."""
    return secrets.token_hex(16)


def proof(token: str, role: str, client_nonce: str, engine_nonce: str) -> str:
    """What only an end that knows the token can say, in this connection and this role."""
    # A zero byte cannot be in a string of the wire, so the parts cannot be shifted.
    said = "\0".join(["ludvig", role, client_nonce, engine_nonce])
    key, text = token.encode(errors="replace"), said.encode(errors="replace")
    return hmac.digest(key, text, "sha256").hex()


def is_proof(given: str, *expected: str) -> bool:
    """Whether `given` is the proof of these: token, role, and the nonces of client and engine."""
    return hmac.compare_digest(given.encode(errors="replace"), proof(*expected).encode())


def greet(connection: Connection, token: str, client: str, *, deadline: float) -> Initialized:
    """The client's half. `deadline` is in seconds of the monotonic clock.

    Raises `EngineError`: "bad_token" if the other end does not know the token, "bad_version" if it
    speaks another protocol, and what the engine answers to a client that has proved itself, such as
    "engine_busy"; and the errors of `Connection.receive`.
    """
    nonce = new_nonce()
    hello, _ = codec.encode(Hello(nonce, PROTOCOL))
    connection.send(pack_message({"id": 0, "method": Hello.method, "params": hello}))
    greeted = _greeted(connection, deadline)
    if not is_proof(greeted.proof, token, ENGINE, nonce, greeted.nonce):
        raise _stranger()
    said = Initialize(proof(token, CLIENT, nonce, greeted.nonce), client)
    initialize, _ = codec.encode(said)
    connection.send(pack_message({"id": 1, "method": Initialize.method, "params": initialize}))
    message, arrays = connection.receive(deadline=deadline)
    if "error" in message:
        raise error_from_message(message["error"])
    return codec.decode(Initialized, message.get("result"), arrays)


def _greeted(connection: Connection, deadline: float) -> Greeted:
    """The answer to `hello`. Until its proof is checked, nothing in it is shown to anybody."""
    try:
        message, arrays = connection.receive(
            deadline=deadline, max_header=HANDSHAKE_HEADER, max_body=0
        )
        if "error" not in message:
            return codec.decode(Greeted, message.get("result"), arrays)
    except EngineError as error:  # no frame, no message, or no such answer
        raise _stranger() from error
    if error_from_message(message["error"]).kind == "bad_version":
        raise EngineError(
            "bad_version",
            f"The engine does not speak protocol {PROTOCOL}, which this client speaks.",
            ["Use the same version of LUDVIG for both."],
        )
    raise _stranger()


def _stranger() -> EngineError:
    return EngineError(
        "bad_token",
        "What answers there does not know the token, so it is not the engine that was asked for.",
        [
            "Use the token that was written to the engine's stdin.",
            # An engine that has died leaves its connection file, and its port to others.
            Fix("Start the engine again: another program may have its port.", "restart_engine"),
        ],
    )
