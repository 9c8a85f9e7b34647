"""Text models whose answers are known: random vectors, alone or planted in small_scene."""

from __future__ import annotations

import zlib

import numpy as np

import small_scene
from ludvig_engine.rendering import render

# What each part of small_scene is called.
WORDS = {"red": "tomato", "blue": "marble", "green": "lime", "ground": "table"}


class Planted:
    """A text encoder whose words are fixed random directions; words of a group share a part."""

    def __init__(self, size=128, groups=()):
        self.size, self.groups = size, groups

    def encode_text(self, prompts):
        return np.stack([self.word(prompt) for prompt in prompts])

    def word(self, word):
        x = self.random(word)
        for group in self.groups:
            if word in group:
                x = x + 1.5 * self.random(group[0] + "!")
        return x / np.linalg.norm(x)

    def random(self, word):
        return (
            np.random.default_rng(zlib.crc32(word.encode()))
            .normal(size=self.size)
            .astype(np.float32)
        )


class PlantedExtractor(Planted):
    """A "CLIP" that sees the vectors of `WORDS` where the splats show their things, plus noise."""

    name = "planted"
    key = "planted-1"
    licence = ""
    parallel = True

    def __init__(self, noise, grid=(22, 30)):
        super().__init__()
        self.noise, self.grid = noise, grid
        cloud, names = small_scene.gaussians()
        shown = np.stack([names == name for name in WORDS], 1).astype(np.float32)
        self.shown = [render(cloud, camera, shown)[0] for camera in small_scene.cameras()]

    def __call__(self, photo):
        view = int(photo.name.rpartition("_")[2].partition(".")[0])
        h, w = self.grid
        cells = (
            np.linspace(0, small_scene.SIZE[1] - 1, h).astype(int),
            np.linspace(0, small_scene.SIZE[0] - 1, w).astype(int),
        )
        share = self.shown[view][:, cells[0][:, None], cells[1]]
        vectors = np.tensordot(self.encode_text(list(WORDS.values())).T, share, 1)
        noise = (
            np.random.default_rng(view).normal(size=vectors.shape) * self.noise / np.sqrt(self.size)
        )
        return (vectors + noise).astype(np.float32)


def iou(selected, truth, seen):
    """Intersection over union, of the Gaussians that some photo shows."""
    return (selected & truth & seen).sum() / ((selected | truth) & seen).sum()
