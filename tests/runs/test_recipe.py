"""A recipe is read strictly: a typo is one line with file, line, what was allowed."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from quimbot.exceptions import RecipeError
from quimbot.runs.recipe import build_settings, line_of, load_recipe, shipped_recipes

COMMANDS = ("generate", "train")


@dataclass(frozen=True, kw_only=True)
class Knobs:
    data: Path
    rank: int = 16
    parts: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise RecipeError(f"rank is {self.rank}; it must be at least 1")


def write(folder: Path, text: str) -> Path:
    path = folder / "small.toml"
    path.write_text(text, "utf-8")
    return path


GOOD = """\
[run]
output = "here"
steps = ["generate", "train", "train:spanish"]

[train]
data = "mix.jsonl"
rank = 8

["train:spanish"]
rank = 4
"""


def test_a_named_step_inherits_the_table_of_its_command(tmp_path: Path) -> None:
    recipe = load_recipe(str(write(tmp_path, GOOD)), COMMANDS)
    assert recipe.output == Path("here")
    assert recipe.table("train:spanish") == {"data": "mix.jsonl", "rank": 4}
    assert recipe.table("generate") == {}


def test_settings_get_paths_and_tuples_from_text_and_lists(tmp_path: Path) -> None:
    table = {"data": "a.jsonl", "parts": ["b.jsonl", "c.jsonl"]}
    knobs = build_settings(Knobs, table, path=write(tmp_path, GOOD), step="train")
    assert knobs == Knobs(data=Path("a.jsonl"), parts=(Path("b.jsonl"), Path("c.jsonl")))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[run]\nsteps = []\n[trian]\n", 3, ["unknown table [trian]", "did you mean 'train'"]),
        ('[run]\nsteps = ["trani"]\n', 2, ["unknown step 'trani'", "did you mean 'train'"]),
        ("[run]\nstpes = []\n", 2, ["unknown key 'stpes'", "did you mean 'steps'"]),
        ("train = 3\n", 1, ["'train' must be a table"]),
        ("[run\n", 1, ["not TOML"]),
    ],
)
def test_a_wrong_recipe_is_one_line_with_its_place(
    tmp_path: Path, text: str, line: int, words: list[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path), COMMANDS)
    message = str(caught.value)
    assert "\n" not in message
    assert f"{path}:{line}:" in message or "not TOML" in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ('data = "x"\nrnak = 3\n', 3, ["unknown key 'rnak'", "did you mean 'rank'"]),
        ('data = "x"\nrank = "big"\n', 3, ["[train]", "int", "rank"]),
        ('data = "x"\nrank = 0\n', 1, ["at least 1"]),
        ("rank = 3\n", 1, ["data"]),
    ],
)
def test_a_wrong_setting_is_one_line_with_its_place(
    tmp_path: Path, body: str, line: int, words: list[str]
) -> None:
    path = write(tmp_path, "[train]\n" + body)
    table = load_recipe(str(path), COMMANDS).table("train")
    with pytest.raises(RecipeError) as caught:
        build_settings(Knobs, table, path=path, step="train")
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    for word in words:
        assert word in message


def test_an_unknown_recipe_names_those_that_ship() -> None:
    with pytest.raises(RecipeError, match="no such recipe") as caught:
        load_recipe("dmeo", COMMANDS)
    assert "did you mean 'demo'" in str(caught.value)
    assert {"demo", "smoke"} <= set(shipped_recipes())


def test_a_key_of_another_table_is_not_mistaken_for_ours(tmp_path: Path) -> None:
    path = write(tmp_path, "[generate]\nseed = 1\n[train]\nrank = 2\nseed = 3\n")
    assert line_of(path, "train", "seed") == 5
    assert line_of(path, "generate", "seed") == 2
    assert line_of(path, "train") == 3
