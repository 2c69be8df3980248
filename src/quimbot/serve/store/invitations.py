"""Invitations: links by which people come in, each for one role and a limited time."""

from collections.abc import Callable

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from quimbot.exceptions import NotAllowed, NotFound
from quimbot.serve.store.classes import join, require_taught
from quimbot.serve.store.database import Database
from quimbot.serve.store.people import new_row, person_of
from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.schema import classes, invitations, people
from quimbot.serve.store.secret import hashed, new_secret

_RANKS: tuple[Role, ...] = ("learner", "instructor", "owner")


class Invitations:
    """What was made and can still be accepted."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def make(
        self,
        class_id: str | None,
        role: Role,
        expires: float,
        *,
        maker_id: str | None,
        uses: int = 1,
    ) -> str:
        """The token of a new invitation, which cannot be had a second time.

        Owners invite anybody, instructors invite learners to classes that they teach; without a
        maker it is whoever runs the server.

        Raises:
            NotAllowed: the maker may not invite so.
            NotFound: there is no such maker or class, or it is not the maker's.
        """
        row = {"role": role, "class_id": class_id, "maker_id": maker_id, "person_id": None}
        with self._database.writing() as connection:
            if maker_id is not None:
                _check_maker(connection, maker_id, role, class_id)
            elif class_id is not None:
                _check_class(connection, class_id)
            return self._keep(connection, {**row, "uses": uses, "expires": expires})

    def make_own(self, person_id: str, expires: float) -> str:
        """The token of a link by which a person comes in on another device, once.

        Raises:
            NotFound: there is no such person.
        """
        row = {"class_id": None, "maker_id": person_id, "person_id": person_id, "uses": 1}
        with self._database.writing() as connection:
            role = _require_person(connection, person_id)["role"]
            return self._keep(connection, {**row, "role": role, "expires": expires})

    def accept(self, token: str, name: str = "", *, person_id: str | None = None) -> Person:
        """Who has come in: a new person of that name, or the person of an id with more rights.

        Raises:
            NotFound: there is no such invitation; it may be used up or have ended.
        """
        this, now = invitations.c.hash == hashed(token), self._clock()
        open_ = this & (invitations.c.uses > 0) & (invitations.c.expires > now)
        used = update(invitations).where(open_).values(uses=invitations.c.uses - 1)
        with self._database.writing() as connection:
            row = connection.execute(used.returning(invitations)).mappings().first()
            if row is None:
                raise NotFound("this invitation is used up, has ended, or never was one")
            comes = row["person_id"] or person_id
            if comes is None:
                fresh = new_row(name, row["role"], now)
                connection.execute(insert(people).values(fresh))
                comes = fresh["id"]
            elif _RANKS.index(_require_person(connection, comes)["role"]) < _RANKS.index(
                row["role"]
            ):
                raised = update(people).where(people.c.id == comes).values(role=row["role"])
                connection.execute(raised)
            if row["class_id"] is not None:
                join(connection, row["class_id"], comes, now)
            return person_of(_require_person(connection, comes))

    def _keep(self, connection: Connection, row: dict[str, object]) -> str:
        """Keep it, and forget those that nobody can accept any more."""
        gone = or_(invitations.c.uses <= 0, invitations.c.expires <= self._clock())
        connection.execute(delete(invitations).where(gone))
        token = new_secret()
        connection.execute(insert(invitations).values(**row, hash=hashed(token)))
        return token


def _check_maker(connection: Connection, maker_id: str, role: Role, class_id: str | None) -> None:
    maker = _require_person(connection, maker_id)
    if maker["role"] != "owner" and (
        maker["role"] == "learner" or role != "learner" or class_id is None
    ):
        raise NotAllowed(
            "owners invite anybody, instructors invite learners to their classes; ask one of them"
        )
    if class_id is not None:
        require_taught(connection, maker_id, class_id)


def _check_class(connection: Connection, class_id: str) -> None:
    if connection.execute(select(classes.c.id).where(classes.c.id == class_id)).first() is None:
        raise NotFound("there is no such class")


def _require_person(connection: Connection, person_id: str) -> RowMapping:
    row = connection.execute(select(people).where(people.c.id == person_id)).mappings().first()
    if row is None:
        raise NotFound("there is no such person")
    return row
