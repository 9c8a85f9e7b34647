"""Scenes and views on the GPU: what is copied there, and the launches of the kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Array
from ..errors import EngineError
from ..machine.device import import_torch
from ..machine.nvrtc import Launch
from ..progress import SILENT, Job, chunks
from ..scene import Camera, Gaussians
from ..scene.raster import Raster
from .sights import Sight
from .tiles import Tiles, bilinear, corners, foldable, lens, tiles

WHAT = "The scene"
CHANNELS = 16  # of a pass over the pixels
SOURCE = Path(__file__).with_name("kernels.cu")


class DeviceScene:
    """Gaussians on the device."""

    def __init__(self, launch: Launch, device: str, warp: int, gaussians: Gaussians) -> None:
        self.launch = launch
        self.device = device
        self.warp = warp
        self.N = len(gaussians)
        shapes = gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities
        self.shapes = [self.tensor(array) for array in shapes]

    def tensor(self, array: Array, dtype: Any = np.float32) -> Any:
        return import_torch().as_tensor(np.ascontiguousarray(array, dtype), device=self.device)

    def view(
        self,
        camera: Camera,
        raster: Raster,
        *,
        grid: tuple[int, int] | None = None,
        valid: Array | None = None,
    ) -> DeviceView:
        return DeviceView(self, camera, raster, tiles(camera, grid), valid)

    def add(self, sight: Sight, raster: Raster, sums: Any, job: Job) -> Any:
        """Add a sight to `sums`; its Σ w (N,)."""
        camera, valid = sight.camera, sight.valid
        feature_map = sight.feature_map
        grid = feature_map.shape[1:]
        if not foldable(camera, grid):
            view = self.view(camera, raster, valid=valid)
            return view.add_dense(feature_map, valid, sums, job)
        view = self.view(camera, raster, grid=grid, valid=valid)
        down, across = map(self.tensor, bilinear(camera, grid))
        basis = down[:, None, :, None] * across[None, :, None, :]
        weights = view.weighed("weigh_4", basis.reshape(camera.height, camera.width, 4), valid)
        cells = self.tensor(corners(view.tiles, camera, grid), np.int32)
        features = self.tensor(feature_map).flatten(1).T.contiguous()
        totals = import_torch().zeros(self.N, device=self.device)
        self.launch(
            "multiply",
            self.N * self.warp,
            *(self.N, view.offset, view.tile_of_pair, weights, cells, features),
            *(features.shape[1], sums, totals),
        )
        return totals


class DeviceView:
    """Gaussians, a camera, and the pairs of Gaussians and tiles in the order of blending."""

    def __init__(
        self, scene: DeviceScene, camera: Camera, raster: Raster, tiles: Tiles, valid: Array | None
    ) -> None:
        torch, N = import_torch(), scene.N
        self._scene, self._camera = scene, camera
        self.tiles = tiles
        self._limits = raster.alpha_clamp, raster.min_alpha, raster.stop
        ints = {"dtype": torch.int32, "device": scene.device}
        self._geometry = torch.empty(N, 8, device=scene.device)
        box, count = torch.empty(N, 4, **ints), torch.empty(N, **ints)
        of_pixels = (scene.tensor(a, np.int32) for a in (tiles.of_column, tiles.of_row))
        look = scene.tensor(lens(camera, raster, valid), np.float64)
        arguments = *scene.shapes, look, *of_pixels, self._geometry, box, count
        scene.launch("project", N, N, *arguments)
        self.offset = _starts(count)
        total = int(self.offset[-1])
        if total >= 2**31:
            raise EngineError(
                "out_of_memory",
                f"{WHAT} has {total:,} pairs of splats and tiles in one view, too many for a GPU.",
                ["Use the CPU."],
            )
        visible = torch.nonzero(count)[:, 0]
        order = visible[torch.sort(self._geometry[visible, 7], stable=True).indices]
        tile, who, pair = (torch.empty(total, **ints) for _ in range(3))
        self.tile_of_pair = torch.empty(total, **ints)
        arguments = order, box, tiles.across, _starts(count[order]), self.offset, tile, who, pair
        scene.launch("list_pairs", len(order), len(order), *arguments, self.tile_of_pair)
        tile, by_tile = torch.sort(tile, stable=True)
        self._who, self._pair = who[by_tile], pair[by_tile]
        numbers = torch.arange(tiles.count + 1, **ints)
        self._starts = torch.searchsorted(tile, numbers, out_int32=True)
        self._edges = [scene.tensor(edges, np.int32) for edges in (tiles.columns, tiles.rows)]

    def weighed(self, kernel: str, basis: Any, valid: Array | None) -> Any:
        """(pairs, K): Σ w basis over the tile's pixels, of an (H, W, K) basis."""
        scene, K = self._scene, basis.shape[-1]
        mask = None if valid is None else self._scene.tensor(valid)
        out = import_torch().zeros(len(self._who), K, device=scene.device)
        scene.launch(
            kernel,
            self.tiles.count * scene.warp,
            *(self.tiles.count, self.tiles.across, *self._edges, self._starts, self._who),
            *(self._pair, self._geometry, self._camera.width, basis, mask, *self._limits, out),
            block=128,
        )
        return out

    def gathered(self, image: Any, valid: Array | None) -> Any:
        """(N, C): Aᵀ of a (C, H, W) image of at most CHANNELS channels."""
        torch, scene = import_torch(), self._scene
        basis = torch.zeros(*image.shape[1:], CHANNELS, device=scene.device)
        basis[..., : len(image)] = image.permute(1, 2, 0)
        sums = torch.empty(scene.N, CHANNELS, device=scene.device)
        weights = self.weighed("weigh_16", basis, valid)
        scene.launch("gather", scene.N * CHANNELS, scene.N, self.offset, weights, sums)
        return sums[:, : len(image)]

    def add_dense(self, feature_map: Array, valid: Array | None, sums: Any, job: Job) -> Any:
        """Add Aᵀ of a map of any resolution to `sums`; Σ w (N,)."""
        torch, camera = import_torch(), self._camera
        total = None
        ones = torch.ones(1, camera.height, camera.width, device=self._scene.device)
        for part in chunks(len(feature_map) + 1, CHANNELS):  # channel 0 is the one of ones
            job.check()
            features = slice(max(part.start - 1, 0), part.stop - 1)
            image = self.upsampled(feature_map[features])
            if total is None:
                found = self.gathered(torch.cat([ones, image]), valid)
                total, found = found[:, 0].clone(), found[:, 1:]
            else:
                found = self.gathered(image, valid)
            sums[:, features] += found
        return total

    def blended(self, values: Any, job: Job = SILENT) -> tuple[Any, Any]:
        """(C, H, W) and (H, W) of values (N, C)."""
        scene, camera = self._scene, self._camera
        torch, C = import_torch(), values.shape[1]
        image = torch.empty(C, camera.height, camera.width, device=scene.device)
        opaque = torch.zeros(camera.height, camera.width, device=scene.device)
        for part in chunks(C, CHANNELS):
            job.check()
            scene.launch(
                "blend",
                self.tiles.count * 256,
                *(self.tiles.across, *self._edges, self._starts, self._who, self._geometry),
                *(camera.width, camera.height, values, C, part.start, *self._limits),
                *(image, opaque),
            )
        return image, opaque

    def upsampled(self, feature_map: Array) -> Any:
        size = self._camera.height, self._camera.width
        found = self._scene.tensor(feature_map)
        if found.shape[1:] == size or not len(found):
            return found.reshape(len(found), *size) if len(found) else found.new_zeros(0, *size)
        functional = import_torch().nn.functional
        return functional.interpolate(found[None], size, mode="bilinear", align_corners=False)[0]


def _starts(count: Any) -> Any:
    """Where each begins if they stand side by side, and where the last ends: int64."""
    torch = import_torch()
    zero = torch.zeros(1, dtype=torch.int64, device=count.device)
    return torch.cat([zero, torch.cumsum(count, 0, dtype=torch.int64)])
