"""A chain of providers: who is asked next, when answers come late and accounts run dry."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from quimbot.exceptions import Busy, OutOfCredit, RuntimeFault
from quimbot.generate.chain import Chain
from quimbot.generate.prompts import read_prompts
from quimbot.generate.provider import Provider, Terms
from quimbot.generate.teacher import Answer, Brief, Cell
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Message, Move
from quimbot.runtimes.runtime import Delta, Sampling

BRIEF = Brief(prompts=read_prompts(), samplings={Move.RECAST: Sampling()})
CELL = Cell(
    index=0,
    seed=Seed(learner="I like it.", family="like"),
    move=Move.RECAST,
    prompt=tutor_prompt(Move.RECAST),
)


class Scripted:
    """Each request waits for its turn, then answers or breaks as the script says."""

    def __init__(self, name: str, *script: RuntimeFault | None) -> None:
        self.name = name
        self.turns = [asyncio.Event() for _ in script]
        self.asked = 0
        self._script = script

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        del messages, sampling
        number = self.asked
        self.asked += 1
        await self.turns[number].wait()
        if fault := self._script[number]:
            raise fault
        yield Delta(text="Hi?", finish="stop", cost=1.0)


async def ended(task: asyncio.Task[Answer], release: Callable[[], None]) -> Answer | BaseException:
    release()
    return (await asyncio.gather(task, return_exceptions=True))[0]


def test_an_answer_asked_for_before_the_credit_ended_brings_nobody_back() -> None:
    async def check() -> None:
        first = Scripted("a", None, OutOfCredit("a: 402", kind="402"))
        second = Scripted("b", None)
        chain = Chain([Provider(first, Terms()), Provider(second, Terms())], BRIEF)
        late, dry = (asyncio.ensure_future(chain.answer(CELL, [])) for _ in range(2))
        await asyncio.sleep(0)
        assert isinstance(await ended(dry, first.turns[1].set), Busy)
        assert isinstance(await ended(late, first.turns[0].set), Answer)
        assert chain.ready()
        then = asyncio.ensure_future(chain.answer(CELL, []))
        assert isinstance(await ended(then, second.turns[0].set), Answer)
        assert (first.asked, second.asked) == (2, 1)
        assert chain.given_up is None

    asyncio.run(check())


def test_the_chain_gives_up_when_the_last_provider_has_spent_its_share() -> None:
    async def check() -> None:
        only = Scripted("a", None)
        chain = Chain([Provider(only, Terms(max_cost=1.0))], BRIEF)
        task = asyncio.ensure_future(chain.answer(CELL, []))
        assert isinstance(await ended(task, only.turns[0].set), Answer)
        assert not chain.ready()
        assert isinstance(chain.given_up, OutOfCredit)
        assert "max_cost of 1 is spent" in str(chain.given_up)

    asyncio.run(check())


def test_requests_are_spread_over_the_minute_and_a_paced_provider_comes_back() -> None:
    async def check() -> None:
        paced = Scripted("a", Busy("a: 429", wait_s=0.0), None)
        provider = Provider(paced, Terms(per_minute=1200))
        chain = Chain([provider], BRIEF)
        provider.parked = True
        for turn, kind in zip(paced.turns, (Busy, Answer), strict=True):
            task = asyncio.ensure_future(chain.answer(CELL, []))
            await asyncio.sleep(0)
            assert not chain.ready()
            assert isinstance(await ended(task, turn.set), kind)
            assert 0 < (chain.rest() or 0) <= 0.05
            await asyncio.sleep(0.06)
            assert chain.ready()
        assert not provider.parked

    asyncio.run(check())
