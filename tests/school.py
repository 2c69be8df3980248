"""A server with accounts, and people at its door."""

from dataclasses import dataclass
from pathlib import Path

import httpx2
from live_server import Live, Puppet

from quimbot.serve.store.person import Person, Role


@dataclass(frozen=True)
class School:
    """The server, who speaks in it, and where its tutors are kept."""

    live: Live
    puppet: Puppet
    folder: Path

    def person(self, name: str, role: Role) -> tuple[Person, httpx2.Client]:
        """Somebody, and what they send with."""
        person = self.live.store.people.add(name, role)
        key = self.live.store.keys.make(person.id, "test")
        headers = {"Authorization": f"Bearer {key}"}
        return person, httpx2.Client(base_url=self.live.url, headers=headers, timeout=30)
