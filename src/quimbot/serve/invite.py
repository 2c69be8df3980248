"""`quimbot invite`: a link by which somebody comes in."""

import time
from dataclasses import dataclass
from pathlib import Path

from quimbot.exceptions import RecipeError
from quimbot.runs.watch import Watch
from quimbot.serve.store.person import Role
from quimbot.serve.store.store import Store

_DAY_S = 24 * 3600
_WEEK_S = 7 * _DAY_S


@dataclass(frozen=True, kw_only=True)
class InviteSettings:
    """Settings of `quimbot invite`."""

    role: Role
    """What they are: learner, instructor or owner."""
    class_: str = ""
    """Class that a learner joins, by name or id; empty: none."""
    uses: int = 1
    """How many people may come in by the link."""
    days: float = 7.0
    """How long it can be used."""
    url: str = "http://127.0.0.1:8000"
    """Where they reach the server."""
    store: str = ""
    """Database of the server, as given to `quimbot serve`."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.uses < 1:
            raise RecipeError(f"invite: uses is {self.uses}; give 1 or more")
        if not self.days > 0:
            raise RecipeError(f"invite: days is {self.days}; give more than 0")
        if self.class_ and self.role != "learner":
            raise RecipeError(f"invite: an {self.role} joins no class; leave out --class")

    def inputs(self) -> tuple[Path, ...]:
        """What is read: nothing that a stamp could know."""
        return ()

    def outputs(self) -> tuple[Path, ...]:
        """What is written: nothing that a stamp could know."""
        return ()


def invite(settings: InviteSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """The link.

    Raises:
        DataError: the database is not what it must be.
        NotFound: there is no such class.
        OutputError: the database cannot be used.
        RecipeError: several classes have that name.
    """
    with Store.open(settings.store) as store:
        class_id = _class_id(store, settings.class_) if settings.class_ else None
        expires = time.time() + settings.days * _DAY_S
        token = store.invitations.make(
            class_id, settings.role, expires, maker_id=None, uses=settings.uses
        )
    return link(settings.url, token)


def owner_link(store: Store, url: str) -> str:
    """The link by which the first owner comes in."""
    token = store.invitations.make(None, "owner", time.time() + _WEEK_S, maker_id=None)
    return link(url, token)


def link(url: str, token: str) -> str:
    """A token as a link; what follows # is not sent, so it gets into no log."""
    return f"{url.rstrip('/')}/#join={token}"


def _class_id(store: Store, name: str) -> str:
    found = store.classes.named(name)
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise RecipeError(f"invite: {len(found)} classes are called {name!r}; give one of {ids}")
    return found[0].id if found else name
