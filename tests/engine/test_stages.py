"""A stage is shown by its text and compared by its id."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from ludvig_engine.progress import Job
from ludvig_engine.service.jobs import Jobs
from ludvig_engine.stages import EXTRACT, REFINE, STAGES, Stage
from ludvig_engine.wire.protocol import Progress
from wire_tools import wait_for

ENGINE = Path(__file__).resolve().parents[2] / "ludvig_engine"


def test_a_stage_is_its_text():
    stage = EXTRACT.of("colour")
    assert stage == "Extracting features (colour)" and isinstance(stage, str)
    assert (stage.id, stage.name) == ("extract", "Extracting features")
    step = REFINE.reading("Refining features, step 2")
    assert (str(step), step.id, step.name) == (step, "refine", step)


def test_every_stage_has_an_id_of_its_own():
    assert all(id == stage.id and id.isidentifier() for id, stage in STAGES.items())
    assert len({str(stage) for stage in STAGES.values()}) == len(STAGES) > 20


def test_plain_strings_have_no_id():
    assert Stage.named("Looking").id == "" and Stage.named("Looking").name == "Looking"
    assert Stage.named(EXTRACT) is EXTRACT


def reported(tree: ast.AST) -> Iterator[str]:
    """The plain strings that are given to a job as stages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
            "track",
            "report",
            "map",
        ):
            for given in node.args:
                if isinstance(given, ast.JoinedStr | ast.Constant) and not is_number(given):
                    yield ast.unparse(given)


def is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, str)


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda path: path.stem)
def test_the_engine_reports_stages_only(path):
    assert not list(reported(ast.parse(path.read_text("utf-8"))))


def test_the_check_itself_sees_strings():
    given = "job.track(photos, 'Looking'); job.report(f'At {x}', 0, 1); job.report(GRAPH, 0, 1)"
    assert list(reported(ast.parse(given))) == ["'Looking'", "f'At {x}'"]


def test_progress_says_id_and_name():
    told: list[Progress] = []
    jobs, answered = Jobs(), Event()

    def work(job: Job) -> None:
        for stage in EXTRACT.of("colour"), "Looking":
            job.report(stage, 1, 2)
            assert wait_for(lambda stage=stage: told and told[-1].stage == stage)

    jobs.add(work, name=1, answer=lambda _: answered.set(), tell=told.append)
    assert answered.wait(10)
    jobs.close()
    assert all(type(report.stage) is str for report in told)
    assert [(report.stage, report.stage_id, report.stage_name) for report in told] == [
        ("Extracting features (colour)", "extract", "Extracting features"),
        ("Looking", "", "Looking"),
    ]
