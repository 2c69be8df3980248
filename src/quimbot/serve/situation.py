"""What a tutor knows when a learner has spoken: the talk so far, the learner, the last help."""

from collections.abc import Sequence

import msgspec

from quimbot.pedagogy.error import Error, alone
from quimbot.pedagogy.events import Began, Event, Moved, Noticed, TookUp
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner, Profile, learner_of
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.occasions import used
from quimbot.records.record import Message
from quimbot.serve import care
from quimbot.serve.private import hidden
from quimbot.serve.store.conversations import Turn
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.tutors import Tutor
from quimbot.verify.uptake import uptake

_APART = 2
"""Replies between two questions that make room for a kind that is due."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Before a reply."""

    text: str
    """What the learner says, secrets struck out."""
    at: float
    concern: care.Concern | None
    """What comes before English."""
    said: tuple[str, ...]
    """The tutor's turns so far."""
    history: tuple[Message, ...]
    """The talk as the model sees it."""
    learner: Learner
    """This turn's uptake included."""
    happened: tuple[Event, ...]
    """What the turn shows of the last one's help."""
    right: tuple[tuple[Kind, str], ...]
    """Kinds that the turn had occasion for and filled, where no error is noticed in them."""
    due: Kind | None
    """A kind that may be given an occasion now."""

    @property
    def crisis(self) -> bool:
        """Whether somebody may be in danger: then nothing is corrected any more."""
        return any(map(care.crisis, self.said))

    @property
    def fixed(self) -> str:
        """What people wrote for such a turn; empty for most."""
        return care.answer(self.concern, self.said, self.learner.profile.l1)


def situation(
    store: Store, person: Person, conversation_id: str, text: str, *, tutor: Tutor, at: float
) -> Situation:
    """The situation in which a learner says something.

    Raises:
        NotFound: the person has no such conversation.
    """
    turns = store.conversations.turns(person.id, conversation_id)
    filed = store.events.with_turns(person.id)
    here = [one for one in filed if one.conversation_id == conversation_id]
    last = max((turn.id for turn in turns if turn.role == "assistant" and turn.text), default=None)
    kept = hidden(text)
    happened = _taken_up([one.event for one in here if one.turn_id == last], kept, at)
    if not any(isinstance(one.event, Began) for one in here):
        happened = (Began(at=at), *happened)
    learner = learner_of(_profile(person, tutor), [*(one.event for one in filed), *happened])
    return Situation(
        text=kept,
        at=at,
        concern=care.concern(text),
        said=tuple(turn.text for turn in turns if turn.role == "assistant"),
        history=tuple(_history(turns)),
        learner=learner,
        happened=happened,
        right=used(kept, ()),
        due=_due(learner, [one.event for one in here], at),
    )


def _profile(person: Person, tutor: Tutor) -> Profile:
    """What the learner told, and what the tutor's learners have in common where they did not."""
    told = person.profile
    return msgspec.structs.replace(told, l1=told.l1 or tutor.l1, level=told.level or tutor.level)


def _history(turns: Sequence[Turn]) -> list[Message]:
    """The talk without turns that nobody answered or fixed words did: a model would copy them."""
    told: list[Message] = []
    for turn in turns:
        if turn.role == "user":
            told = told[:-1] if told and told[-1].role == "user" else told
            told.append(Message(role="user", content=turn.text))
        elif not turn.text or care.fixed(turn.text):
            told = told[:-1] if told and told[-1].role == "user" else told
        else:
            told.append(Message(role="assistant", content=turn.text))
    return told[:-1] if told and told[-1].role == "user" else told


def _taken_up(before: Sequence[Event], text: str, at: float) -> tuple[Event, ...]:
    """What the learner made of the last turn's help."""
    moved = next((one for one in before if isinstance(one, Moved)), None)
    if moved is None or moved.kind is None or moved.level is Level.PASS:
        return ()
    errors = [one for one in before if isinstance(one, Noticed) and one.kind == moved.kind]
    if not errors:
        return ()
    target = errors[0]
    mended = alone(
        Error(
            kind=target.kind,
            type="",
            wrong=target.wrong,
            right=target.right,
            said=target.said,
            correction=target.correction,
        )
    )
    return (TookUp(at=at, kind=target.kind, outcome=uptake(target.said, (mended,), text)),)


def _due(learner: Learner, here: Sequence[Event], at: float) -> Kind | None:
    """The kind longest due that this conversation has made no room for; not in every reply."""
    wrong = {(one.at, one.kind) for one in here if isinstance(one, Noticed)}
    invited = [
        one.kind if one.level is Level.PASS and (one.at, one.kind) not in wrong else None
        for one in here
        if isinstance(one, Moved)
    ]
    if any(invited[-_APART:]):
        return None
    return next((kind for kind in learner.due(at) if kind not in invited), None)
