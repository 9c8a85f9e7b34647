"""The models of a verb: loaded, fetched first if that is allowed, and remembered for what is said and stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from .. import weights
from ..features import Extractor, load_extractor
from ..features.auto import wanted
from ..progress import Job
from ..sam import Segmenter, load_segmenter
from ..words.find import TextExtractor, load_text_extractor
from .common import console


@runtime_checkable
class Named(Protocol):
    """What every model says of itself."""

    name: str
    licence: str


M = TypeVar("M", bound=Named)


@dataclass(frozen=True)
class Models:
    """Loads by spec. Raises `weights.MissingWeights` for what is not here, unless `download`."""

    download: bool
    job: Job
    ran: list[Named] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of all that ran, in the order it was asked for."""
        return " and ".join(model.name for model in self.ran)

    @property
    def licence(self) -> str:
        return " AND ".join(dict.fromkeys(model.licence for model in self.ran if model.licence))

    def features(self, spec: str) -> Extractor:
        """With `download`, "auto" is the DINOv2 for this machine, and not the best that happens to be here."""
        exact = wanted("auto") if spec == "auto" and self.download else spec
        found = self._load(lambda: load_extractor(exact, device="auto"))
        if spec == "auto":
            more = (
                " Learned features find more: see `ludvig models list`."
                if found.name == "colour"
                else ""
            )
            console.print(
                f'Features: {found.name}, the best of "auto" on this machine.{more}', soft_wrap=True
            )
        return found

    def words(self, spec: str) -> TextExtractor:
        return self._load(lambda: load_text_extractor(spec, device="auto"))

    def segmenter(self, spec: str) -> Segmenter:
        return self._load(lambda: load_segmenter(spec, device="auto"))

    def _load(self, load: Callable[[], M]) -> M:
        asked: set[str] = set()
        while True:
            try:
                found = load()
                break
            except weights.MissingWeights as missing:
                if not self.download or missing.model.id in asked:
                    raise
                asked.add(missing.model.id)
                console.print(
                    f"Fetching {missing.model.source}, licence {missing.model.licence}.",
                    soft_wrap=True,
                )
                weights.fetch(missing.model, job=self.job)
        self.ran.append(found)
        return found
