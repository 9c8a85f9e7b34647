"""`ludvig bench wire` prints all its figures.

No test asserts them: on a busy machine any speed is possible.
"""

from __future__ import annotations

from ludvig_engine.bench import wire


def test_every_figure_is_measured():
    figures = wire.run(repeat=1)
    sizes = ("empty_call", "1M_floats_there_and_back", "192MB_there", "192MB_there_and_back")
    ours = {f"{way}_{size}" for way in ("wire", "pipe") for size in sizes}
    assert set(figures) == ours | {"start_to_connection_file", "start_to_first_answer"}
    assert all(seconds > 0 for seconds in figures.values())
    assert figures["start_to_connection_file"] <= figures["start_to_first_answer"]
