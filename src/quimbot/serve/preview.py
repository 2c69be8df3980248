"""Trying a tutor before it is kept: a talk that nobody else sees and that is nowhere stored."""

import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from secrets import randbelow

from starlette.concurrency import run_in_threadpool

from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.gate import Gate
from quimbot.serve.spending import Spend
from quimbot.serve.store.database import open_memory
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.tutoring import Outcome, Tutoring
from quimbot.serve.tutors import Tutor

_MOST = 32
"""Talks that are remembered; the one that rested longest is forgotten first."""


@dataclass(frozen=True, kw_only=True)
class _Talk:
    """One talk, with a store of its own in memory."""

    tutoring: Tutoring
    learner: Person
    conversation: str


class Previews:
    """The talks of everybody who tries a tutor now."""

    def __init__(self, gate: Gate, *, max_tokens: int, temperature: float) -> None:
        self._gate = gate
        self._sampling = Sampling(max_tokens=max_tokens, temperature=temperature)
        self._talks: OrderedDict[tuple[str, str], _Talk] = OrderedDict()

    async def answer(
        self, tutor: Tutor, person_id: str, window: str, text: str, spend: Spend
    ) -> AsyncGenerator[dict[str, object], None]:
        """The reply as the page's events, in somebody's talk in one window of their browser.

        The tutor may be another with each turn; it helps as openly as it ever would, since the
        learner who is played sets no cap.

        Raises:
            ApiError: no reply could be had.
        """
        talk = await self._talk(person_id, window)
        sampling = replace(self._sampling, seed=randbelow(2**31))
        asked = talk.learner, talk.conversation, tutor, text, sampling
        reply = talk.tutoring.answer(*asked, spend=spend)
        async with aclosing(reply) as pieces:
            async for piece in pieces:
                yield {"text": piece} if isinstance(piece, str) else {"done": _told(piece)}

    def forget(self, person_id: str, window: str) -> None:
        """Begin again."""
        self._talks.pop((person_id, window), None)

    async def _talk(self, person_id: str, window: str) -> _Talk:
        key = person_id, window
        if key not in self._talks:
            self._talks[key] = await run_in_threadpool(_begun, self._gate)
        self._talks.move_to_end(key)
        while len(self._talks) > _MOST:
            self._talks.popitem(last=False)
        return self._talks[key]


def _begun(gate: Gate) -> _Talk:
    store = Store(open_memory(), time.time)
    learner = store.people.add("preview", "learner")
    learner = store.people.change(learner.id, profile=Profile(cap=Level.CLUE))
    return _Talk(
        tutoring=Tutoring(store, gate),
        learner=learner,
        conversation=store.conversations.begin(learner.id, "preview").id,
    )


def _told(outcome: Outcome) -> dict[str, object]:
    """What the page shows under a reply."""
    choice = outcome.choice
    told = {"level": choice.level, "kind": choice.kind, "reason": choice.reason}
    return {"state": outcome.state, **told}
