"""Regions of a scene, what lies between them, and what becomes of both when regions merge.

Regions begin as superpoints. All that is known of a region, and of the border between two, is sums
over its Gaussians and over pieces of border, so merging adds rows up.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.sparse import csr_matrix, triu
from scipy.spatial.transform import Rotation
from skimage.color import rgb2lab

from ..arrays import Array, Bool, Float, Int
from ..graph.contraction import contracted
from ..graph.neighbors import Graph
from ..graph.superpoints import Segments, grouped
from ..io.quantized import SH_C0
from ..progress import SILENT, Job, chunks
from ..scene import Gaussians
from .masked import Masked
from .prepared import Prepared
from .surfaces import Surfaces

FEW = 1500  # superpoints, at most about
ROWS = 65536  # Gaussians whose neighbors are looked at together
# What Gaussians that no view sees weigh, as a share of the mean area of those seen.
UNSEEN = 1e-4


@dataclass(frozen=True)
class Regions:
    """S regions and the E pairs of them that touch or are neighbors in the graph."""

    share: Float[Array, " S"]  # of the pixels of all views, 0..1
    area: Float[Array, " S"]  # squared scene units, as the mean over the views
    rim: Float[Array, " S"]  # length of the border in scene units, as the mean over the views
    mass: Float[Array, " S"]  # the weight of the sums below
    color: Float[Array, "S 3"]  # Σ mass · Lab / 100
    count: Float[Array, " S"]  # Gaussians
    features: Float[Array, "S D"]  # Σ of unit features, in standard deviations of the scene's
    a: Int[Array, " E"]
    b: Int[Array, " E"]
    # Per pair: the length of the contact in scene units, and over it the sums of the difference of
    # colors, of how much surfaces bend inwards, and of how much outwards; and edges of the graph.
    contact: Float[Array, "E 5"]
    masked: Masked | None = None  # what a SAM makes of them

    def __len__(self) -> int:
        return len(self.share)

    def merged(self, into: Int[Array, " S"], count: int) -> Regions:
        """`count` regions: region i becomes part of number into[i]."""
        a, b = into[self.a], into[self.b]
        inner = a == b
        gone = np.bincount(a[inner], 2 * self.contact[inner, 0], count)
        pairs, number = np.unique(
            np.minimum(a, b)[~inner] * np.int64(count) + np.maximum(a, b)[~inner],
            return_inverse=True,
        )
        sums = {
            name: summed(into, getattr(self, name), count)
            for name in ("share", "area", "rim", "mass", "color", "count", "features")
        }
        sums["rim"] = np.maximum(sums["rim"] - gone, 0)
        contact = summed(number, self.contact[~inner], len(pairs))
        masked = self.masked.merged(into, count) if self.masked else None
        return Regions(**sums, a=pairs // count, b=pairs % count, contact=contact, masked=masked)

    def first(self, count: int) -> Regions:
        """The first `count` regions and the pairs of them."""
        kept = (self.a < count) & (self.b < count)
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        pairs = {name: arrays.pop(name)[kept] for name in ("a", "b", "contact")}
        masked = arrays.pop("masked")
        arrays = {name: array[:count] for name, array in arrays.items()}
        return Regions(**arrays, **pairs, masked=masked.first(count) if masked else None)

    def touching(self) -> Regions:
        """Without the pairs that have no contact."""
        kept = self.contact[:, 0] > 0
        return replace(self, a=self.a[kept], b=self.b[kept], contact=self.contact[kept])


def summed(
    into: Int[Array, " N"], values: Float[Array, " N"] | Float[Array, "N K"], count: int
) -> Array:
    """The sums of values (N,) or (N, K) over what goes into each of `count` groups."""
    places = (np.ones(len(into)), (into, np.arange(len(into))))
    return np.asarray(csr_matrix(places, shape=(count, len(into))) @ values)


def superpoints(
    prepared: Prepared, surfaces: Surfaces, *, job: Job = SILENT
) -> tuple[Int[Array, " N"], Regions]:
    """The superpoint of each Gaussian, and the superpoints as regions.

    They are half as many as those of clicks (coarse.py), which merge further.
    """
    smaller, groups = prepared.superpoints(job=job)
    into, groups = grouped(groups, few=FEW, job=job)  # goes on where that ended
    labels = into[smaller]
    return labels, job.aside(lambda: _regions(prepared, surfaces, labels, groups))


def _regions(
    prepared: Prepared, surfaces: Surfaces, labels: Int[Array, " N"], groups: Segments
) -> Regions:
    gaussians, graph = prepared.gaussians, prepared.graph
    count = len(groups.x)
    seen = surfaces.area > 0
    usual = float(surfaces.area[seen].mean()) if seen.any() else 1.0
    mass = surfaces.area + UNSEEN * usual
    lab = _lab(gaussians.sh0[:, 0])
    channels = prepared.uplifted.features.shape[1]
    features = groups.x[:, :channels] * groups.mass[:, None].astype(np.float64)
    spread = float(np.sqrt(groups.x[:, :channels].var(0).sum()))
    a, b = labels[surfaces.near], np.where(surfaces.far < 0, -1, labels[surfaces.far])
    outer, touch = a != b, surfaces.touch & (a != b)
    border = np.zeros(len(gaussians), bool)
    border[surfaces.near[touch]] = border[surfaces.far[touch]] = True
    normals = _normals(gaussians, graph, labels, mass, surfaces.facing, border)
    rim = np.bincount(a[outer], surfaces.length[outer], count).astype(np.float64)
    rim += np.bincount(b[touch], surfaces.length[touch], count)
    pieces = _pieces(surfaces, touch, gaussians.means, lab, normals)
    between = triu(contracted(graph, 1, labels))
    edges = np.zeros((between.nnz, 5))
    edges[:, 4] = between.data
    start = Regions(
        share=np.bincount(labels, surfaces.share, count),
        area=np.bincount(labels, surfaces.area, count),
        rim=rim,
        mass=np.bincount(labels, mass, count),
        color=summed(labels, mass[:, None] * lab, count),
        count=groups.mass.astype(np.float64),
        features=features / max(spread, 1e-12),
        a=np.concatenate([a[touch], between.row]).astype(np.int64),
        b=np.concatenate([b[touch], between.col]).astype(np.int64),
        contact=np.concatenate([pieces, edges]),
    )
    return start.merged(np.arange(count), count)  # which adds up the pieces of each pair


def _pieces(
    surfaces: Surfaces,
    touch: Bool[Array, " P"],
    places: Float[Array, "N 3"],
    lab: Float[Array, "N 3"],
    normals: Float[Array, "N 3"],
) -> Float[Array, "T 5"]:
    """The rows of `Regions.contact` of the pieces of border where two superpoints touch."""
    near, far = surfaces.near[touch], surfaces.far[touch]
    length = surfaces.length[touch]
    step = (places[near] - places[far]).astype(np.float64)
    step /= np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-12)
    # Above 0 where the surfaces turn away from each other, as at the edges of a box, and below
    # where they face each other, as where the box stands on a table.
    bend = ((normals[near] - normals[far]) * step).sum(1)
    differ = np.linalg.norm(lab[near] - lab[far], axis=1)
    parts = (np.ones(len(near)), differ, np.maximum(-bend, 0), np.maximum(bend, 0))
    return np.stack([*(length * part for part in parts), np.zeros(len(near))], 1)


def _lab(sh0: Float[Array, "N 3"]) -> Float[Array, "N 3"]:
    rgb = np.clip(0.5 + SH_C0 * sh0, 0, 1)
    return np.asarray(rgb2lab(rgb), np.float32) / 100


def _normals(
    gaussians: Gaussians,
    graph: Graph,
    labels: Int[Array, " N"],
    mass: Float[Array, " N"],
    facing: Float[Array, "N 3"],
    which: Bool[Array, " N"],
) -> Float[Array, "N 3"]:
    """The direction in which the surface is thinnest at some Gaussians, towards the cameras.

    It is that of the Gaussian and its neighbors of the same superpoint together, because optimized
    Gaussians are not always flat, and a superpoint as a whole bends around edges.
    """
    places = gaussians.means - gaussians.means.mean(0)
    moments = np.empty((len(gaussians), 9), np.float32)
    thinnest = np.zeros((len(gaussians), 3), np.float32)
    parts = chunks(len(gaussians), ROWS)
    for part in parts:
        turned = Rotation.from_quat(gaussians.quats[part], scalar_first=True).as_matrix()
        axes = turned.astype(np.float32) * gaussians.scales[part, None, :]
        outer = places[part, :, None] * places[part, None, :]
        moments[part] = (axes @ axes.transpose(0, 2, 1) + outer).reshape(-1, 9)
    for part in parts:
        mine = np.flatnonzero(which[part])
        around = _own(graph, labels, mass, part)[mine]
        total = np.maximum(np.asarray(around.sum(1)), 1e-30)
        middle = around @ places / total
        spread = (around @ moments / total).reshape(-1, 3, 3)
        spread -= middle[:, :, None] * middle[:, None, :]
        thinnest[part.start + mine] = np.linalg.eigh(spread)[1][:, :, 0]
    side = (thinnest * facing).sum(1, keepdims=True)
    return np.where(side < 0, -thinnest, thinnest)


def _own(
    graph: Graph, labels: Int[Array, " N"], mass: Float[Array, " N"], part: slice
) -> csr_matrix:
    """The mass of the neighbors of the same superpoint, for some Gaussians; (rows, N)."""
    ends = graph.indptr[part.start : part.stop + 1]
    indices = graph.indices[int(ends[0]) : int(ends[-1])]
    weights = mass[indices].astype(np.float32)
    weights[np.repeat(labels[part], np.diff(ends)) != labels[indices]] = 0
    shape = part.stop - part.start, len(graph)
    return csr_matrix((weights, indices, ends - ends[0]), shape=shape)
