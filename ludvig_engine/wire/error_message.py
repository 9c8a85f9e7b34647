"""Errors as members of messages, and back.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

from ..errors import Cancelled, EngineError, Fix
from .protocol import Message

CODES = {
    "unknown_method": -32601,
    "bad_request": -32602,
    "internal": -32603,
    "cancelled": -32800,
    "superseded": -32802,
}
OTHER_CODE = -32000


def error_to_message(error: EngineError) -> Message:
    """The `error` member of an answer."""
    data = {
        "kind": error.kind,
        "fixes": [fix.text for fix in error.fixes],
        "remedies": [
            {"text": fix.text, "action": fix.action, "arguments": dict(fix.arguments)}
            for fix in error.fixes
        ],
    }
    return {"code": CODES.get(error.kind, OTHER_CODE), "message": error.message, "data": data}


def error_from_message(data: object) -> EngineError:
    """The exception for the `error` member of an answer."""
    match data:
        case {"data": {"kind": "cancelled"}}:
            return Cancelled()
        case {"message": str(message), "data": {"kind": str(kind), "remedies": [*remedies]}}:
            return EngineError(kind, message, map(_fix, remedies))
        case {"message": str(message), "data": {"kind": str(kind), "fixes": [*fixes]}}:
            return EngineError(kind, message, map(str, fixes))
    return EngineError(
        "protocol", f"The engine reported an error this client does not understand: {data!r:.200}"
    )


def _fix(data: object) -> Fix:
    """A remedy from an answer, without its action if this client does not know it."""
    match data:
        case {"text": str(text), "action": str(action), "arguments": dict(arguments)}:
            try:
                return Fix(text, action, arguments)
            except ValueError:
                return Fix(text)
        case {"text": str(text)}:
            return Fix(text)
    return Fix(str(data))
