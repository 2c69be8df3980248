"""Who is asking."""

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.store import Store
from quimbot.serve.wire import ApiError


class Door:
    """Knows people by what their requests carry; without accounts there is the one local owner."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def person(self, request: Request) -> Person:  # noqa: ARG002 - what it carries
        """Who is asking; also as a dependency of a route: `Depends(door.person)`.

        Raises:
            ApiError: 401, nobody known.
        """
        return await run_in_threadpool(self._store.people.local)

    async def require(self, request: Request, *roles: Role) -> Person:
        """Who is asking, if they have one of the roles; an owner may do everything.

        Raises:
            ApiError: 401, nobody known; 403, somebody else.
        """
        person = await self.person(request)
        if person.role not in (*roles, "owner"):
            raise ApiError(403, "forbidden", f"this is for {' or '.join(roles)} only")
        return person
