"""The page tells nobody who wrote what, and a mistake is one line with nothing written."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from reviews import ADDRESSES, score_folder

from quimbot.evaluate.blind.make import BlindMakeSettings, make
from quimbot.evaluate.blind.sheet import Kind, read_key
from quimbot.exceptions import DataError, RecipeError
from quimbot.runs.watch import Silent


def test_the_page_names_nobody_and_the_key_names_all(tmp_path: Path) -> None:
    settings = BlindMakeSettings(
        scores=score_folder(tmp_path / "runs" / "alpha" / "scores"),
        output=tmp_path / "page.html",
        raters=("Ana & Co", "Ben"),
    )
    said = make(settings, Silent())
    page, key = settings.output.read_text(), read_key(tmp_path / "page.key.json")
    for telling in (*ADDRESSES, "alpha", "beta", "000010", "eracond", str(settings.scores)):
        assert telling not in page
    for pair in key.pairs:
        for telling in (pair.item, pair.group):
            assert f'"{telling}"' not in page
    assert "<option>Ana &amp; Co</option>" in page
    assert page.count("</script>") == 2
    assert not re.search(r"""(?:src|href)=["'](?!data:)[^"']""", page)
    assert "24 pairs of runs/alpha/step-000010, beta-model that count, 2 of them met again" in said
    assert sum(pair.kind is Kind.COUNTS for pair in key.pairs) == 24


@pytest.mark.parametrize(("sides", "word"), [(2, "better"), (3, "best")])
def test_of_two_the_better_and_of_three_the_best_is_asked_for(
    tmp_path: Path, sides: int, word: str
) -> None:
    page = tmp_path / "page.html"
    scores = score_folder(tmp_path / "scores", sides=sides)
    make(BlindMakeSettings(scores=scores, output=page), Silent())
    text = page.read_text()
    assert f"reply {sides} is {word}</dd>" in text
    assert f"<title>Which reply is {word}? " in text


def test_the_same_scores_give_the_same_page_and_other_seeds_others(tmp_path: Path) -> None:
    scores = score_folder(tmp_path / "scores")

    def made(seed: int) -> bytes:
        output = tmp_path / "page.html"
        make(BlindMakeSettings(scores=scores, output=output, seed=seed), Silent())
        return output.read_bytes()

    assert made(0) == made(0)
    assert made(0) != made(1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pairs": 37}, "37 pairs are asked for, but only 36 learner turns have different replies"),
        ({"runtimes": ("beta-model", "delta")}, r"'delta' is not among the scores \(runs/alpha"),
        ({"sides": 1}, r"holds 1 runtimes \(runs/alpha/step-000010\); name the two or three"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    sides = changes.pop("sides", 2)
    settings = BlindMakeSettings(
        scores=score_folder(tmp_path / "scores", sides=sides),
        output=tmp_path / "page.html",
        **changes,
    )
    with pytest.raises(DataError, match=said):
        make(settings, Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["scores"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pairs": 0}, "pairs is 0"),
        ({"runtimes": ("a",)}, "runtimes names 1; two or three"),
        ({"raters": ("Ana", "ana")}, "each once"),
        ({"key": Path("p.html")}, "is the page itself"),
        ({"output": Path("p")}, r"output is p; it must end in \.html"),
    ],
)
def test_settings_out_of_range_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        BlindMakeSettings(**{"scores": Path("s"), "output": Path("p.html"), **changes})


def test_a_key_that_is_missing_or_something_else_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file; name the key"):
        read_key(tmp_path / "gone.json")
    (tmp_path / "key.json").write_bytes(msgspec.json.encode({"sheet": "x"}))
    with pytest.raises(DataError, match="missing required field"):
        read_key(tmp_path / "key.json")
