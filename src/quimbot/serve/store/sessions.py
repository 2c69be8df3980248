"""Who is signed in, and since when."""

from collections.abc import Callable

from sqlalchemy import delete, insert, select, update

from quimbot.exceptions import NotFound
from quimbot.serve.store.database import Database
from quimbot.serve.store.people import person_of
from quimbot.serve.store.person import Person
from quimbot.serve.store.schema import people, sessions
from quimbot.serve.store.secret import hashed, new_secret

LASTS_S = 90 * 24 * 3600
"""How long one stays signed in without coming back."""

_DAY_S = 24 * 3600


class Sessions:
    """Sign-ins by their secret, which the browser keeps."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def begin(self, person_id: str) -> str:
        """The secret of a new session; those that ended by themselves are forgotten."""
        secret, now = new_secret(), self._clock()
        row = {"hash": hashed(secret), "person_id": person_id, "made": now}
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires <= now))
            connection.execute(insert(sessions).values(**row, expires=now + LASTS_S))
        return secret

    def person_of(self, secret: str) -> Person:
        """Whose session it is; it lasts longer when it is used.

        Raises:
            NotFound: there is none, or it has ended.
        """
        this, now = sessions.c.hash == hashed(secret), self._clock()
        found = select(people, sessions.c.expires).join(sessions).where(this)
        with self._database.reading() as connection:
            row = connection.execute(found).mappings().first()
        if row is None or row["expires"] <= now:
            raise NotFound("this session has ended")
        if row["expires"] < now + LASTS_S - _DAY_S:  # not a write for every request
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(this).values(expires=now + LASTS_S))
        return person_of(row)

    def end(self, secret: str) -> None:
        """Sign out; nothing happens where nobody is signed in."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.hash == hashed(secret)))
