"""`quimbot people list` and `delete`: who there is, and how somebody is forgotten."""

from dataclasses import dataclass, field
from pathlib import Path

from quimbot.exceptions import NotFound, RecipeError
from quimbot.runs.recipe import suggestion
from quimbot.runs.watch import Watch, aligned
from quimbot.serve.keys import minute
from quimbot.serve.store.people import Listed
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store

_KEPT = {
    "conversations": ("conversation", "conversations"),
    "teaches": ("class with its links", "classes with their links"),
    "keys": ("key", "keys"),
    "sessions": ("signed-in device", "signed-in devices"),
    "read_by": ("reading by an instructor", "readings by instructors"),
}
"""What is told of a person's data when it is removed: the parts of their export."""


@dataclass(frozen=True, kw_only=True)
class PeopleListSettings:
    """Settings of `quimbot people list`."""

    store: str = ""
    """Database of the server, as given to `quimbot serve`."""

    def inputs(self) -> tuple[Path, ...]:
        """What is read: nothing that a stamp could know."""
        return ()

    def outputs(self) -> tuple[Path, ...]:
        """What is written: nothing that a stamp could know."""
        return ()


@dataclass(frozen=True, kw_only=True)
class PeopleDeleteSettings:
    """Settings of `quimbot people delete`."""

    name: str = field(kw_only=False)
    """Whom to forget, by name or id."""
    store: str = ""
    """Database of the server, as given to `quimbot serve`."""

    def inputs(self) -> tuple[Path, ...]:
        """What is read: nothing that a stamp could know."""
        return ()

    def outputs(self) -> tuple[Path, ...]:
        """What is written: nothing that a stamp could know."""
        return ()


def people_list(settings: PeopleListSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """Everybody, in the order in which they came.

    Raises:
        DataError: the database is not what it must be.
        OutputError: the database cannot be used.
    """
    rows = [("id", "name", "role", "came", "conversations", "last spoke")]
    with Store.open(settings.store) as store:
        for one in store.people.every():
            spoke = "never" if one.spoke is None else minute(one.spoke)
            person = one.person
            talks = str(one.conversations)
            rows.append((person.id, _called(one), person.role, minute(one.came), talks, spoke))
    return "\n".join(aligned(rows)) if len(rows) > 1 else "nobody"


def people_delete(settings: PeopleDeleteSettings, watch: Watch) -> str:
    """What was removed: a person and all that was theirs, for good and without a question.

    Raises:
        DataError: the database is not what it must be.
        NotFound: nobody is called so.
        OutputError: the database cannot be used.
        RecipeError: several people are called so.
    """
    with Store.open(settings.store) as store:
        person = _person(store, settings.name)
        kept = store.people.export(person.id)
        store.people.delete(person.id)
        if person.role == "owner" and not store.people.owned():
            watch.say("There is no owner now; `quimbot serve --accounts` prints a link for one.")
    turns = sum(len(talk["turns"]) for talk in kept["conversations"])
    parts = [
        f"{len(kept[part])} {names[len(kept[part]) != 1]}"
        for part, names in _KEPT.items()
        if kept[part]
    ]
    if turns:
        parts.append(f"{turns} {'turn' if turns == 1 else 'turns'}")
    removed = ", ".join(parts)
    who = f"{_shown(person.name) or person.id} ({person.role})"
    return f"{who} is forgotten" + (f", with {removed}" if removed else "")


def _person(store: Store, name: str) -> Person:
    """The one person of a name, or of an id, which no name can take from them."""
    found = store.people.named(name)
    found = [person for person in found if person.id == name] or found
    if not found:
        known = [one.person.name for one in store.people.every()]
        raise NotFound(
            f"people delete: nobody is called {name!r}; see `quimbot people list`"
            f"{suggestion(name, known)}"
        )
    if len(found) > 1:
        ids = ", ".join(person.id for person in found)
        raise RecipeError(
            f"people delete: {len(found)} people are called {name!r}; give one of {ids}"
        )
    return found[0]


def _called(one: Listed) -> str:
    """The name, or how another program or this machine knows somebody without one."""
    return _shown(one.person.name) or f"({_shown(one.outside_id)})"


def _shown(text: str) -> str:
    """What somebody wrote, on one line and without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
