"""When the learners of a class were active; what they said is not read for it."""

import msgspec
from sqlalchemy import select

from quimbot.records.record import Role
from quimbot.serve.store.classes import require_taught
from quimbot.serve.store.database import Database
from quimbot.serve.store.schema import conversations, members, turns


class Active(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody said something."""

    person_id: str
    """Whose conversation it is."""
    conversation_id: str
    role: Role
    at: float


class Activity:
    """Of every class."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, instructor_id: str, class_id: str, since: float) -> list[Active]:
        """The turns of its learners from a time on, a conversation's together and in order.

        Raises:
            NotFound: the instructor has no class of that id.
        """
        found = (
            select(conversations.c.person_id, turns.c.conversation_id, turns.c.role, turns.c.at)
            .join_from(turns, conversations)
            .join(members, members.c.person_id == conversations.c.person_id)
            .where(members.c.class_id == class_id, turns.c.at >= since)
            .order_by(turns.c.conversation_id, turns.c.id)
        )
        with self._database.reading() as connection:
            require_taught(connection, instructor_id, class_id)
            return [Active(**row) for row in connection.execute(found).mappings()]
