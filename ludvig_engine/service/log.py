"""The engine's log on stderr: one line per event, whoever caused it.

A stranger's name, a photo's name or a library's warning may hold line breaks, which would pass for
lines of the engine, escape sequences, which a terminal obeys, or marks that turn the direction of
writing. They are written as escapes (`\\n`, `\\x1b`, `\\u202e`).
"""

from __future__ import annotations

import logging
import sys
from typing import Any


class PlainLines(logging.Formatter):
    """Formats records without anything that is not printed."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return plain(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """A traceback, indented: none of its lines can be taken for one of the engine."""
        return "\n".join("    " + plain(line) for line in super().formatException(ei).split("\n"))


def plain(text: str) -> str:
    """The text with everything escaped that is not printed as itself."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def log_to_stderr() -> None:
    """Send the log of this process to stderr, and Python's warnings to the log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLines("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)
