"""What Numba compiles of an unpacked extension lies where the checkout's own engine keeps it.

The files are the same, but Numba looks beside each of them, so every new folder would cost a minute
of compiling. A kernel is only taken if the file that it was compiled from has the same content.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator

ENGINE = Path(__file__).parents[3] / "ludvig_engine"


class BesideTheCheckout(InTreeCacheLocator):
    """For `NUMBA_CACHE_LOCATOR_CLASSES`, of an engine in whatever folder."""

    def get_cache_path(self) -> str:
        return str(ENGINE / Path(self._py_file).parent.name / "__pycache__")


def copy(engine: Path, kernels: Path) -> None:
    """Give an installation of `engine` the checkout's, which keeps them in the folder `kernels`."""
    for source in ENGINE.glob("*/__pycache__"):
        # The name depends on the file's folder alone.
        name = UserProvidedCacheLocator.get_suitable_cache_subpath(
            str(engine / source.parent.name / "a.py")
        )
        # First the index, so that all data which it names is there, even if a process compiles now.
        for pattern in ("*.nbi", "*.nbc"):
            for path in source.glob(pattern):
                (kernels / name).mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, kernels / name)
