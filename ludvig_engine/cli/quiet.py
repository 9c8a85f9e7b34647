"""Keep what libraries say among themselves off the user's screen."""

from __future__ import annotations

import io
import logging
import os
import sys

OWN = __name__.partition(".")[0]


def quieten() -> None:
    """Drop the warnings and log lines of other packages; print our own warnings as notes.

    `ludvig serve` sets up a log of its own, which gets all of them. Python's own switches (-W,
    PYTHONWARNINGS) still bring warnings back.
    """
    logging.captureWarnings(not sys.warnoptions)
    # Used for records that no other handler takes.
    logging.lastResort = _Notes(logging.WARNING)
    # C++ libraries read this when they are loaded: pycolmap logs with glog, and 4 is above fatal.
    os.environ.setdefault("GLOG_minloglevel", "4")
    # Names of files may hold what the terminal's encoding lacks. That is no reason to fail.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


class _Notes(logging.Handler):
    """Prints the warnings of this package to stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == OWN:
            from .common import note

            note(f"Note: {record.getMessage()}")
