"""What a licence forbids is told by its usual names."""

import pytest

from quimbot.curate.licences import terms


@pytest.mark.parametrize(
    ("licence", "word"),
    [
        ("CC-BY-NC-4.0", "commercial"),
        ("cc-by-nc-sa-4.0", "commercial"),
        ("CC BY-NC-ND 4.0", "commercial"),
        ("cc_by_nd_4.0", "made from it"),
        ("CC-BY-SA-4.0", "same licence"),
        ("LMSYS-Chat-1M", "pass the chats on"),
        ("llama3.1", "Llama"),
        ("unknown", "says nothing"),
        ("", "says nothing"),
    ],
)
def test_a_restriction_is_told(licence: str, word: str) -> None:
    assert word in terms(licence)


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0", "CC-BY-4.0", "CC0-1.0", "Sanction-1"])
def test_nothing_is_made_up(licence: str) -> None:
    assert terms(licence) == ""
