"""What stays on the GPU from call to call, and how results come back from it."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..arrays import Array
from ..machine.device import import_torch
from ..machine.nvrtc import Launch
from ..progress import SILENT, chunks
from ..scene import Gaussians
from .gpu_view import DeviceScene

PIECE = 8 << 20  # numbers that are fetched at a time, 32 MiB
FETCHERS = 4  # threads


class Resident:
    """The scene that was used last stays on the device, as long as someone has its Gaussians."""

    def __init__(self) -> None:
        self._last: tuple[weakref.ref[Gaussians], DeviceScene] | None = None

    def scene(self, launch: Launch, device: str, warp: int, gaussians: Gaussians) -> DeviceScene:
        last = self._last
        if last is None or last[0]() is not gaussians:
            made = DeviceScene(launch, device, warp, gaussians)
            self._last = last = weakref.ref(gaussians, self._forget), made
        return last[1]

    def _forget(self, gone: weakref.ref[Gaussians]) -> None:
        if self._last and self._last[0] is gone:
            self._last = None


def fetched(tensor: Any) -> Array:
    """A float32 tensor as an array.

    A plain copy of a large one takes 2 GB/s, most of it for the array's new pages; threads share
    that work, and pinned memory keeps the bus busy.
    """
    torch = import_torch()
    if tensor.device.type == "cpu" or tensor.numel() <= PIECE:
        array: Array = tensor.cpu().numpy()
        return array
    out = np.empty(tuple(tensor.shape), np.float32)
    flat, source = out.reshape(-1), tensor.reshape(-1)

    def one(part: slice) -> None:
        piece = source[part].to("cpu", non_blocking=True)
        torch.cuda.current_stream().synchronize()
        flat[part] = piece.numpy()

    list(SILENT.map(one, chunks(len(flat), PIECE), threads=FETCHERS))
    return out
