"""The rule teacher: natural replies that perform their move."""

import asyncio
from collections import Counter
from random import Random

import pytest

from quimbot.generate.rules_teacher import RulesTeacher, clauses, moves_for, write_reply
from quimbot.generate.teacher import Cell
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Move
from quimbot.verify.scaffolding import asks, judge_all, red_pen

STORE = Seed(
    learner="Yesterday I go to the store.",
    corrections=("Yesterday I went to the store.",),
    error_types=("R:VERB:TENSE",),
    family="store",
)


@pytest.mark.parametrize("move", list(Move))
def test_replies_pass_the_verifier(move: Move) -> None:
    seeds = [
        seed for seed in shipped_bank().draw(130, seed=11, long=0.3) if move in moves_for(seed)
    ]
    items = [
        (seed.learner, seed.corrections, write_reply(seed, move, Random(at)), move)
        for at, seed in enumerate(seeds)
    ]
    failed = [
        (item[0], item[2], verdict.reason)
        for item, verdict in zip(items, judge_all(items), strict=True)
        if not verdict.passed
    ]
    assert len(failed) <= len(items) * 0.03, failed  # the campaign asks these again


def test_talk_without_an_error_is_answered_and_never_corrected() -> None:
    for at, seed in enumerate(shipped_bank().draw(200, seed=4, no_error=1.0, long=0.3)):
        reply = write_reply(seed, Move.RECAST, Random(at))
        assert asks(reply), reply
        assert not red_pen(reply), reply
        assert len(reply.split()) <= 45, reply


def test_no_way_of_saying_is_worn_out() -> None:
    replies = [
        write_reply(seed, Move.RECAST, Random(at))
        for at, seed in enumerate(shipped_bank().draw(1000, seed=6))
    ]
    assert Counter(replies).most_common(1)[0][1] <= 3
    starts = Counter(" ".join(reply.split()[:3]) for reply in replies)
    assert starts.most_common(1)[0][1] <= 100


def test_a_bare_seed_is_enough() -> None:
    """Without follow-ups, details or a hint, the correction and its type must do."""
    assert moves_for(STORE) == {Move.RECAST, Move.ELICITATION, Move.HINT}
    assert clauses(STORE) == ("Yesterday I went to the store",)
    assert "you went to the store yesterday" in write_reply(STORE, Move.RECAST, Random(0)).lower()
    assert "tense" in write_reply(STORE, Move.HINT, Random(0)).lower()


def test_a_reply_depends_on_cell_and_refusals_only() -> None:
    teacher = RulesTeacher(seed=3)
    cell = Cell(index=7, seed=STORE, move=Move.RECAST, prompt=tutor_prompt(Move.RECAST))
    first = asyncio.run(teacher.answer(cell, []))
    assert asyncio.run(teacher.answer(cell, [])) == first
    others = {asyncio.run(teacher.answer(cell, ["no-recast"] * times)) for times in range(1, 6)}
    assert others - {first}
