"""A model as teacher: what it is told, and told again."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from quimbot.generate.chain import Chain
from quimbot.generate.prompts import read_prompts
from quimbot.generate.provider import Provider, Terms
from quimbot.generate.teacher import Brief, Cell
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Message, Move
from quimbot.runtimes.runtime import Delta, Sampling

CELL = Cell(
    index=5,
    seed=Seed(learner="I no like it.", corrections=("I don't like it.",), family="like"),
    move=Move.RECAST,
    prompt=tutor_prompt(Move.RECAST),
)


class _Parrot:
    """Says one line and remembers what it was asked."""

    name = "parrot"

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Message], Sampling]] = []

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        self.asked.append((messages, sampling))
        yield Delta(text=" You don't like it? ")
        yield Delta(finish="stop")


def chain(parrot: _Parrot) -> Chain:
    brief = Brief(prompts=read_prompts(), samplings={Move.RECAST: Sampling(max_tokens=96)}, seed=1)
    return Chain([Provider(parrot, Terms())], brief)


def test_the_model_is_told_the_correction_and_why_it_failed() -> None:
    parrot = _Parrot()
    teacher = chain(parrot)
    assert asyncio.run(teacher.answer(CELL, [])).text == "You don't like it?"
    asyncio.run(teacher.answer(CELL, ["no-question", "no-question"]))
    (first, draw), (second, other) = parrot.asked
    assert "I don't like it." in first[0].content
    assert first[1].content == "I no like it."
    assert second[0].content.count("did not end with a question") == 1
    assert draw.seed != other.seed


def test_correct_talk_is_not_to_be_corrected() -> None:
    parrot = _Parrot()
    clean = Cell(
        index=1,
        seed=Seed(learner="I like it.", family="like"),
        move=Move.RECAST,
        prompt=tutor_prompt(Move.RECAST),
    )
    asyncio.run(chain(parrot).answer(clean, []))
    assert "just chat" in parrot.asked[0][0][0].content
