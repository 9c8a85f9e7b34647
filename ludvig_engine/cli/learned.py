"""Load the models that a command needs, after fetching them if the user allows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from .. import weights
from ..features import Extractor, load_extractor
from ..features.auto import best, wanted
from ..progress import Job
from ..sam import Segmenter, load_segmenter
from ..words.lift import TextExtractor, load_text_extractor
from .common import note


@runtime_checkable
class Named(Protocol):
    """What every model says about itself."""

    name: str
    licence: str


M = TypeVar("M", bound=Named)


@dataclass(frozen=True)
class Models:
    """Loads models by spec, and remembers them for messages and result files.

    Raises `weights.MissingWeights` if weights are not on this machine, unless `download` is set.
    """

    download: bool
    job: Job
    ran: list[Named] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The names of all loaded models, in the order of loading."""
        return " and ".join(model.name for model in self.ran)

    @property
    def licence(self) -> str:
        """The licenses of all loaded models as an SPDX expression."""
        return " AND ".join(dict.fromkeys(model.licence for model in self.ran if model.licence))

    def exact(self, spec: str) -> str:
        """`spec` itself, or what "auto" stands for.

        With `download`, that is the best extractor for this machine, whose weights are fetched;
        without, it is the best one whose weights are already here.
        """
        return spec if spec != "auto" else wanted("auto") if self.download else best("auto")

    def features(self, spec: str) -> Extractor:
        """The extractor of `spec`."""
        exact = self.exact(spec)
        found = self._load(lambda: load_extractor(exact, device="auto"))
        if spec == "auto":
            text = f'Features: {found.name}, which "auto" chose as the best on this machine.'
            if found.name == "colour":
                text += " Learned features find more: see `ludvig models list`."
            note(text)
        return found

    def words(self, spec: str) -> TextExtractor:
        """The text model of `spec`; "auto": the best one whose weights are here."""
        return self._load(lambda: load_text_extractor(spec, device="auto"))

    def segmenter(self, spec: str) -> Segmenter:
        """The SAM of `spec`."""
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
                note(f"Fetching {missing.model.source}, license {missing.model.licence}.")
                weights.fetch(missing.model, job=self.job)
        self.ran.append(found)
        return found
