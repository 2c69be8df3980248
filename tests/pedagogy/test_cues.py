"""Words of the learner's own that give a clue."""

import pytest

from quimbot.pedagogy.cues import cue
from quimbot.pedagogy.error import errors


@pytest.mark.parametrize(
    ("said", "correction", "shown"),
    [
        ("Yesterday I go home.", "Yesterday I went home.", "Yesterday"),
        ("I go home.", "I went home.", ""),
        ("My brother have a car.", "My brother has a car.", "My brother"),
        ("I listen music.", "I listen to music.", "listen"),
        ("I have dog.", "I have a dog.", "dog"),
        ("I enjoy swim.", "I enjoy swimming.", "enjoy"),
    ],
)
def test_the_cue_is_what_tells_the_form(said: str, correction: str, shown: str) -> None:
    assert cue(errors(said, correction)[0]) == shown
