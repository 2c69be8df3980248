"""Classes: who teaches whom."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, Delete, RowMapping, delete, insert, select, update

from quimbot.exceptions import NotFound
from quimbot.serve.store.database import Database
from quimbot.serve.store.people import person_of
from quimbot.serve.store.person import Person
from quimbot.serve.store.schema import classes, members, people
from quimbot.serve.store.secret import new_id


class Class(msgspec.Struct, frozen=True, kw_only=True):
    """Learners with one instructor."""

    id: str
    instructor_id: str
    name: str
    made: float


class Classes:
    """Everybody's classes. Asking for another instructor's is as asking for none: NotFound."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, instructor_id: str) -> Class:
        """A new class without learners."""
        made = Class(id=new_id(), instructor_id=instructor_id, name=name, made=self._clock())
        with self._database.writing() as connection:
            connection.execute(insert(classes).values(msgspec.structs.asdict(made)))
        return self.get(instructor_id, made.id)

    def of(self, instructor_id: str) -> list[Class]:
        """What somebody teaches, the oldest first."""
        found = select(classes).where(classes.c.instructor_id == instructor_id)
        with self._database.reading() as connection:
            rows = connection.execute(found.order_by(classes.c.made, classes.c.id)).mappings()
            return [_class(row) for row in rows]

    def named(self, name: str) -> list[Class]:
        """Everybody's classes of that name; for whoever runs the server."""
        with self._database.reading() as connection:
            found = select(classes).where(classes.c.name == name).order_by(classes.c.id)
            return [_class(row) for row in connection.execute(found).mappings()]

    def every(self) -> list[Class]:
        """Everybody's classes, the oldest first; for owners."""
        with self._database.reading() as connection:
            found = select(classes).order_by(classes.c.made, classes.c.id)
            return [_class(row) for row in connection.execute(found).mappings()]

    def get(self, instructor_id: str, class_id: str) -> Class:
        """One of an instructor's classes.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.reading() as connection:
            return require_taught(connection, instructor_id, class_id)

    def rename(self, instructor_id: str, class_id: str, name: str) -> None:
        """Call it something else.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.writing() as connection:
            require_taught(connection, instructor_id, class_id)
            this = classes.c.id == class_id
            connection.execute(update(classes).where(this).values(name=name))

    def delete(self, instructor_id: str, class_id: str) -> None:
        """End it; the learners and what they said stay.

        Raises:
            NotFound: they have none of that id.
        """
        with self._database.writing() as connection:
            require_taught(connection, instructor_id, class_id)
            connection.execute(delete(classes).where(classes.c.id == class_id))

    def members(self, instructor_id: str, class_id: str) -> list[Person]:
        """Its learners by name.

        Raises:
            NotFound: the instructor has none of that id.
        """
        found = select(people).join(members).where(members.c.class_id == class_id)
        with self._database.reading() as connection:
            require_taught(connection, instructor_id, class_id)
            rows = connection.execute(found.order_by(people.c.name, people.c.id)).mappings()
            return [person_of(row) for row in rows]

    def remove(self, instructor_id: str, class_id: str, person_id: str) -> None:
        """Take somebody out of a class; what they said stays theirs.

        Raises:
            NotFound: the instructor has none of that id.
        """
        with self._database.writing() as connection:
            require_taught(connection, instructor_id, class_id)
            connection.execute(_membership_gone(class_id, person_id))

    def joined(self, person_id: str) -> list[Class]:
        """Where somebody learns, in the order in which they came."""
        found = select(classes).join(members).where(members.c.person_id == person_id)
        with self._database.reading() as connection:
            rows = connection.execute(found.order_by(members.c.joined, classes.c.id)).mappings()
            return [_class(row) for row in rows]

    def join(self, class_id: str, person_id: str) -> None:
        """Somebody learns there from now on, as an invitation lets them.

        Raises:
            NotFound: there is no such class or person.
        """
        with self._database.writing() as connection:
            join(connection, class_id, person_id, self._clock())

    def leave(self, class_id: str, person_id: str) -> None:
        """Somebody learns there no more; nothing happens where they do not."""
        with self._database.writing() as connection:
            connection.execute(_membership_gone(class_id, person_id))


def require_taught(connection: Connection, instructor_id: str, class_id: str) -> Class:
    """The class, if the instructor teaches it.

    Raises:
        NotFound: they do not, or there is none.
    """
    this = (classes.c.id == class_id) & (classes.c.instructor_id == instructor_id)
    row = connection.execute(select(classes).where(this)).mappings().first()
    if row is None:
        raise NotFound("there is no such class")
    return _class(row)


def join(connection: Connection, class_id: str, person_id: str, at: float) -> None:
    """Make somebody a member who may be one already.

    Raises:
        NotFound: there is no such class or person.
    """
    for table, id_ in ((classes, class_id), (people, person_id)):
        found = select(table.c.id).where(table.c.id == id_).with_for_update()
        if connection.execute(found).first() is None:
            raise NotFound("there is no such class or person")
    this = (members.c.class_id == class_id) & (members.c.person_id == person_id)
    if connection.execute(select(members).where(this)).first() is None:
        row = {"class_id": class_id, "person_id": person_id, "joined": at}
        connection.execute(insert(members).values(row))


def _membership_gone(class_id: str, person_id: str) -> Delete:
    return delete(members).where(members.c.class_id == class_id, members.c.person_id == person_id)


def _class(row: RowMapping) -> Class:
    return Class(**{field: row[field] for field in Class.__struct_fields__})
