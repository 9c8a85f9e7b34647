"""The log shows what was said, and obeys none of it."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from ludvig_engine.service.log import PlainLines, plain

HOSTILE = {
    "a line break": ("x\n2026-01-01 INFO all is well", "x\\n2026-01-01 INFO all is well"),
    "a carriage return": ("x\rgone", "x\\rgone"),
    "other line breaks": ("a\x0b\x0c\x1c\x85\u2028\u2029b", "a\\x0b\\x0c\\x1c\\x85\\u2028\\u2029b"),
    "an escape sequence": ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
    "a C1 sequence": ("\x9b2J", "\\x9b2J"),
    "marks of direction": (
        "\u202egnp.exe\u2066\u2069\u200f",
        "\\u202egnp.exe\\u2066\\u2069\\u200f",
    ),
    "invisible": ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
    "half a character": ("\ud800", "\\ud800"),
    "a zero": ("a\0b", "a\\x00b"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_printed_is_escaped(name):
    text, shown = HOSTILE[name]
    assert plain(text) == shown
    assert plain(shown) == shown and shown.isprintable()


def test_what_is_printed_stays():
    text = 'Großer Spaß 目录 🌸 it\'s "here" \\ 100 %'
    assert plain(text) == text


@pytest.fixture
def written():
    """A logger that writes as the engine does, and what it has written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainLines("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("test_log")
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


@pytest.mark.parametrize("name", HOSTILE)
def test_one_event_is_one_line(written, name):
    logger, stream = written
    logger.warning("connection of %s closed", HOSTILE[name][0])
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().rstrip("\n").isprintable()


def test_the_lines_of_a_traceback_cannot_pass_for_lines_of_the_engine(written):
    logger, stream = written
    try:
        raise ValueError("x\n2026-01-01 00:00:00 INFO all is well\x1b[2J")
    except ValueError:
        logger.exception("a request failed")
    first, *rest = stream.getvalue().rstrip("\n").split("\n")
    assert "a request failed" in first and len(rest) >= 3
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    assert sys.exc_info() == (None, None, None)
