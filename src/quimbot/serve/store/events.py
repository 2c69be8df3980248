"""What happened between learners and tutors, in order; the learner model is made from it."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, insert, select

from quimbot.exceptions import NotFound
from quimbot.pedagogy.events import Event
from quimbot.serve.store.conversations import require_theirs
from quimbot.serve.store.database import Database
from quimbot.serve.store.schema import events, turns


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """An event with where it happened."""

    conversation_id: str
    turn_id: int | None
    event: Event


class Events:
    """Everybody's events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        person_id: str,
        conversation_id: str,
        turn_id: int | None,
        happened: Sequence[Event],
        *,
        instead_of: Sequence[Event] = (),
    ) -> None:
        """Keep what happened in a turn of a person's conversation, or in it at large.

        What was kept of the same turn and turned out not to be so can be taken back with it.

        Raises:
            NotFound: they have no such conversation, or it has no such turn.
        """
        place = {"person_id": person_id, "conversation_id": conversation_id, "turn_id": turn_id}
        rows = [{**place, "event": _text(one)} for one in happened]
        with self._database.writing() as connection:
            require_theirs(connection, person_id, conversation_id)
            if turn_id is not None:
                this = (turns.c.id == turn_id) & (turns.c.conversation_id == conversation_id)
                if connection.execute(select(turns.c.id).where(this)).first() is None:
                    raise NotFound("there is no such turn")
            if instead_of:
                here = events.c.conversation_id == conversation_id, events.c.turn_id == turn_id
                wrong = events.c.event.in_([_text(one) for one in instead_of])
                connection.execute(delete(events).where(*here, wrong))
            if rows:
                connection.execute(insert(events), rows)

    def of(self, person_id: str) -> list[Event]:
        """All that happened with a person, in order."""
        return [one.event for one in self.with_turns(person_id)]

    def with_turns(self, person_id: str, conversation_id: str = "") -> list[Filed]:
        """All that happened with a person or in one of their conversations, with the turns.

        Raises:
            NotFound: they have no such conversation.
        """
        found = select(events).where(events.c.person_id == person_id).order_by(events.c.id)
        with self._database.reading() as connection:
            if conversation_id:
                require_theirs(connection, person_id, conversation_id)
                found = found.where(events.c.conversation_id == conversation_id)
            return [
                Filed(
                    conversation_id=row["conversation_id"],
                    turn_id=row["turn_id"],
                    event=msgspec.json.decode(row["event"], type=Event),
                )
                for row in connection.execute(found).mappings()
            ]


def _text(event: Event) -> str:
    return msgspec.json.encode(event).decode()
