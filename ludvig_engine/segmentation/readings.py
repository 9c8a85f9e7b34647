"""Part or whole: the first click means one of the nested groups around it, and the user may choose.

Readings are numbered by steps from the best guess, 0: -1 is the next smaller one, a part of it, and
1 the next larger one, of which it is a part. The numbers are those of the first click alone and
stay with it, whatever is clicked later. What later prompts have added to the object, or taken away,
is added to every reading or taken away from it, so that all readings follow all prompts; those that
cannot are not offered.

All readings are nested, so that one number per Gaussian tells a front end everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float, Int, UInt8

# Superpoints of a group, and what speaks for it.
Group = tuple[Bool[Array, " S"], float]

MOST = 6  # readings that are offered
# IoU of two readings above which they are the same to users.
ALIKE = 0.8


@dataclass(frozen=True)
class Ladder:
    """What the first stroke may mean: selections of N Gaussians of S superpoints."""

    labels: Int[Array, " N"]  # the superpoint of each Gaussian
    guess: Bool[Array, " N"]  # what it most likely means
    groups: Mapping[int, Bool[Array, " S"]]  # the other readings, by steps from the guess

    @classmethod
    def of(
        cls,
        labels: Int[Array, " N"],
        guess: Bool[Array, " N"],
        groups: Sequence[Group],
        visible: Float[Array, " N"],
    ) -> Ladder:
        """The likeliest of nested groups that differ from the guess and from each other.

        `groups` ascend; `visible` is how much the photos show of each Gaussian, which counts.
        """
        count = len(groups[0][0])
        seen = np.bincount(labels, visible, count)
        inside = np.bincount(labels, visible * guess, count)
        whole = float(inside.sum())
        below: list[tuple[float, Bool[Array, " S"]]] = []
        above: list[tuple[float, Bool[Array, " S"]]] = []
        taken = [whole]
        for group, _ in sorted(groups, key=lambda one: -one[1]):
            part, more = float(inside[group].sum()), float((seen - inside)[group].sum())
            for side, size in ((below, part), (above, whole + more)):
                if len(taken) < MOST and all(min(size, x) < ALIKE * max(size, x) for x in taken):
                    side.append((size, group))
                    taken.append(size)
        below.sort(key=lambda one: -one[0])
        above.sort(key=lambda one: one[0])
        parts = {-n: group for n, (_, group) in enumerate(below, 1)}
        wholes = {n: group for n, (_, group) in enumerate(above, 1)}
        return cls(labels, guess, {**parts, **wholes})

    @property
    def key(self) -> bytes:
        """The same for the same readings."""
        content = hashlib.blake2b(repr(sorted(self.groups)).encode())
        for selection in (self.guess, *(self.groups[step] for step in sorted(self.groups))):
            content.update(np.packbits(selection).tobytes())
        return content.digest()

    @property
    def steps(self) -> list[int]:
        """The numbers of all readings, ascending."""
        return sorted({0, *self.groups})

    def nearest(self, reading: int) -> int:
        """The reading with this number, or the first or last one."""
        return min(max(reading, self.steps[0]), self.steps[-1])

    def first(self, reading: int) -> Bool[Array, " N"]:
        """The selection after the first stroke alone."""
        if not reading:
            return self.guess
        inside = self.groups[reading][self.labels]
        return self.guess | inside if reading > 0 else self.guess & inside

    def read(self, reading: int, fixed: Int[Array, " N"]) -> Bool[Array, " N"]:
        """The selection after corrections, which have fixed what is in (1) and what is out (-1)."""
        return np.where(fixed, fixed > 0, self.first(reading))


@dataclass(frozen=True)
class Readings:
    """The readings that are offered, from part to whole, and the one that is taken."""

    steps: tuple[int, ...]  # from the best guess, ascending
    taken: int  # one of them
    # How many of the readings leave out each Gaussian: reading k of them selects levels <= k.
    levels: UInt8[Array, " N"]
    notes: tuple[str, ...] = ()

    @property
    def selected(self) -> Bool[Array, " N"]:
        """What the reading selects that is taken."""
        return self.of(self.taken)

    def of(self, reading: int) -> Bool[Array, " N"]:
        """What one of the readings selects."""
        return self.levels <= self.steps.index(reading)


def offered(
    ladder: Ladder,
    fixed: Int[Array, " N"],
    shown: int,
    wanted: int,
    followed: Callable[[Bool[Array, " N"]], bool],
) -> Readings:
    """The readings that follow all prompts, and the one that was `shown` to the last of them.

    The one that is `wanted` is taken, or the nearest to it.
    """
    selected = ladder.read(shown, fixed)
    found: dict[int, Bool[Array, " N"]] = {}
    for step in ladder.steps:
        other = ladder.read(step, fixed)
        # Corrections may have made two readings the same.
        same = any(np.array_equal(other, one) for one in (selected, *found.values()))
        if step == shown or (not same and followed(other)):
            found[step] = other
    taken = min(found, key=lambda step: abs(step - wanted))
    levels = np.zeros(len(selected), np.uint8)
    for one in found.values():
        levels += ~one
    notes: tuple[str, ...] = ()
    if taken != wanted:
        notes = (
            f"There is no reading {wanted:+d} that follows all prompts, so {taken:+d} is taken: "
            f"there are {', '.join(f'{step:+d}' for step in found)}.",
        )
    return Readings(tuple(found), taken, levels, notes)
