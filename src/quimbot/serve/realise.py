"""The words that perform what the policy chose, while the model is still writing its own.

A model's draft is read a sentence at a time. The first one shows what the tutor would put right, so
it decides; it is said as it is where it performs the choice, and a template speaks where it does
not. The rest of the draft follows as it comes, without what a tutor does not say.
"""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import TypeVar, TypeVarTuple

import anyio.to_thread
from anyio import CapacityLimiter
from msgspec import structs

from quimbot.exceptions import PromptTooLong
from quimbot.pedagogy.error import Error
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.phrasing import invitation, phrase, reaction
from quimbot.pedagogy.policy import Choice, Limits, choose
from quimbot.records.record import Message, Move
from quimbot.runtimes.runtime import Delta, Sampling
from quimbot.serve.leaks import leaks
from quimbot.serve.sentences import opening, sentences
from quimbot.serve.situation import Situation
from quimbot.serve.spending import Tokens, counted
from quimbot.serve.tutors import Tutor, told
from quimbot.verify import wording
from quimbot.verify.conduct import inventions
from quimbot.verify.noticing import notice
from quimbot.verify.performing import performs
from quimbot.verify.turns import prepare

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_STEER = "Let's talk about you instead! What did you do today?"
_HEARD = "Thank you for telling me."
_MORE = (
    "Can you tell me more?",
    "What else?",
    "How was it for you?",
    "What do you think about it?",
)
_TRIES = 2
_TALK = 4
"""Words below which saying something twice is small talk."""
_NOTHING_YET = Choice(kind=None, level=Level.PASS, reason="Nothing was said yet.")
_MOVES = {Level.PROMPT: Move.ELICITATION, Level.CLUE: Move.HINT}

language = CapacityLimiter(1)
"""spaCy works in one thread at a time: it is bound by the processor, and the models need it too."""


async def in_thread(work: Callable[[*Ts], T], *given: *Ts) -> T:
    """The result of language work, done beside the event loop."""
    return await anyio.to_thread.run_sync(work, *given, limiter=language)


