"""An engine with predictable answers: it finds the splats that have the color of what was clicked.

Run as a program, it stands in for `python -m ludvig_engine serve`. NumPy and the wire only.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import numpy as np

from ludvig_engine.errors import EngineError
from ludvig_engine.io.ply import read_ply
from ludvig_engine.scene import Gaussians
from ludvig_engine.service.server import serve
from ludvig_engine.wire import methods

# How near to its center a splat has to be clicked, in pixels.
TOUCH = 6.0
# How near neighbors are, in scene units.
NEAR = 0.5
NOWHERE = EngineError("bad_input", "No splat is visible there.", ["Click on the object."])

scenes = []


def open_scene(request, _job):
    cloud = (
        Gaussians(**vars(request.cloud)) if request.cloud else read_ply(request.splats).gaussians
    )
    scenes.append(cloud)
    low_high = np.stack([cloud.means.min(0), cloud.means.max(0)])
    nothing = (
        np.zeros((0, 4, 4)),
        np.zeros((0, 3, 3)),
        np.zeros((0, 2), np.int32),
        np.zeros((0, 2), np.int32),
    )
    return methods.SceneOpened(
        str(len(scenes) - 1), len(cloud.means), len(cloud.means), 0, low_high, (), (), *nothing
    )


def under(cloud, prompt):
    """The splats that a prompt touches, before colors are compared."""
    if prompt.kind == "text":
        raise EngineError("unavailable", "No words here.", ["Click instead."])
    camera = prompt.viewport
    at = cloud.means @ camera.viewmat[:3, :3].T + camera.viewmat[:3, 3]
    x, y = (at @ camera.K.T)[:, :2].T / at[:, 2]
    pixels = prompt.pixels + 0.5
    if prompt.kind == "box":
        inside = (x > pixels[0, 0]) & (x < pixels[1, 0]) & (y > pixels[0, 1]) & (y < pixels[1, 1])
        return np.flatnonzero(inside & (at[:, 2] > 0))
    found = []
    for u, v in pixels:
        close = np.flatnonzero(
            (np.hypot(x - u, y - v) < max(prompt.radius, TOUCH)) & (at[:, 2] > 0)
        )
        if len(close):
            found.extend(close if prompt.through else [close[np.argmin(at[close, 2])]])
    return np.array(found, int)


def segment(request, job):
    if os.environ.get("LUDVIG_SLOW"):
        for _ in job.track(range(100), "Thinking"):
            time.sleep(float(os.environ["LUDVIG_SLOW"]) / 100)
    cloud = scenes[int(request.scene)]
    scores = np.zeros(len(cloud.means), np.float32)
    for sign in (True, False):
        for n, prompt in enumerate(request.prompts):
            seen = (
                np.arange(len(scores))
                if request.visible is None
                else np.flatnonzero(request.visible[:, n])
            )
            rows = seen[under(cloud.take(seen), prompt)]
            if prompt.positive == sign and len(rows):
                distance = np.linalg.norm(
                    cloud.sh0[:, 0, None] - cloud.sh0[None, rows, 0], axis=2
                ).min(1)
                like = np.exp(-(distance**2))
                scores = np.maximum(scores, like) if sign else np.minimum(scores, 1 - like)
    if not scores.any():
        raise NOWHERE
    unread = 3 if request.early and os.environ.get("LUDVIG_EARLY") else 0
    scores *= 0.9 if unread else 1
    threshold = 0.5 if request.threshold is None else request.threshold
    # Readings: the half with larger x, what has the color, and everything.
    half = cloud.means[:, 0] > np.median(cloud.means[scores > threshold, 0])
    levels = (2 - (scores > threshold) - ((scores > threshold) & half)).astype(np.uint8)
    readings = (-1, 0, 1)
    reading = min(max(request.reading, -1), 1)
    selected = levels <= readings.index(reading)
    outside = np.minimum(scores, np.float32(threshold))
    return methods.Segment(
        np.where(selected, np.maximum(scores, np.float32(threshold + 1e-3)), outside),
        selected,
        threshold,
        request.extractor,
        {},
        # As if nothing were in the cache.
        {"extract": float(seconds)} if (seconds := os.environ.get("LUDVIG_EXTRACTS")) else {},
        ("As told.", *([f"By {request.sam}."] if request.sam else [])),
        readings=readings,
        reading=reading,
        levels=levels,
        unread=unread,
        read=4 - unread,
    )


def resize(request, _job, grow):
    means, inside = scenes[int(request.scene)].means, request.selected.copy()
    assert len(means) == len(inside)
    near = np.linalg.norm(means[:, None] - means[None], axis=2) < NEAR
    for _ in range(request.hops):
        inside = near[:, inside].any(1) if grow else inside & ~near[:, ~inside].any(1)
    return methods.Resized(inside)


def floaters(request, _job):
    """The splats with the largest x."""
    x = scenes[int(request.scene)].means[:, 0]
    return methods.Floaters((x > np.median(x)).astype(np.float32), 0.5, {})


def remove(request, _job):
    """What is near goes too and the next one is halved; two new ones stand in the middle."""
    cloud, selected = scenes[int(request.scene)], request.selected
    distance = np.linalg.norm(cloud.means[:, None] - cloud.means[selected], axis=2).min(1)
    removed = distance < (NEAR if request.residue else 1e-9)
    cut = ~removed & (distance < 2 * NEAR) & request.boundary
    parts = cloud.take(cut)
    filled = cloud.take(np.flatnonzero(selected)[: 2 if request.fill else 0])
    return methods.ObjectRemoved(
        removed,
        cut,
        methods.Cloud(**(vars(parts) | {"opacities": parts.opacities / 2})),
        methods.Cloud(**(vars(filled) | {"opacities": np.full(len(filled.means), 0.5, "f4")})),
        {},
        ("As told.",),
    )


def divide(request, _job):
    """The colors are the leaves, numbered by size; they merge one by one, from 0.9 down to 0.1."""
    colors = scenes[int(request.scene)].sh0[:, 0].round(1)
    means, labels, sizes = np.unique(colors, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    leaves = np.argsort(order)[labels.ravel()].astype(np.int32)
    count = len(sizes)
    merges = np.array(
        [(count + n - 1 if n else 0, n + 1) for n in range(count - 1)], np.int32
    ).reshape(-1, 2)
    levels = np.linspace(0.9, 0.1, count - 1, dtype=np.float32)
    return methods.Segments(leaves, count, {}, leaves, merges, levels, means[order])


def compute(request, _job):
    count = len(scenes[int(request.scene)].means)
    views = np.arange(count, dtype=np.float32)
    return methods.FeaturesComputed(request.extractor, 3, count, False, {}, views=views)


def preview(request, _job):
    """The color of each splat."""
    return methods.FeaturesPreviewed(scenes[int(request.scene)].sh0[:, 0])


if __name__ == "__main__":
    serve(
        sys.argv[sys.argv.index("--connection-file") + 1],
        {
            "scene/open": open_scene,
            "segment/run": segment,
            "segment/grow": lambda request, job: resize(request, job, True),
            "segment/shrink": lambda request, job: resize(request, job, False),
            "scene/floaters": floaters,
            "scene/remove": remove,
            "segments/auto": divide,
            "features/compute": compute,
            "features/preview": preview,
        },
    )
