"""A part is spelled path:share[tag=value]xN, and a mistake in it is told with that form."""

from fractions import Fraction
from pathlib import Path

import pytest

from quimbot.curate.mix_part import MixPart
from quimbot.exceptions import RecipeError


def test_a_part_is_read() -> None:
    assert MixPart.parse("data/a.b.jsonl:0.25[l1=es, level=a2]x3") == MixPart(
        path=Path("data/a.b.jsonl"),
        share=Fraction(1, 4),
        where={"l1": "es", "level": "a2"},
        times=3,
    )
    assert MixPart.parse("data/a.b.jsonl:1[l1=es, level=a2]").name == "a.b[l1=es,level=a2]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.jsonl",
        "a.jsonl:",
        "a.jsonl:0",
        "a.jsonl:-1",
        "a.csv:1",
        "a.jsonl:1[l1",
        "a.jsonl:1x0",
    ],
)
def test_a_misspelt_part_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(RecipeError, match=r"must be path.jsonl:share"):
        MixPart.parse(text)


def test_a_condition_without_a_value_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"'l1' must be tag=value"):
        MixPart.parse("a.jsonl:1[l1]")
