"""What stands around a clause."""

import pytest

from quimbot.pedagogy.asides import without_asides


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Hi! I like tea, and you?", "I like tea"),
        ("Yes, well, I like tea. Have a nice day!", "I like tea"),
        ("I have a big dog.", "I have a big dog"),
        ("Thanks!", "Thanks!"),
    ],
)
def test_only_what_is_no_part_of_the_clause_goes(text: str, clause: str) -> None:
    assert without_asides(text) == clause
