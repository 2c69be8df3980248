"""Who there is: added, changed, given all that is kept about them, and forgotten."""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from quimbot.exceptions import NotFound
from quimbot.pedagogy.learner import Profile
from quimbot.serve.store.database import Database
from quimbot.serve.store.export import export
from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.schema import conversations, people
from quimbot.serve.store.secret import new_id

LOCAL = "local"
"""Outside id of the one person of a server without accounts."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as whoever runs the server may know them: nothing that they said."""

    person: Person
    outside_id: str
    """How another program knows them; empty: none does."""
    came: float
    conversations: int
    spoke: float | None
    """When something was last said in a conversation of theirs."""


class People:
    """Everybody by id."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        name: str = "",
        role: Role = "learner",
        *,
        outside_id: str | None = None,
    ) -> Person:
        """A new person; `outside_id` is how another program knows them."""
        row = new_row(name, role, self._clock(), outside_id=outside_id)
        with self._database.writing() as connection:
            connection.execute(insert(people).values(row))
        return self.person(row["id"])

    def outside(self, outside_id: str, role: Role = "learner") -> Person:
        """The person whom another program knows so, added when they first come."""
        found = select(people).where(people.c.outside_id == outside_id)
        with self._database.reading() as connection:
            row = connection.execute(found).mappings().first()
        if row is not None:
            return person_of(row)
        try:
            return self.add(role=role, outside_id=outside_id)
        except IntegrityError:  # came twice at once
            return self.outside(outside_id, role)

    def local(self) -> Person:
        """The one owner of a server without accounts."""
        return self.outside(LOCAL, "owner")

    def person(self, person_id: str) -> Person:
        """The person of an id.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as connection:
            found = select(people).where(people.c.id == person_id)
            row = connection.execute(found).mappings().first()
        if row is None:
            raise NotFound("there is no such person")
        return person_of(row)

    def change(
        self,
        person_id: str,
        *,
        name: str | None = None,
        profile: Profile | None = None,
        language: str | None = None,
        consent: bool | None = None,
    ) -> Person:
        """The person with what is given changed; a role is never changed so.

        Raises:
            NotFound: there is none.
        """
        given = {"name": name, "language": language, "consent": consent}
        changed = {key: value for key, value in given.items() if value is not None}
        if profile is not None:
            changed["profile"] = _text(profile)
        if changed:
            with self._database.writing() as connection:
                connection.execute(update(people).where(people.c.id == person_id).values(changed))
        return self.person(person_id)

    def named(self, name: str) -> list[Person]:
        """Everybody of that name or id; for whoever runs the server."""
        with self._database.reading() as connection:
            found = select(people).where((people.c.name == name) | (people.c.id == name))
            return [person_of(row) for row in connection.execute(found).mappings()]

    def every(self) -> list[Listed]:
        """Everybody in the order in which they came; for whoever runs the server."""
        talks = func.count(conversations.c.id).label("talks")
        spoke = func.max(conversations.c.changed).label("spoke")
        found = select(people, talks, spoke).outerjoin(conversations).group_by(people.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(found.order_by(people.c.made, people.c.id)).mappings()
            return [
                Listed(
                    person=person_of(row),
                    outside_id=row["outside_id"] or "",
                    came=row["made"],
                    conversations=row["talks"],
                    spoke=row["spoke"],
                )
                for row in rows
            ]

    def owned(self) -> bool:
        """Whether there is an owner who came by an invitation."""
        invited = people.c.outside_id.is_(None)
        with self._database.reading() as connection:
            found = select(people.c.id).where((people.c.role == "owner") & invited)
            return connection.execute(found).first() is not None

    def export(self, person_id: str) -> dict[str, Any]:
        """All that is kept about a person, as plain data.

        Raises:
            NotFound: there is none.
        """
        self.person(person_id)
        with self._database.reading() as connection:
            return export(connection, person_id)

    def delete(self, person_id: str) -> None:
        """Forget a person and all that is theirs, from the file as well.

        Raises:
            NotFound: there is none.
        """
        with self._database.writing() as connection:
            if not connection.execute(delete(people).where(people.c.id == person_id)).rowcount:
                raise NotFound("there is no such person")
        self._database.forget()


def person_of(row: RowMapping) -> Person:
    """A person as a row of the table has it."""
    told = {field: row[field] for field in Person.__struct_fields__ if field != "profile"}
    return Person(profile=msgspec.json.decode(row["profile"], type=Profile), **told)


def new_row(name: str, role: Role, at: float, *, outside_id: str | None = None) -> dict[str, Any]:
    """A person who has told nothing yet, as a row of the table."""
    told = msgspec.structs.asdict(Person(id=new_id(), name=name, role=role))
    return {**told, "profile": _text(Profile()), "outside_id": outside_id, "made": at}


def _text(profile: Profile) -> str:
    return msgspec.json.encode(profile).decode()
