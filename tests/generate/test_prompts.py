"""Prompts of one's own, good and bad."""

from pathlib import Path

import pytest

from quimbot.exceptions import RecipeError
from quimbot.generate.prompts import fill_prompt, read_prompts
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Move

SEED = Seed(learner="I no like.", corrections=("I don't {l1} like it.",), family="f", l1="es")


def write(folder: Path, **texts: str) -> Path:
    for move in Move:
        text = texts.get(move.value, "{first_language} {correction} Go.")
        (folder / f"{move}.md").write_text(text, encoding="utf-8")
    return folder


def test_what_is_right_and_who_speaks_are_filled_in(tmp_path: Path) -> None:
    prompts = read_prompts(write(tmp_path))
    told = fill_prompt(prompts, Move.HINT, SEED)
    assert told.startswith(" The learner speaks Spanish. Correctly,")
    assert "I don't {l1} like it." in told  # what a learner wrote is no placeholder
    shipped = fill_prompt(read_prompts(), Move.RECAST, Seed(learner="Hi!", family="f"))
    assert "just chat" in shipped
    assert "{" not in shipped


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Be kind.", r"hint\.md: has no \{correction\}"),
        ("{correction}\n{learner}", r"hint\.md:2: unknown placeholder \{learner\}; allowed"),
    ],
)
def test_a_bad_prompt_is_one_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(RecipeError, match=fault):
        read_prompts(write(tmp_path, hint=text))


def test_a_missing_prompt_names_the_four(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "recast.md").unlink()
    with pytest.raises(RecipeError, match=r"no such prompt; the folder must hold recast\.md, eli"):
        read_prompts(tmp_path)
