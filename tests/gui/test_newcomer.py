"""A newcomer: factory settings, the zip, the sample scene, a click. It times nothing, it tells."""

from __future__ import annotations


def test_the_first_selection(play):
    said = play("newcomer.py", "newcomer")
    print(f"load {said['load']:.1f}")
    for name, seconds, spent in said["steps"]:
        print(f"{name}: {seconds} s, {spent} s of CPU")
    names = [name for name, *_ in said["steps"]]
    assert names[1:] == [
        "drop the zip",
        "press N and choose the tab LUDVIG",
        "press Open Sample Scene",
        "press Click in Find",
        "click on the monkey",
        "wait for all photos",
        "click on the mug",
    ]
    assert "From 8 of 24 photos so far." in said["note on the monkey"]
    for name in ("monkey", "mug"):
        assert 0 < said[name] < 0.5 * said["count"]