@dataclass(kw_only=True)
class Realiser:
    """One reply to one learner turn, and what was noticed and chosen on the way."""

    tutor: Tutor
    situation: Situation
    sampling: Sampling
    errors: tuple[Error, ...] = ()
    choice: Choice = _NOTHING_YET
    fell_back: bool = False
    """Whether a template spoke in the model's place."""
    tokens: Tokens = field(default_factory=Tokens)
    """What the model read and wrote for it, in drafts that nobody saw too."""
    _said: str = ""
    _cut: bool = False
    """Whether something of the draft was left out, perhaps its question."""

    async def words(self) -> AsyncGenerator[str, None]:
        """The reply in pieces that may be shown as they come.

        Raises:
            RuntimeFault: no reply could be had.
        """
        async with aclosing(self._draft()) as draft:
            first = await opening(draft)
            await self._decide(first)
            if self.choice.level >= Level.PROMPT:
                await draft.aclose()
                yield await self._asked()
                return
            async for piece in self._spoken(first, draft):
                self._said += piece
                yield piece
        await self._hear_again()

    async def _decide(self, first: str) -> None:
        if self.situation.crisis:
            reason = "Somebody may be in danger, so nothing is corrected in this conversation."
            self.choice = Choice(kind=None, level=Level.PASS, reason=reason)
            return
        self.errors = await in_thread(notice, self.situation.text, first)
        kinds = list(dict.fromkeys(error.kind for error in self.errors))
        self.choice = choose(
            self.situation.learner, kinds, limits=self._limits, at=self.situation.at
        )
        if not kinds and self.situation.due:
            reason = f"{self.situation.due} is due to come back, so a question makes room for it."
            self.choice = Choice(kind=self.situation.due, level=Level.PASS, reason=reason)

    async def _spoken(
        self, first: str, draft: AsyncGenerator[str, None]
    ) -> AsyncGenerator[str, None]:
        """The first sentence or what stands in its place, then what of the rest may be said."""
        if leaks(first, self._secret):
            self.fell_back = True
            yield _STEER
            return
        yield await self._opened(first)
        async for sentence in draft:
            if leaks(self._said + sentence, self._secret):
                yield self._apart(_STEER)
                return
            if await self._unfit(sentence):
                self._cut = True
            elif self._invites and wording.questions(sentence):
                break
            else:
                yield self._apart(sentence)
        if self._invites and self.choice.kind:
            yield self._apart(invitation(self.choice.kind, self.sampling.seed))
        elif self._cut and not wording.questions(self._said):
            yield self._apart(Random(self.sampling.seed).choice(_MORE))  # noqa: S311 - reproducible

    async def _opened(self, first: str) -> str:
        """How the reply begins."""
        if self.choice.level is Level.PASS:
            asks = self._invites and bool(wording.questions(first))
            if first.strip() and not asks and not await self._unfit(first):
                return first
            self._cut = True
            self.fell_back = not first.strip()
            heard = reaction(self.sampling.seed, self.situation.text)
            return _HEARD if self.situation.crisis else heard
        error = self._target
        if not await in_thread(performs, self.situation.text, error, first, self.choice.level):
            return first
        self._cut = self.fell_back = True
        return await in_thread(
            phrase, self.choice.level, error, self.situation.text, self.sampling.seed
        )

    async def _asked(self) -> str:
        """A whole reply that has the learner try again: the model's if it does, else a template."""
        level, error = self.choice.level, self._target
        prompt = self.tutor.told(_MOVES[level], self.situation.learner.profile.l1)
        for attempt in range(1, _TRIES + 1):
            sampling = replace(self.sampling, seed=self.sampling.seed + attempt)
            async with aclosing(self._answer(sampling, prompt)) as pieces:
                said = "".join([piece.text async for piece in pieces]).strip()
            fault = await in_thread(performs, self.situation.text, error, said, level)
            if not fault and not leaks(said, prompt.content):
                return said
        self.fell_back = True
        return await in_thread(phrase, level, error, self.situation.text, self.sampling.seed)

    async def _unfit(self, sentence: str) -> bool:
        """Whether it was said before, corrects openly, or mends what should be let pass."""
        text = self.situation.text
        if sentence.strip() in self._before or wording.red_pen(sentence, (text,)):
            return True
        return self._hushed and await in_thread(_puts_right, text, sentence)

    async def _hear_again(self) -> None:
        """What only a later sentence put right was recast, too."""
        if self._hushed or self.choice.kind is not None:
            return
        self.errors = await in_thread(notice, self.situation.text, self._said)
        if self.errors:
            kind = self.errors[0].kind
            reason = f"The tutor recast {kind} of its own accord, later in its reply."
            self.choice = Choice(kind=kind, level=Level.RECAST, reason=reason)

    async def _draft(self) -> AsyncGenerator[str, None]:
        """The sentences of the model's own reply; the oldest turns go when they do not fit."""
        while True:
            answer = self._answer(self.sampling, self._prompt)
            try:
                async with aclosing(sentences(answer)) as found:
                    async for sentence in found:
                        yield sentence
            except PromptTooLong:
                history = self.situation.history
                if not history:
                    raise
                kept = history[max(2, len(history) // 4) :]
                while kept and kept[0].role == "assistant":
                    kept = kept[1:]
                self.situation = structs.replace(self.situation, history=kept)
            else:
                return

    def _answer(self, sampling: Sampling, prompt: Message) -> AsyncGenerator[Delta, None]:
        answer = self.tutor.answer(self._chat, sampling, prompt=prompt)
        return counted(answer, (prompt, *self._chat), self.tokens)

    @cached_property
    def _before(self) -> frozenset[str]:
        """The sentences that the tutor has said in this conversation."""
        parted = [re.split(r"(?<=[.!?])\s+", turn) for turn in self.situation.said]
        return frozenset(
            sentence for turn in parted for sentence in turn if len(sentence.split()) >= _TALK
        )

    @property
    def _chat(self) -> tuple[Message, ...]:
        return (*self.situation.history, Message(role="user", content=self.situation.text))

    @property
    def _prompt(self) -> Message:
        """A recast shows what was noticed; after a crisis none is asked for."""
        move = Move.EXPANSION if self.situation.crisis else Move.RECAST
        return self.tutor.told(move, self.situation.learner.profile.l1)

    @property
    def _secret(self) -> str:
        """What it is told to be; an instructor's notes are for saying."""
        return told(self.tutor.role, (), Move.RECAST, self.situation.learner.profile.l1).content

    @property
    def _limits(self) -> Limits:
        return Limits(cap=self.tutor.cap, allowed=self.tutor.levels)

    @property
    def _target(self) -> Error:
        return next(error for error in self.errors if error.kind == self.choice.kind)

    @property
    def _invites(self) -> bool:
        return self.choice.kind is not None and not self.errors

    @property
    def _hushed(self) -> bool:
        """Whether a recast is too much."""
        if self.situation.crisis or (self.errors and self.choice.level is Level.PASS):
            return True
        cap = min(self.tutor.cap, self.situation.learner.profile.cap)
        return not any(Level.PASS < level <= cap for level in self.tutor.levels)

    def _apart(self, piece: str) -> str:
        """A piece with a space before it, unless there is one."""
        return piece if not self._said or self._said[-1].isspace() else f" {piece}"


def _puts_right(text: str, sentence: str) -> bool:
    """Whether a sentence mends the learner's words or says them back in another form."""
    return bool(notice(text, sentence)) or any(inventions(prepare(text), prepare(sentence)))
