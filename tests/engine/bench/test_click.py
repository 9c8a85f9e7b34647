"""The figures of `ludvig bench click` are of the whole click, and of each part."""

from __future__ import annotations

import json
import subprocess
import sys

from ludvig_engine.bench import synthetic
from ludvig_engine.bench.click import run


def test_the_stages_are_the_click():
    figures = run(synthetic.gaussians(5000), synthetic.cameras(1, 200, 133)[0], clicks=1)
    assert (figures["gaussians"], figures["k"], figures["channels"]) == (5000, 16, 40)
    stages = {"Reading prompts_s", "Diffusing_s", "Answering_s", "Encoding_s"}
    assert stages <= set(figures)
    parts = sum(v for name, v in figures.items() if name[0].isupper())
    assert 0 < parts <= figures["click_s"] + 1e-4  # stages are rounded


def test_the_command_prints_json():
    command = [
        sys.executable,
        "-m",
        "ludvig_engine",
        "bench",
        "click",
        "--gaussians",
        "2000",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["click"]["gaussians"] == 2000
