"""Keys with which programs act for a person."""

from collections.abc import Callable

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update

from quimbot.exceptions import NotFound
from quimbot.serve.store.database import Database
from quimbot.serve.store.people import person_of
from quimbot.serve.store.person import Person
from quimbot.serve.store.schema import keys, people
from quimbot.serve.store.secret import hashed, new_id, new_secret

START = "qb_"
"""How every key begins, so that people and scanners know one when they see it."""

_SHOWN = len(START) + 4
_MINUTE_S = 60


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key; the key itself is not."""

    id: str
    person_id: str
    name: str
    start: str
    """Its first letters."""
    made: float
    used: float | None
    """When it was last used, to the minute, in seconds since 1970."""


class Keys:
    """Everybody's keys."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def make(self, person_id: str, name: str) -> str:
        """A new key, which cannot be had a second time."""
        secret = new_secret(START)
        row = {"id": new_id(), "person_id": person_id, "name": name, "start": secret[:_SHOWN]}
        made = insert(keys).values(**row, hash=hashed(secret), made=self._clock())
        with self._database.writing() as connection:
            connection.execute(made)
        return secret

    def of(self, person_id: str) -> list[Key]:
        """A person's keys, the oldest first."""
        return [key for key in self.all() if key.person_id == person_id]

    def all(self) -> list[Key]:
        """Everybody's keys, the oldest first; for whoever runs the server."""
        with self._database.reading() as connection:
            found = select(keys).order_by(keys.c.made, keys.c.id)
            return [_key(row) for row in connection.execute(found).mappings()]

    def person_of(self, secret: str) -> Person:
        """For whom the key stands.

        Raises:
            NotFound: there is no such key.
        """
        this, now = keys.c.hash == hashed(secret), self._clock()
        with self._database.reading() as connection:
            found = select(people, keys.c.used).join(keys).where(this)
            row = connection.execute(found).mappings().first()
        if row is None:
            raise NotFound("there is no such key")
        if row["used"] is None or row["used"] < now - _MINUTE_S:
            with self._database.writing() as connection:
                connection.execute(update(keys).where(this).values(used=now))
        return person_of(row)

    def revoke(self, person_id: str, key_id: str) -> None:
        """The key opens nothing from now on.

        Raises:
            NotFound: the person has none of that id.
        """
        theirs = (keys.c.id == key_id) & (keys.c.person_id == person_id)
        with self._database.writing() as connection:
            if not connection.execute(delete(keys).where(theirs)).rowcount:
                raise NotFound("there is no such key")


def _key(row: RowMapping) -> Key:
    return Key(**{field: row[field] for field in Key.__struct_fields__})
