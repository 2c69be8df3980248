"""What learners said, read by their instructors: only with consent, and never unseen."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, insert, select

from quimbot.exceptions import NotAllowed, NotFound
from quimbot.serve.store.conversations import (
    Conversation,
    Turn,
    conversations_of,
    require_theirs,
    turns_of,
)
from quimbot.serve.store.database import Database
from quimbot.serve.store.schema import classes, members, people, readings


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody read a conversation."""

    conversation_id: str | None
    """None: it is deleted since."""
    reader: str
    """Name of the instructor; empty: not there any more."""
    at: float


class Transcripts:
    """Conversations as instructors may read them, and who did."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def of(self, instructor_id: str, person_id: str) -> list[Conversation]:
        """A learner's conversations, the newest first.

        Raises:
            NotAllowed: the learner has not consented.
            NotFound: the learner is in no class of the instructor.
        """
        with self._database.reading() as connection:
            _require_consent(connection, instructor_id, person_id)
            return conversations_of(connection, person_id)

    def read(self, instructor_id: str, person_id: str, conversation_id: str) -> list[Turn]:
        """The turns in order; that they were read is kept for the learner.

        Raises:
            NotAllowed: the learner has not consented.
            NotFound: the learner is in no class of the instructor, or has no such conversation.
        """
        row = {"person_id": person_id, "reader_id": instructor_id}
        row |= {"conversation_id": conversation_id}
        with self._database.writing() as connection:
            _require_consent(connection, instructor_id, person_id)
            require_theirs(connection, person_id, conversation_id)
            connection.execute(insert(readings).values(**row, at=self._clock()))
            return turns_of(connection, conversation_id)

    def readings(self, person_id: str) -> list[Reading]:
        """Who read what of a learner, in order."""
        found = select(readings, people.c.name).outerjoin(
            people, people.c.id == readings.c.reader_id
        )
        found = found.where(readings.c.person_id == person_id).order_by(readings.c.id)
        with self._database.reading() as connection:
            return [
                Reading(
                    conversation_id=row["conversation_id"],
                    reader=row["name"] or "",
                    at=row["at"],
                )
                for row in connection.execute(found).mappings()
            ]


def _require_consent(connection: Connection, instructor_id: str, person_id: str) -> None:
    taught = (
        select(people.c.consent)
        .join_from(people, members, people.c.id == members.c.person_id)
        .join(classes, classes.c.id == members.c.class_id)
        .where(classes.c.instructor_id == instructor_id, people.c.id == person_id)
    )
    row = connection.execute(taught).first()
    if row is None:
        raise NotFound("there is no such learner in your classes")
    if not row.consent:
        raise NotAllowed("this learner has not agreed that instructors read along")
