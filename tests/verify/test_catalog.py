"""The checks that a recipe can name."""

import pytest

from quimbot.exceptions import RecipeError
from quimbot.verify.catalog import KNOWN, verifier


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_name_gives_the_check_of_that_name(name: str) -> None:
    assert verifier(name).name == name


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(RecipeError, match=r"'scafolding'.*structure, language, scaffolding"):
        verifier("scafolding")
