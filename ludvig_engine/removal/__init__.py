"""Removal that leaves nothing behind: no rim, no residue, no hole.

    selection -> border split -> residue found -> deleted -> holes found -> surfaces continued

`remove` is the way through; each step is a file, arrays in and arrays out.
"""

from .remove import Removal, remove

__all__ = ["Removal", "remove"]
