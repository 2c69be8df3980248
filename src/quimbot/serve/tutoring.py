"""A learner's turn from end to end: heard, answered as the policy chose, and kept."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Literal
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool

from quimbot.pedagogy.events import Event, Moved, Noticed, TookUp, Used
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.occasions import used
from quimbot.pedagogy.policy import Choice
from quimbot.runtimes.runtime import Sampling
from quimbot.serve import care
from quimbot.serve.gate import Gate
from quimbot.serve.realise import Realiser, in_thread
from quimbot.serve.replies import admitted
from quimbot.serve.situation import situation
from quimbot.serve.spending import Spend
from quimbot.serve.store.conversations import State
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import ApiError
from quimbot.verify.noticing import notice

LONGEST_TURN = 2000
"""Characters of a learner's turn, at most."""
_FIXED = Choice(
    kind=None,
    level=Level.PASS,
    reason="Something came before English, so fixed words answered and no model.",
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a reply ended, and what the turn showed."""

    turn: int
    """The reply's turn in the store."""
    state: Literal["whole", "failed"]
    """`failed`: the model broke after it had said something. A reply that is stopped has none."""
    choice: Choice
    events: tuple[Event, ...]

    @property
    def noticed(self) -> tuple[Noticed, ...]:
        """The errors that were noticed."""
        return tuple(event for event in self.events if isinstance(event, Noticed))

    @property
    def uptake(self) -> str:
        """What the learner made of the last turn's help; empty where there was none."""
        return next((event.outcome for event in self.events if isinstance(event, TookUp)), "")


class Tutoring:
    """Answers learners, one turn at a time in each conversation."""

    def __init__(self, store: Store, gate: Gate, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._talks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @staticmethod
    def warm_up() -> None:
        """Load what reads language now, so that the first learner does not wait seconds for it."""
        notice("Yesterday I go home.", "Yesterday you went home?")
        used("I went home.", ())
        care.concern("I went home.")

    async def answer(
        self,
        person: Person,
        conversation_id: str,
        tutor: Tutor,
        text: str,
        sampling: Sampling,
        *,
        spend: Spend = lambda _: None,
    ) -> AsyncGenerator[str | Outcome, None]:
        """The reply in pieces to show as they come, then its outcome.

        Both turns are kept, the reply as far as it was shown; closing it stops the work behind it.
        Secrets in the learner's turn are struck out before anything keeps or answers it.

        Raises:
            ApiError: the turn is empty or too long, or the tutor could not say a word.
            NotFound: the person has no such conversation.
        """
        _check(text)
        talk = self._talks.setdefault(conversation_id, asyncio.Lock())
        async with talk:  # two windows of one learner take turns
            hear = partial(situation, tutor=tutor, at=self._clock())
            found = await in_thread(hear, self._store, person, conversation_id, text)
            kept = _Kept(self._store, person.id, conversation_id)
            await kept.begin(found.text)
            realiser = Realiser(tutor=tutor, situation=found, sampling=sampling)
            try:
                async with aclosing(self._words(realiser, person.id)) as words:
                    async for piece in words:
                        await kept.more(piece)
                        if not kept.events:  # a reply that is cut off with the server keeps them
                            await kept.happened(_events(realiser))
                        yield piece
                kept.state = "whole"
            except Exception as fault:
                kept.state = "failed"
                if not (kept.said and isinstance(fault, ApiError)):
                    raise
            finally:  # when it is closed, too, and whatever else is cancelled meanwhile
                spend(realiser.tokens)
                events = _events(realiser)
                await asyncio.shield(asyncio.ensure_future(kept.end(events)))
            yield Outcome(
                turn=kept.turn,
                state="whole" if kept.state == "whole" else "failed",
                choice=realiser.choice,
                events=events,
            )

    async def _words(self, realiser: Realiser, learner: str) -> AsyncGenerator[str, None]:
        """The reply: fixed words where people wrote some, else the model's once its turn comes."""
        if fixed := realiser.situation.fixed:
            realiser.choice = _FIXED
            yield fixed
            return
        async with admitted(self._gate, learner), aclosing(realiser.words()) as words:
            async for piece in words:
                yield piece


class _Kept:
    """Both turns as the store has them, the reply as far as it was shown."""

    def __init__(self, store: Store, person_id: str, conversation_id: str) -> None:
        self._store = store
        self._place = person_id, conversation_id
        self.turn = 0
        self.said = ""
        self.events: tuple[Event, ...] = ()
        self.state: State = "stopped"

    async def begin(self, text: str) -> None:
        add = self._store.conversations.add_turn
        await run_in_threadpool(add, *self._place, "user", text)
        self.turn = (await run_in_threadpool(add, *self._place, "assistant", "", "partial")).id

    async def more(self, piece: str) -> None:
        self.said += piece
        await self._change(self.said, "partial")

    async def happened(self, events: tuple[Event, ...]) -> None:
        """Keep what the turn showed, in place of what it had seemed to show."""
        before, self.events = self.events, events
        new = [event for event in events if event not in before]
        gone = [event for event in before if event not in events]
        if new or gone:
            change = partial(self._store.events.add, instead_of=gone)
            await run_in_threadpool(change, *self._place, self.turn, new)

    async def end(self, events: tuple[Event, ...]) -> None:
        await self._change(self.said.rstrip(), self.state)
        if self.said:
            await self.happened(events)

    async def _change(self, text: str, state: State) -> None:
        change = self._store.conversations.change_turn
        await run_in_threadpool(change, self._place[0], self.turn, text, state)


def _check(text: str) -> None:
    if not text.strip():
        raise ApiError(400, "empty_turn", "say something first", "text")
    if len(text) > LONGEST_TURN:
        raise ApiError(
            413, "too_long", f"a turn may have {LONGEST_TURN} characters; say it in parts", "text"
        )


def _events(realiser: Realiser) -> tuple[Event, ...]:
    """What the turn showed, as the learner model wants it: all of one moment, the move last."""
    found, choice = realiser.situation, realiser.choice
    noticed = [
        Noticed(
            at=found.at,
            kind=error.kind,
            wrong=error.wrong,
            right=error.right,
            said=error.said,
            correction=error.correction,
        )
        for error in realiser.errors
    ]
    wrong = {error.kind for error in realiser.errors}
    amiss = {word for error in realiser.errors for word in error.wrong.casefold().split()}
    right = [
        Used(at=found.at, kind=kind, words=words)
        for kind, words in found.right
        if kind not in wrong and amiss.isdisjoint(words.casefold().split()) and choice is not _FIXED
    ]
    moved = Moved(
        at=found.at,
        kind=choice.kind,
        level=choice.level,
        reason=choice.reason,
        fell_back=realiser.fell_back,
    )
    return (*found.happened, *noticed, *right, moved)
