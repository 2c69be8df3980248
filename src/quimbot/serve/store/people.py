"""Who there is: added, changed, given all that is kept about them, and forgotten."""

import secrets
from collections.abc import Callable

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from quimbot.exceptions import NotFound
from quimbot.pedagogy.learner import Profile
from quimbot.serve.store.database import Database
from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.schema import people

LOCAL = "local"
"""Outside id of the one person of a server without accounts."""


def new_id() -> str:
    """A name that nobody can guess; 128 bits, safe in an address."""
    return secrets.token_urlsafe(16)


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
        profile: Profile = Profile(),  # noqa: B008 - frozen
        outside_id: str | None = None,
    ) -> Person:
        """A new person; `outside_id` is how another program knows them."""
        person = Person(id=new_id(), name=name, role=role, profile=profile)
        row = {**_row(person), "outside_id": outside_id, "made": self._clock()}
        with self._database.writing() as connection:
            connection.execute(insert(people).values(row))
        return self.person(person.id)

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
            changed["profile"] = msgspec.json.encode(profile).decode()
        if changed:
            with self._database.writing() as connection:
                connection.execute(update(people).where(people.c.id == person_id).values(changed))
        return self.person(person_id)

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


def _row(person: Person) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(person),
        "profile": msgspec.json.encode(person.profile).decode(),
    }
