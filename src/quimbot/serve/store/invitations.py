"""Invitations: links by which people come in, each for one role and a limited time."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, update

from quimbot.exceptions import NotAllowed, NotFound
from quimbot.serve.store.classes import join, require_taught
from quimbot.serve.store.database import Database
from quimbot.serve.store.people import new_row, person_of
from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.schema import classes, invitations, people
from quimbot.serve.store.secret import hashed, new_secret

_RANKS: tuple[Role, ...] = ("learner", "instructor", "owner")


_SHORT = 16
"""Characters of a hash that tell the open invitations of a class apart."""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """One that can still be accepted; its token is known to nobody here."""

    id: str
    uses: int
    """How many may still come in."""
    expires: float


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

    def open(self, instructor_id: str, class_id: str) -> list[Invitation]:
        """Those into a class, the one that ends first first.

        Raises:
            NotFound: the instructor has no class of that id.
        """
        now = self._clock()
        found = select(invitations).where(
            invitations.c.class_id == class_id,
            invitations.c.uses > 0,
            invitations.c.expires > now,
        )
        with self._database.reading() as connection:
            require_taught(connection, instructor_id, class_id)
            rows = connection.execute(found.order_by(invitations.c.expires)).mappings()
            return [
                Invitation(id=row["hash"][:_SHORT], uses=row["uses"], expires=row["expires"])
                for row in rows
            ]

    def revoke(self, instructor_id: str, class_id: str, invitation_id: str) -> None:
        """Nobody can accept it any more.

        Raises:
            NotFound: the instructor has no such class, or the class no such invitation.
        """
        this = (invitations.c.class_id == class_id) & (
            func.substr(invitations.c.hash, 1, _SHORT) == invitation_id
        )
        with self._database.writing() as connection:
            require_taught(connection, instructor_id, class_id)
            if not connection.execute(delete(invitations).where(this)).rowcount:
                raise NotFound("there is no such invitation")

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
