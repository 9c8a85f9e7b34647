"""The checks of the layout see every way of importing."""

from __future__ import annotations

from imports import imports, modules_of, name_of


def test_relative_and_absolute_imports_of_modules_and_names(tmp_path):
    package = tmp_path / "house"
    (package / "low").mkdir(parents=True)
    inside, thing = package / "low" / "__init__.py", package / "low" / "thing.py"
    (package / "top.py").write_text("")
    inside.write_text("from .thing import f\nfrom ..top import g\n")
    thing.write_text(
        "from ..top import g\n"
        "from ...street import lamp\n"
        "def f():\n    import house.low\n    import torch.nn\n    from . import other\n"
    )
    assert list(imports(inside, package)) == ["house.low.thing.f", "house.top.g"]
    assert list(imports(thing, package)) == [
        "house.top.g", "street.lamp", "house.low", "torch.nn", "house.low.other",
    ]  # fmt: skip
    assert modules_of("house.low.thing.f", package) == ["low", "low.thing"]
    assert modules_of("torch.nn", package) == []
    assert [name_of(path, package) for path in (inside, thing)] == ["low", "low.thing"]
    (package / "__init__.py").write_text("from .top import g\n")
    assert list(imports(package / "__init__.py", package)) == ["house.top.g"]
