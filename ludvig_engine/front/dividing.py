"""From a scene to all of its segments at once, without prompts: `divide`."""

from __future__ import annotations

from ..progress import SILENT, Job
from ..sam import Segmenter
from ..sam.dividing import divided
from ..segmentation.automatic import Hierarchy
from ..segmentation.prepared import Prepared
from .segmenting import loaded


def divide(prepared: Prepared, *, sam: str | Segmenter = "", job: Job = SILENT) -> Hierarchy:
    """Divide a scene into segments, at all levels of detail.

    Args:
        prepared: A scene with features, of `prepare`.
        sam: A SAM as for `segment`; "": none. It segments everything in up to eight photos, and
            superpoints that its masks hold together become one thing rather than others.
        job: Told about progress, and asked whether to go on.

    Returns:
        A hierarchy, whose `cut(detail)` gives the segment of each Gaussian (N,), 0 the largest and
        -1 none, and their number. `detail` goes from 0, few large segments, to 1, many small ones;
        0.5 is meant to give things. A segment always lies within one of any lower detail.
    """
    return divided(prepared, loaded(prepared, sam, job) if sam else None, job=job)
