"""`conse[:size=896]`: a stand-in for CLIP whose weights come as Python packages.

ConSE (Norouzi et al. 2014): EfficientNet-Lite0 gives the probabilities of ImageNet's 1000 classes
at a place. Each class stands for the sentence embedding of its name, and these are averaged by
probability. So a text is compared with the names of the likely classes, and "fruit" finds bananas.
Things that ImageNet has no class for, such as sky, wall or person, cannot be found.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from .. import weights
from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.device import choose, import_torch, inference
from ..machine.images import fitted_size, to_tensor
from ..machine.pretrained import load_pretrained, load_tokenizer
from ..progress import chunks
from ..scene import Photo
from .convolution import read_weights
from .effnet import STATISTICS, Network, load_network, resampled
from .options import parse
from .pyramid import unit_vectors

VERSION = 1
SIZE = 896
# The photo is seen at both of these shares of the size, and the probabilities are averaged.
SHARES = (1.0, 0.5)
# Number of the most likely classes that are averaged.
LIKELY = 10


@dataclass(frozen=True)
class SentenceEncoder:
    """A text transformer; the mean of its token vectors is the embedding."""

    model: Any
    tokenizer: Any
    device: str

    def encode_text(self, prompts: Sequence[str]) -> Float[Array, "P D"]:
        """A unit vector per prompt, in the order given."""
        # Batches of prompts of similar length need little padding.
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        batches = [[prompts[i] for i in order[part]] for part in chunks(len(order), 64)]
        vectors = np.concatenate([self._encode(batch) for batch in batches])
        return vectors[np.argsort(order)]

    def _encode(self, prompts: list[str]) -> Float[Array, "P D"]:
        tokens = self.tokenizer(prompts, padding=True, truncation=True, return_tensors="pt").to(
            self.device
        )
        with inference(self.device):
            states = self.model(**tokens).last_hidden_state.float()
            mask = tokens["attention_mask"][..., None]
            return unit_vectors(((states * mask).sum(1) / mask.sum(1)).cpu().numpy())


@dataclass(frozen=True)
class Conse:
    """Maps of unit vectors in the space of the sentence encoder."""

    network: Network = field(repr=False, compare=False)
    sentences: SentenceEncoder = field(repr=False, compare=False)
    names: tuple[str, ...] = field(repr=False, compare=False)  # of the C classes
    name: str
    key: str
    licence: str
    device: str
    size: int  # longer side in pixels
    parallel: bool = False  # torch uses all cores by itself

    def encode_text(self, prompts: Sequence[str]) -> Float[Array, "P D"]:
        return self.sentences.encode_text(prompts)

    @cached_property
    def classes(self) -> Float[Array, "C D"]:
        """The embeddings of the classes' names.

        They take two seconds, and texts do not need them if all photos have been seen before.
        """
        return self.sentences.encode_text(self.names)

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        maps = [self._probabilities(photo, int(share * self.size)) for share in SHARES]
        grid = tuple(
            side // 16 for side in fitted_size(photo.pixels.shape, limit=self.size, multiple=32)
        )
        mean = np.mean([resampled(x, 32, grid) for x in maps], axis=0)
        vectors = unit_vectors(self._embed(mean.reshape(len(mean), -1).T))
        return np.ascontiguousarray(vectors.T.reshape(-1, *grid), np.float32)

    def _probabilities(self, photo: Photo, limit: int) -> Float[Array, "C a b"]:
        torch = import_torch()
        size = fitted_size(photo.pixels.shape, limit=limit, multiple=32)
        with inference(self.device):
            last = self.network(to_tensor(photo.pixels, size, STATISTICS, device=self.device))[-1]
            # The head was trained on means over 7 x 7 places, so each place is averaged with its
            # neighbors before it is classified.
            seen = torch.nn.functional.avg_pool2d(
                self.network.head(last), 3, 1, 1, count_include_pad=False
            )
            probabilities: Array = self.network.classify(seen).softmax(1)[0].cpu().numpy()
            return probabilities

    def _embed(self, probabilities: Float[Array, "n C"]) -> Float[Array, "n D"]:
        least = np.partition(probabilities, -LIKELY, axis=1)[:, -LIKELY, None]
        return np.where(probabilities >= least, probabilities, 0) @ self.classes


def load(argument: str, *, device: str) -> Conse:
    """Load the extractor. Raises `EngineError` "bad_input" or `weights.MissingWeights`."""
    choice, options = parse(argument, {"size": SIZE})
    if choice:
        raise EngineError("bad_input", f'"conse" has no variant "{choice}".', ["Write: conse."])
    device = choose(device)
    folders = [weights.path(id) for id in ("effnet", "minilm", "imagenet-names")]
    sentences = SentenceEncoder(
        load_pretrained("AutoModel", folders[1], device=device, half=False),
        load_tokenizer(folders[1]),
        device,
    )
    names = json.loads((folders[2] / "imagenet1k_clean_names.json").read_text("utf-8"))
    hashes = "-".join(weights.fingerprint(folder) for folder in folders)
    return Conse(
        load_network(read_weights(folders[0], device)),
        sentences,
        tuple(names),
        "conse (ImageNet classes x MiniLM)",
        f"conse-{VERSION}-{hashes}-{options['size']}",
        "Apache-2.0 AND MIT",
        device,
        options["size"],
    )
