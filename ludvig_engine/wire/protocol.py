"""The protocol of the engine and its clients: JSON-RPC 2.0 in safetensors-shaped frames over TCP.

Starting
    The engine listens on 127.0.0.1 only, on a port the system chooses. Its parent writes a secret,
    the token, as the first line to its stdin, which then stays open: when it ends, the parent is
    gone and the engine exits. When the engine is ready, the connection file appears, complete and
    readable by its owner only: JSON with `port`, `pid`, `protocol` and `version`. To use an engine
    on another machine, forward the port through SSH; nothing else changes.

Frames (frames.py)
    8 bytes little-endian length of the header; the header, JSON; the body, arrays in C order
    without gaps:
        {"__metadata__": {"rpc": "<the message as JSON text>"},
         "prompts.0.pixels": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}
    The message is text inside text because the layout allows strings only. At most 16 MB of header,
    4 GB of body, 4096 arrays of 8 dimensions; array names are letters, digits, `_` and `.`; dtypes
    are BOOL (0 or 1), U8 to U64, I8 to I64, F16, F32 and F64. JSON is nested at most 32 deep, holds
    no NaN, and has no name twice in an object.

Messages
    Request       {"jsonrpc": "2.0", "id": 1, "method": "segment/run", "params": {...}}
    Answer        {"jsonrpc": "2.0", "id": 1, "result": {...}}
    Error         {"jsonrpc": "2.0", "id": 1, "error": {
                       "code": -32602, "message": "prompts is missing.",
                       "data": {"kind": "bad_request", "fixes": [], "remedies": []}}}
    Notification  a request without an id; it is never answered
    There are no batches. `id` is an integer of the client's choice that no unanswered request has.
    Each request is answered exactly once, not necessarily in order. `params` and `result` are the
    dataclasses of methods.py, written as described in codec.py: an array is not in the JSON but
    among the frame's arrays, named by the path to its field.

Session
    1. Each end proves to the other that it knows the token, which is never sent (handshake.py). The
       client connects and sends `hello` with a nonce, a number for this connection only. The engine
       answers with its own nonce and its proof, a hash of the token and both nonces. The client
       checks it, and sends `initialize` with a proof of its own. To whom does not prove it, a
       client says nothing more. An engine hangs up on whoever has not proved it 5 seconds after
       connecting, and on the oldest of those if more than 32 wait; until then a message may have
       4 KB and no arrays. A wrong proof, another protocol number, or an engine that already has a
       client: the engine answers with an error and closes the connection.
    2. Then the client sends requests. One runs at a time, the others wait in order (at most 64,
       then error "busy").
    3. While one runs the engine may send, at most 20 times a second,
           {"method": "$/progress", "params": {
               "id": 1, "stage": "Extracting features (colour)", "done": 37, "total": 185,
               "seconds_left": 120.5, "stage_id": "extract", "stage_name": "Extracting features"}}
       where `stage` and `stage_name`, the same without details, are for people. `stage_id` is for
       programs: one of stages.py, or "" for a stage of an extractor's own. `seconds_left` may be
       missing.
    4. {"method": "$/cancelRequest", "params": {"id": 1}} stops a request, waiting or running; it is
       answered with error -32800, or with its result if that was already on its way.
    5. Newest wins: a request with `replaces` in its params supersedes waiting and running ones with
       the same word. Those are answered with error -32802 and never with a result.
    6. When the client leaves, all of its requests are cancelled. Then another may come, and finds
       scenes still open. A client that reads nothing for two minutes is taken to have left.

Errors
    `kind` is a stable word for programs. For people, `message` tells what happened and `fixes` what
    the user can do, in sentences. `remedies` are the fixes as objects, {"text": ..., "action":
    "fetch_model", "arguments": {"model": ...}}, with the actions of errors.py, or "" for what only
    the user can do; a client treats an action that it does not know as "". Codes: -32601
    unknown_method, -32602 bad_request, -32603 internal, -32800 cancelled, -32802 superseded,
    -32000 all others.
    Whoever breaks the rules for frames and messages, rather than asking for something impossible,
    gets no answer: the connection is closed and one line is logged.

This module and those it imports need the standard library and NumPy only: they also run inside
Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import frames, json_text

# Every change that an older peer would misunderstand raises this number.
PROTOCOL = 2
HANDSHAKE_HEADER = 4096  # bytes
PROGRESS_SECONDS = 0.05  # the shortest time between two reports

Message = dict[str, Any]
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Progress:
    """How far a request is: `done` of `total` steps of `stage`."""

    stage: str  # for people
    done: int
    total: int
    seconds_left: float | None = None
    # For programs: an id of stages.py, or "" if the stage is none of those.
    stage_id: str = ""
    # For people: `stage` without details, or "" if there is no shorter text.
    stage_name: str = ""


def pack_message(message: Message, arrays: Arrays | None = None) -> frames.Frame:
    """A message as a frame, ready to be sent. Raises `EngineError` "too_large"."""
    return frames.pack_frame(
        {"rpc": json_text.dump_json({"jsonrpc": "2.0", **message})}, arrays or {}
    )
