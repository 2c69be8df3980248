"""`quimbot key make`, `list` and `revoke`: keys with which programs use the API."""

import time
from dataclasses import dataclass
from pathlib import Path

from quimbot.exceptions import NotFound, RecipeError
from quimbot.runs.watch import Watch, aligned
from quimbot.serve.store.store import Store


@dataclass(frozen=True, kw_only=True)
class KeyListSettings:
    """Settings of `quimbot key list`."""

    store: str = ""
    """Database of the server, as given to `quimbot serve`."""

    def inputs(self) -> tuple[Path, ...]:
        """What is read: nothing that a stamp could know."""
        return ()

    def outputs(self) -> tuple[Path, ...]:
        """What is written: nothing that a stamp could know."""
        return ()


@dataclass(frozen=True, kw_only=True)
class KeyMakeSettings(KeyListSettings):
    """Settings of `quimbot key make`."""

    name: str
    """What the key is for, such as "Open WebUI"."""
    person: str = ""
    """For whom it stands, by name or id; empty: for a new learner of the key's name."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.name.strip():
            raise RecipeError("key make: name is empty; say what the key is for")


@dataclass(frozen=True, kw_only=True)
class KeyRevokeSettings(KeyListSettings):
    """Settings of `quimbot key revoke`."""

    key: str
    """Its id, as `quimbot key list` shows it."""


def key_make(settings: KeyMakeSettings, watch: Watch) -> str:
    """The new key, the only time that it is shown.

    Raises:
        NotFound: there is no such person.
        RecipeError: several people have that name.
    """
    with Store.open(settings.store) as store:
        if settings.person:
            found = store.people.named(settings.person)
            if not found:
                raise NotFound(f"key make: nobody is called {settings.person!r}; see `key list`")
            if len(found) > 1:
                ids = ", ".join(person.id for person in found)
                raise RecipeError(
                    f"key make: {len(found)} people are called {settings.person!r}; "
                    f"give one of {ids}"
                )
            (person,) = found
        else:
            person = store.people.add(settings.name)
        secret = store.keys.make(person.id, settings.name)
    watch.say("Keep it: it is not shown again.")
    return secret


def key_list(settings: KeyListSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """Every key, without what is secret about it."""
    rows = [("id", "begins", "for", "stands for", "made", "last used")]
    with Store.open(settings.store) as store:
        for key in store.keys.all():
            person = store.people.person(key.person_id)
            who = f"{person.name or person.id} ({person.role})"
            used = "never" if key.used is None else minute(key.used)
            rows.append((key.id, f"{key.start}…", key.name, who, minute(key.made), used))
    return "\n".join(aligned(rows)) if rows[1:] else "no keys"


def key_revoke(settings: KeyRevokeSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """That the key opens nothing any more.

    Raises:
        NotFound: there is no such key.
    """
    with Store.open(settings.store) as store:
        for key in store.keys.all():
            if key.id == settings.key:
                store.keys.revoke(key.person_id, key.id)
                return f"{key.start}… ({key.name}) opens nothing any more"
    raise NotFound(f"key revoke: there is no key {settings.key!r}; see `quimbot key list`")


def minute(at: float) -> str:
    """A moment, to the minute, as this machine's clock has it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
