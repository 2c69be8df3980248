"""A recipe's variables stand for texts in its tables, and may be given anew."""

from pathlib import Path

import pytest

from quimbot.exceptions import RecipeError
from quimbot.runs.recipe import Recipe, load_recipe

TEXT = """\
[vars]
corpus = "lmsys"
data = "{run}/data"

[generate]
output = "{data}/{corpus}.jsonl"
moves = ["{corpus}", "{other}"]
count = 3
"""


def read(folder: Path, text: str = TEXT) -> Recipe:
    path = folder / "small.toml"
    path.write_text(text, "utf-8")
    return load_recipe(str(path), ("generate",))


def test_variables_are_filled_in_wherever_they_stand(tmp_path: Path) -> None:
    table = read(tmp_path).table("generate:again")
    assert table["output"] == "{run}/data/lmsys.jsonl"
    assert table["moves"] == ["lmsys", "{other}"]
    assert table["count"] == 3


def test_what_is_given_wins(tmp_path: Path) -> None:
    recipe = read(tmp_path).with_vars(["corpus=my=file"])
    assert recipe.table("generate")["output"] == "{run}/data/my=file.jsonl"
    assert read(tmp_path).with_vars([]) == read(tmp_path)


@pytest.mark.parametrize("given", ["corpsu=x", "corpus", "=x"])
def test_a_mistake_names_the_variables(tmp_path: Path, given: str) -> None:
    with pytest.raises(RecipeError, match=r"must be name=text.*: corpus, data"):
        read(tmp_path).with_vars([given])


def test_a_near_name_is_offered_and_a_recipe_without_any_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean 'corpus'"):
        read(tmp_path).with_vars(["corpsu=x"])
    with pytest.raises(RecipeError, match=r"none, as it has no \[vars\]"):
        read(tmp_path, "[generate]\ncount = 3\n").with_vars(["corpus=x"])


@pytest.mark.parametrize("line", ["corpus = 3", 'run = "x"', 'picked = "x"'])
def test_a_variable_is_a_text_with_a_name_of_its_own(tmp_path: Path, line: str) -> None:
    with pytest.raises(RecipeError, match=r"small.toml:2: .* must be a text"):
        read(tmp_path, f"[vars]\n{line}\n")
