import numpy as np

from ludvig_engine.io.shots import Intrinsics, Shot
from ludvig_engine.io.turns import turns_of


def shots(*sizes):
    return [
        Shot(str(n), np.eye(4), Intrinsics("PINHOLE", (100.0, 100.0, 50.0, 50.0), *size))
        for n, size in enumerate(sizes)
    ]


def stored(*files):
    return {str(n): file for n, file in enumerate(files)}


WIDE, HIGH = (120, 90), (90, 120)


def test_sizes_decide():
    turns, notes = turns_of(shots(WIDE, WIDE), stored((HIGH, 6), (WIDE, 1)))
    assert turns == {"0": 6} and len(notes) == 1 and "1 of 2 photos" in notes[0]
    assert turns_of(shots(HIGH, WIDE), stored((HIGH, 6), (WIDE, 1))) == ({}, [])
    assert turns_of(shots(WIDE), {}) == ({}, [])


def test_photos_whose_size_does_not_tell_follow_the_others():
    """One program computed all cameras, so it turned all photos or none."""
    turns, notes = turns_of(shots(WIDE, WIDE), stored((HIGH, 8), (WIDE, 3)))
    assert turns == {"0": 8, "1": 3} and len(notes) == 2
    assert turns_of(shots(HIGH, WIDE), stored((HIGH, 8), (WIDE, 3))) == ({}, [])


def test_photos_of_which_none_tells_stay_as_they_are_stored_and_that_is_said():
    turns, notes = turns_of(shots(WIDE, (100, 100)), stored((WIDE, 3), ((100, 100), 6)))
    assert turns == {} and "2 of 2 photos" in notes[0] and "COLMAP" in notes[0]


def test_other_sizes_of_the_same_shape_decide_as_well():
    assert turns_of(shots(WIDE), stored(((450, 600), 5)))[0] == {"0": 5}
