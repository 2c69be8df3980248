"""Which replies perform which level of help."""

import pytest

from quimbot.pedagogy.levels import Level
from quimbot.verify.noticing import notice
from quimbot.verify.performing import performs

GO = "Yesterday I go to the store."
(ERROR,) = notice(GO, "You went to the store!")


@pytest.mark.parametrize(
    ("reply", "level", "reason"),
    [
        ("Oh, interesting! Do you live near it?", Level.PASS, ""),
        ("Oh, you went to the store? What for?", Level.PASS, "recast"),
        ("Oh, you went to the store? What for?", Level.RECAST, ""),
        ("Oh, you go to the store? What for?", Level.RECAST, "repeats-error"),
        ("Ah, you went to the store! What for?", Level.FOCUSED, ""),
        ("Sorry, you ____ to the store yesterday?", Level.PROMPT, ""),
        ("Sorry, you went to the store yesterday?", Level.PROMPT, "leak"),
        ("You said yesterday. Which form of go fits? Try again?", Level.CLUE, ""),
        ("What did you buy?", Level.CLUE, "no-hint"),
    ],
)
def test_each_level_has_its_own_surface(reply: str, level: Level, reason: str) -> None:
    assert performs(GO, ERROR, reply, level) == reason
