"""Templates perform the level that they stand for."""

import pytest

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.phrasing import invitation, phrase, reaction
from quimbot.verify.noticing import notice
from quimbot.verify.performing import performs

GO = "Yesterday I go to the store."
(ERROR,) = notice(GO, "You went to the store!")


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("seed", range(6))
def test_a_template_performs_its_level(level: Level, seed: int) -> None:
    assert performs(GO, ERROR, phrase(level, ERROR, GO, seed), level) == ""


@pytest.mark.parametrize("kind", Kind)
def test_there_are_different_questions_for_each_kind(kind: Kind) -> None:
    asked = {invitation(kind, seed) for seed in range(20)}
    assert len(asked) > 1
    assert all(question.endswith(("?", ".")) for question in asked)


def test_the_same_seed_says_the_same() -> None:
    assert reaction(3) == reaction(3)
    assert len({reaction(seed) for seed in range(20)}) > 1
