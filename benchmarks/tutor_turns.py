"""A tutor's turns, level by level: how often the model performs what was chosen, and what it costs.

    python benchmarks/tutor_turns.py runs/demo --turns 40

Each turn of the error bank is said in a conversation of its own, to a tutor that may use one level
only. "noticed" are turns whose error the draft put right (the others are answered without help);
"template" are those of them where the model did not perform the level. The times are what comes on
top of the model, until the first words: the same turn again, with the model's draft replayed.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("GOMP_SPINCOUNT", "0")

from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.events import Moved
from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Message, Move
from quimbot.runtimes.runtime import Delta, Sampling
from quimbot.serve.gate import Gate
from quimbot.serve.store.store import Store
from quimbot.serve.tutoring import Outcome, Tutoring
from quimbot.serve.tutors import Tutor, open_tutors

SAMPLING = Sampling(max_tokens=96, temperature=0.3)


@dataclass(frozen=True)
class Turn:
    """One turn, measured."""

    helped: bool
    fell_back: bool
    cpu_ms: float
    wall_ms: float


@dataclass
class Replay:
    """Says at once what a model said, whatever it is asked."""

    pieces: Sequence[Delta]
    name: str = "replay"

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[Delta, None]:
        """The pieces again."""
        del messages, sampling
        for piece in self.pieces:
            yield piece


async def answered(
    store: Store, tutor: Tutor, text: str, sampling: Sampling
) -> tuple[Moved, float, float]:
    """The move of a turn in a conversation of its own, and CPU and wall seconds to its first words.

    Of the learner nothing is known.
    """
    new = store.people.add()
    person = store.people.change(new.id, profile=Profile(cap=max(tutor.levels)))
    talk = store.conversations.begin(person.id, tutor.name).id
    tutoring = Tutoring(store, Gate(at_once=1, waiting=1))
    moved, first = None, (0.0, 0.0)
    cpu, wall = time.process_time(), time.perf_counter()
    reply = tutoring.answer(person, talk, tutor, text, sampling)
    async with aclosing(reply) as pieces:
        async for piece in pieces:
            if first == (0.0, 0.0):
                first = (time.process_time() - cpu, time.perf_counter() - wall)
            if isinstance(piece, Outcome):
                moved = piece.events[-1]
    assert isinstance(moved, Moved)
    return moved, *first


async def measured(store: Store, tutor: Tutor, text: str, seed: int) -> Turn:
    """One turn with its draft replayed, to see what is ours, and once more with the model."""
    sampling = replace(SAMPLING, seed=seed)
    chat = (Message(role="user", content=text),)
    drafted = tutor.answer(chat, sampling, prompt=tutor.told(Move.RECAST))
    again = replace(tutor, runtime=Replay([piece async for piece in drafted]))
    _, cpu, wall = await answered(store, again, text, sampling)
    moved, _, _ = await answered(store, tutor, text, sampling)
    helped = moved.level is not Level.PASS
    return Turn(helped, helped and moved.fell_back, cpu * 1000, wall * 1000)


def line(name: str, turns: Sequence[Turn]) -> str:
    """One row of the table."""
    helped = [turn for turn in turns if turn.helped]
    templates = sum(turn.fell_back for turn in helped)
    share = f"{templates / len(helped):4.0%}" if helped else "   -"
    cpu, wall = (
        statistics.median(part)
        for part in zip(*((turn.cpu_ms, turn.wall_ms) for turn in turns), strict=True)
    )
    return f"{name:9} {len(turns):5} {len(helped):8} {templates:9} {share} {cpu:8.0f} {wall:9.0f}"


async def measure(store: Store, tutor: Tutor, seeds: Sequence[Seed], right: Sequence[Seed]) -> None:
    """Print the table."""
    Tutoring.warm_up()
    print("level     turns  noticed  template       CPU ms   wall ms")
    for level in (Level.RECAST, Level.FOCUSED, Level.PROMPT, Level.CLUE):
        one = replace(tutor, levels=frozenset({level}))
        turns = [await measured(store, one, seed.learner, at) for at, seed in enumerate(seeds)]
        print(line(level.name.lower(), turns), flush=True)
    turns = [await measured(store, tutor, seed.learner, at) for at, seed in enumerate(right)]
    print(line("no error", turns))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("address", help="a run folder, a checkpoint or a model name")
    parser.add_argument("--tutor", default="", help="which tutor of a run folder")
    parser.add_argument("--turns", type=int, default=40)
    asked = parser.parse_args()
    bank = shipped_bank()
    seeds = list(bank.draw(asked.turns, seed=7))
    right = [seed for seed in bank.draw(asked.turns, seed=8, no_error=1.0) if not seed.corrections]
    with (
        TemporaryDirectory() as folder,
        Store.open(Path(folder) / "store.db") as store,
        open_tutors(asked.address) as tutors,
    ):
        tutor = tutors[asked.tutor or next(iter(tutors))]
        asyncio.run(measure(store, tutor, seeds, right))


if __name__ == "__main__":
    main()
