"""Array shapes in annotations are checked while tests run; hypothesis has no deadline.

What is computed from the shipped demo scene is kept for the next test that needs it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import array_checks

# The same examples everywhere, and however slow the machine is.
settings.register_profile(
    "ludvig", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ludvig")

_package = Path(find_spec("ludvig_engine").submodule_search_locations[0])
_files = [path.relative_to(_package.parent) for path in _package.rglob("*.py")]
_names = {".".join(file.with_suffix("").parts) for file in _files}
sys.meta_path.insert(0, array_checks.Checks(_names))


def pytest_runtest_setup() -> None:
    """Every test checks the arrays of its own calls."""
    array_checks.begin()


@pytest.fixture(scope="session")
def demo_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's cache for all tests that use features of the demo scene and do not test them."""
    return tmp_path_factory.mktemp("demo_cache")
