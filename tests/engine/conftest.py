"""Array shapes in annotations are checked while tests run; hypothesis has no deadline."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

# The same examples everywhere, and however slow the machine is.
settings.register_profile(
    "ludvig", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ludvig")

_package = Path(find_spec("ludvig_engine").submodule_search_locations[0])
# The hook takes prefixes: the name of a package would stand for all modules in it.
_modules = {
    ".".join(path.relative_to(_package.parent).with_suffix("").parts): path.read_text("utf-8")
    for path in _package.rglob("*.py")
    if path.stem != "__init__"
}
# Compiled functions must reach numba as they are written, so modules with such functions are not
# instrumented.
install_import_hook(
    [name for name, text in _modules.items() if "@njit" not in text], "typecheck.check"
)
