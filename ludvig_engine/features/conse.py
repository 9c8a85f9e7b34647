"""`conse[:size=896]`: a stand-in for CLIP where none can be fetched, from Python packages.

ConSE (Norouzi et al. 2014): the classes that EfficientNet-Lite0 sees in a place, of the 1000 of ImageNet, each taken as
the sentence embedding of its name and averaged by probability. So a text is compared with what the likely classes are
called: "fruit" finds bananas. What ImageNet has no class for, such as sky, wall or person, it cannot find.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import weights
from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.device import choose, import_torch, inference, load_pretrained, load_tokenizer
from ..machine.images import fit, to_tensor
from ..progress import chunks
from ..scene import Photo
from .convolution import read_weights
from .effnet import STATISTICS, Network, load_network, resampled
from .options import parse
from .pyramid import unit

VERSION = 1
SIZE = 896
SHARES = (1.0, 0.5)  # of the size: near and far sight
LIKELY = 10  # classes that are averaged


@dataclass(frozen=True)
class SentenceEncoder:
    """A text transformer whose token vectors are averaged."""

    model: Any
    tokenizer: Any
    device: str

    def encode_text(self, prompts: Sequence[str]) -> Float[Array, "P D"]:
        order = sorted(
            range(len(prompts)), key=lambda i: len(prompts[i])
        )  # alike in length: little padding
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
            return unit(((states * mask).sum(1) / mask.sum(1)).cpu().numpy())


@dataclass(frozen=True)
class Conse:
    """Unit vectors in the space of the sentence encoder."""

    network: Network = field(repr=False, compare=False)
    sentences: SentenceEncoder = field(repr=False, compare=False)
    classes: Float[Array, "C D"] = field(repr=False, compare=False)
    name: str
    key: str
    licence: str
    device: str
    size: int
    parallel: bool = False  # torch uses all cores itself

    def encode_text(self, prompts: Sequence[str]) -> Float[Array, "P D"]:
        return self.sentences.encode_text(prompts)

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        maps = [self._probabilities(photo, int(share * self.size)) for share in SHARES]
        grid = tuple(side // 16 for side in fit(photo.pixels.shape, limit=self.size, multiple=32))
        mean = np.mean([resampled(x, 32, grid) for x in maps], axis=0)
        vectors = unit(self._embed(mean.reshape(len(mean), -1).T))
        return np.ascontiguousarray(vectors.T.reshape(-1, *grid), np.float32)

    def _probabilities(self, photo: Photo, limit: int) -> Float[Array, "C a b"]:
        torch = import_torch()
        size = fit(photo.pixels.shape, limit=limit, multiple=32)
        with inference(self.device):
            last = self.network(to_tensor(photo.pixels, size, STATISTICS, device=self.device))[-1]
            # A place is judged with its surroundings: the network was trained on means over 7 x 7 places.
            seen = torch.nn.functional.avg_pool2d(
                self.network.head(last), 3, 1, 1, count_include_pad=False
            )
            probabilities: Array = self.network.classify(seen).softmax(1)[0].cpu().numpy()
            return probabilities

    def _embed(self, probabilities: Float[Array, "n C"]) -> Float[Array, "n D"]:
        least = np.partition(probabilities, -LIKELY, axis=1)[:, -LIKELY, None]
        return np.where(probabilities >= least, probabilities, 0) @ self.classes


def load(argument: str, *, device: str) -> Conse:
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
        sentences.encode_text(names),
        "conse (ImageNet classes x MiniLM)",
        f"conse-{VERSION}-{hashes}-{options['size']}",
        "Apache-2.0 AND MIT",
        device,
        options["size"],
    )
