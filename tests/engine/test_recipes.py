"""The examples of CONTRIBUTING.md apply to the code, are short, and do what they are for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import recipes

import recipe_checks
from ludvig_engine.errors import EngineError

CHECKS = Path(recipe_checks.__file__)
MOST = 3  # files of the product


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """What is wrong, by name. All are applied to one copy, in which one process looks for them."""
    copy = recipes.copied(tmp_path_factory.mktemp("recipes"))
    refused = {name: recipes.apply(name, copy) for name in recipes.names()}
    fine = [name for name in refused if not refused[name]]
    return refused | json.loads(recipes.run(CHECKS, copy, *fine).splitlines()[-1])


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_does_what_it_is_for(name, wrong):
    assert not wrong[name], wrong[name]


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_touches_few_files_of_the_product_and_no_other(name):
    touched = recipes.files(name)
    assert 1 <= len(touched) <= MOST
    assert {Path(file).parts[0] for file in touched} <= set(recipes.PACKAGES)


def test_each_recipe_has_a_check_and_is_explained():
    assert set(recipes.names()) == set(recipe_checks.CHECKS)
    text = (recipes.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for name in recipes.names():
        assert f"(docs/recipes/{name}.diff)" in text
        for file in recipes.files(name):
            assert f"`{file}`" in text, f"CONTRIBUTING.md does not say what {file} is for"


@pytest.mark.parametrize("name", recipe_checks.CHECKS)
def test_a_check_finds_nothing_where_no_recipe_was_applied(name, tmp_path):
    with pytest.raises((AssertionError, AttributeError, ValueError, EngineError)):
        recipe_checks.CHECKS[name](tmp_path)
