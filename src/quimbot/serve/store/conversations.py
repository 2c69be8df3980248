"""Conversations and their turns; each is found only by the person whose it is."""

from collections.abc import Callable
from typing import Literal

import msgspec
from sqlalchemy import Connection, RowMapping, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from quimbot.exceptions import NotFound
from quimbot.records.record import Role
from quimbot.serve.store.database import Database
from quimbot.serve.store.schema import conversations, turns
from quimbot.serve.store.secret import new_id

State = Literal["whole", "partial", "stopped", "failed"]
"""Of a turn: said to its end, still being said (or cut off with the server), stopped, broken."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One talk of a person with a tutor."""

    id: str
    person_id: str
    tutor: str
    """Its name."""
    topic: str
    title: str
    """What the person calls it; empty: not named."""
    began: float
    changed: float
    """When its last turn was added, in seconds since 1970."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one of them said."""

    id: int
    conversation_id: str
    role: Role
    """`user` for the learner, `assistant` for the tutor."""
    text: str
    state: State
    at: float


class Conversations:
    """Everybody's conversations. Asking for somebody else's is as asking for none: NotFound."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def begin(
        self, person_id: str, tutor: str, topic: str = "", outside_id: str | None = None
    ) -> Conversation:
        """A new conversation; with an `outside_id` that the person used before, that one."""
        if outside_id and (known := self._outside(person_id, outside_id)):
            return known
        now, fresh = self._clock(), new_id()
        made = insert(conversations).values(
            id=fresh,
            person_id=person_id,
            tutor=tutor,
            topic=topic,
            title="",
            outside_id=outside_id or None,
            began=now,
            changed=now,
        )
        try:
            with self._database.writing() as connection:
                connection.execute(made)
        except IntegrityError:
            known = self._outside(person_id, outside_id) if outside_id else None
            if known is None:
                raise NotFound("there is no such person") from None
            return known  # came twice at once
        return self.get(person_id, fresh)

    def of(self, person_id: str) -> list[Conversation]:
        """A person's conversations, the newest first."""
        with self._database.reading() as connection:
            return conversations_of(connection, person_id)

    def get(self, person_id: str, conversation_id: str) -> Conversation:
        """One of a person's conversations.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.reading() as connection:
            row = connection.execute(_theirs(person_id, conversation_id)).mappings().first()
        if row is None:
            raise NotFound(_NONE)
        return _conversation(row)

    def rename(self, person_id: str, conversation_id: str, title: str) -> None:
        """Call it something.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.writing() as connection:
            require_theirs(connection, person_id, conversation_id)
            changed = update(conversations).where(conversations.c.id == conversation_id)
            connection.execute(changed.values(title=title))

    def delete(self, person_id: str, conversation_id: str) -> None:
        """Forget it, its turns, and what was noticed in it.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.writing() as connection:
            require_theirs(connection, person_id, conversation_id)
            connection.execute(delete(conversations).where(conversations.c.id == conversation_id))
        self._database.forget()

    def add_turn(
        self, person_id: str, conversation_id: str, role: Role, text: str, state: State = "whole"
    ) -> Turn:
        """What one of them says next.

        Raises:
            NotFound: they have none of that id.
        """
        now = self._clock()
        row = {"conversation_id": conversation_id, "role": role, "text": text, "state": state}
        with self._database.writing() as connection:
            require_theirs(connection, person_id, conversation_id)
            made = connection.execute(insert(turns).values(**row, at=now).returning(turns))
            kept = _turn(made.mappings().one())
            this = conversations.c.id == conversation_id
            connection.execute(update(conversations).where(this).values(changed=now))
        return kept

    def change_turn(self, person_id: str, turn_id: int, text: str, state: State) -> None:
        """More of a turn is said, or it ends.

        Raises:
            NotFound: they have none of that id.
        """
        mine = select(conversations.c.id).where(conversations.c.person_id == person_id)
        this = (turns.c.id == turn_id) & turns.c.conversation_id.in_(mine)
        with self._database.writing() as connection:
            changed = update(turns).where(this).values(text=text, state=state)
            if not connection.execute(changed).rowcount:
                raise NotFound("there is no such turn")

    def take_back(self, person_id: str, conversation_id: str, turn_id: int) -> None:
        """Forget a turn and all after it, with what was noticed in them.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.writing() as connection:
            require_theirs(connection, person_id, conversation_id)
            this = turns.c.conversation_id == conversation_id
            connection.execute(delete(turns).where(this, turns.c.id >= turn_id))
        self._database.forget()

    def turns(self, person_id: str, conversation_id: str) -> list[Turn]:
        """The turns in order.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.reading() as connection:
            require_theirs(connection, person_id, conversation_id)
            return turns_of(connection, conversation_id)

    def said(self, person_id: str) -> list[tuple[str, str]]:
        """What was said in a person's conversations, in order, each with its conversation's id."""
        found = select(turns.c.conversation_id, turns.c.text).join(conversations)
        found = found.where(conversations.c.person_id == person_id).order_by(turns.c.id)
        with self._database.reading() as connection:
            return [(row.conversation_id, row.text) for row in connection.execute(found)]

    def _outside(self, person_id: str, outside_id: str) -> Conversation | None:
        found = select(conversations).where(
            conversations.c.person_id == person_id, conversations.c.outside_id == outside_id
        )
        with self._database.reading() as connection:
            row = connection.execute(found).mappings().first()
        return None if row is None else _conversation(row)


_NONE = "there is no such conversation"


def require_theirs(connection: Connection, person_id: str, conversation_id: str) -> None:
    """Nothing, if the conversation is the person's.

    Raises:
        NotFound: it is not, or there is none.
    """
    found = _theirs(person_id, conversation_id)
    if connection.get_execution_options().get("writes"):
        found = found.with_for_update(read=True, key_share=True)  # it stays until all is written
    if connection.execute(found).first() is None:
        raise NotFound(_NONE)


def conversations_of(connection: Connection, person_id: str) -> list[Conversation]:
    """A person's conversations, the newest first."""
    found = select(conversations).where(conversations.c.person_id == person_id)
    found = found.order_by(conversations.c.changed.desc(), conversations.c.id)
    return [_conversation(row) for row in connection.execute(found).mappings()]


def turns_of(connection: Connection, conversation_id: str) -> list[Turn]:
    """The turns of a conversation in order."""
    found = select(turns).where(turns.c.conversation_id == conversation_id).order_by(turns.c.id)
    return [_turn(row) for row in connection.execute(found).mappings()]


def _theirs(person_id: str, conversation_id: str) -> Select[tuple[object, ...]]:
    theirs = conversations.c.person_id == person_id
    return select(conversations).where(conversations.c.id == conversation_id, theirs)


def _conversation(row: RowMapping) -> Conversation:
    return Conversation(**{field: row[field] for field in Conversation.__struct_fields__})


def _turn(row: RowMapping) -> Turn:
    return Turn(**{field: row[field] for field in Turn.__struct_fields__})
