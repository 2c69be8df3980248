"""Templates perform the level that they stand for, whatever the error."""

from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import sentences, texts

from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.error import Error, errors
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.phrasing import invitation, phrase, reaction
from quimbot.verify.performing import performs
from quimbot.verify.wording import red_pen

GO = "Yesterday I go to the store."
(ERROR,) = errors(GO, "Yesterday I went to the store.")
HOLDS = 0.97
"""Share of the bank's errors on which the template of a level must perform it."""


@cache
def bank_errors() -> tuple[tuple[str, Error], ...]:
    """Errors of turns drawn from the bank, each with its turn."""
    drawn = shipped_bank().draw(200, seed=11, long=0.3)
    return tuple(
        (seed.learner, error)
        for seed in drawn
        for error in errors(seed.learner, seed.corrections[0])
    )


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("seed", range(6))
def test_each_template_performs_its_level(level: Level, seed: int) -> None:
    assert performs(GO, ERROR, phrase(level, ERROR, GO, seed), level) == ""


@pytest.mark.parametrize("level", Level)
def test_the_templates_hold_on_the_error_bank(level: Level) -> None:
    found = Counter(
        performs(learner, error, phrase(level, error, learner, number), level)
        for number, (learner, error) in enumerate(bank_errors())
    )
    assert found[""] / found.total() >= HOLDS, found
    assert not found["leak"]


@pytest.mark.parametrize("level", Level)
def test_no_template_sounds_like_a_red_pen(level: Level) -> None:
    for number, (learner, error) in enumerate(bank_errors()):
        said = phrase(level, error, learner, number)
        assert not red_pen(said, (learner, error.correction)), said


@pytest.mark.parametrize("kind", Kind)
def test_there_are_different_questions_for_each_kind(kind: Kind) -> None:
    asked = {invitation(kind, seed) for seed in range(40)}
    assert len(asked) >= 3
    assert all("?" in question or question.startswith("Tell me") for question in asked)


def test_a_reaction_fits_a_question_and_varies() -> None:
    told = {reaction(seed, "I like tea.") for seed in range(30)}
    asked = {reaction(seed, "Do you like tea?") for seed in range(30)}
    assert reaction(3, "I like tea.") == reaction(3, "I like tea.")
    assert min(len(told), len(asked)) > 3
    assert told.isdisjoint(asked)


PARTS = st.sampled_from(("<b>hi</b>", "{you}", "{0}", "🙂", "I go", "to", "%s", "\n", "é", "''"))
anything = texts | sentences | st.lists(PARTS, max_size=8).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(anything, min_size=4, max_size=4), st.sampled_from(Level), st.sampled_from(Kind))
def test_any_text_is_said_back_as_text(parts: list[str], level: Level, kind: Kind) -> None:
    wrong, right, said, correction = parts
    error = Error(kind=kind, type="R", wrong=wrong, right=right, said=said, correction=correction)
    reply = phrase(level, error, said)
    assert performs(said, error, reply, level) in SLUGS
    if not any("<" in part for part in parts):
        assert "<" not in reply


SLUGS = (
    "", "empty", "red-pen", "grammar-term", "elicits", "recast", "repeats-error", "no-recast",
    "form-only", "leak", "no-elicitation", "no-hint", "no-question", "off-topic", "too-long",
    "late", "long",
)  # fmt: skip
