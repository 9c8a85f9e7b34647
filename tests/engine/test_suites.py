"""What `python tasks.py test ...` runs, and what it says of tests that were skipped."""

from __future__ import annotations

import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tools.suites import (
    BLENDER,
    ROOT,
    Outcome,
    Suite,
    failed,
    partly,
    parts,
    run,
    selected,
    summary,
)

EVERYTHING = ([BLENDER], ["tests", f"--ignore={BLENDER}"])
UPLIFT, SH = "tests/engine/test_uplift.py", "tests/blender/maths/test_sh.py"


@pytest.mark.parametrize(
    ("arguments", "blender", "engine", "options"),
    [
        ([], *EVERYTHING, []),
        (["-x", "-k", "cloud"], *EVERYTHING, ["-x", "-k", "cloud"]),
        (["tests"], *EVERYTHING, []),
        ([UPLIFT, "-x"], [], [UPLIFT], ["-x"]),
        ([SH, UPLIFT], [SH], [UPLIFT], []),
        ([f"{SH}::test_any"], [f"{SH}::test_any"], [], []),
        (["tests/blender/"], ["tests/blender/"], [], []),
    ],
)
def test_files_are_sorted_by_where_they_run(arguments, blender, engine, options):
    assert selected(arguments) == (blender, engine, options)


def test_the_engine_s_runs_have_all_its_tests_once():
    _, engine, _ = selected([])
    (_, programs), (_, rooms), (_, whole) = parts(engine)
    tests, *left_out = rooms
    assert tests == "tests" and f"--ignore={BLENDER}" in left_out
    (pattern,) = (one for one in left_out if one.startswith("--ignore-glob="))
    ignored = [one.removeprefix("--ignore=") for one in left_out if one != pattern]
    rooms_of_whole = [one for one in whole if not one.endswith(".py")]
    assert all((ROOT / one).is_dir() for one in (*programs, *rooms_of_whole))

    def inside(name, rooms):
        return any(name.startswith(f"{one}/") for one in rooms)

    for path in (ROOT / "tests").rglob("test_*.py"):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(f"{BLENDER}/"):
            # Pytest's pattern may match a slash, too.
            matched = fnmatch(name, pattern.removeprefix("--ignore-glob="))
            in_rooms = not matched and not inside(name, ignored)
            in_whole = name in whole or inside(name, rooms_of_whole)
            assert [in_rooms, inside(name, programs), in_whole].count(True) == 1, name
    assert parts([UPLIFT]) == [("engine", [UPLIFT])]


def test_one_blender_runs_some_of_the_tests_and_names_the_others():
    some, others = partly([BLENDER])
    assert f"{BLENDER}/viewport" in some and f"{BLENDER}/maths" in others
    folder = ROOT / BLENDER
    tests = {path.relative_to(ROOT) for path in folder.rglob("test_*.py")}
    for path in tests:
        ignored = f"--ignore={path.as_posix()}" in some
        run_there = any(path.is_relative_to(one) for one in some) and not ignored
        assert run_there != any(path.is_relative_to(one) for one in others), path
    assert partly([SH]) == ([SH], [])


def test_what_is_skipped_is_counted_by_reason(tmp_path, capfd):
    file = tmp_path / "test_some.py"
    file.write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', range(3))\n"
        "def test_a(n): pytest.skip('no data')\n"
        "def test_b(): pass\n"
        "def test_c(): assert False\n"
    )
    python = Path(sys.executable)
    options = ["-p", "no:cacheprovider", "-o", f"cache_dir={tmp_path}", str(file)]
    first, second = (Suite(name, python, [*options, *more]) for name, more in
                     (("one", []), ("two", ["-k", "test_b"])))  # fmt: skip
    outcomes = sorted(run([first, second]), key=lambda outcome: outcome.suite.name)
    assert summary(outcomes) == ["SKIPPED 3 of one: no data"]
    assert [outcome.suite.name for outcome in failed(outcomes)] == ["one"]
    assert "1 failed, 1 passed, 3 skipped" in capfd.readouterr().out


def test_a_selection_may_leave_one_run_empty_but_not_all():
    outcomes = [Outcome(Suite("x", Path(), []), code, Counter()) for code in (5, 0)]
    assert failed(outcomes) == []
    assert failed(outcomes[:1]) == outcomes[:1]
