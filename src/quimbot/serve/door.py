"""Who is asking: known by a cookie, by a key, or by what Open WebUI signs for its users."""

import os

import jwt
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.exceptions import NotFound, RecipeError
from quimbot.serve.limits import address
from quimbot.serve.store.keys import START
from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.sessions import LASTS_S
from quimbot.serve.store.store import Store
from quimbot.serve.wire import ApiError

SECRET = "QUIMBOT_OPENWEBUI_SECRET"  # noqa: S105 - the name of a variable
"""Environment variable with the secret that Open WebUI signs with."""

_SIGNED = "x-openwebui-user-jwt"
_ISSUER = "open-webui"
_SHORTEST = 32
"""Bytes that a secret for HS256 must have (RFC 7518, 3.2)."""


class Door:
    """Knows people by what their requests carry; without accounts there is the one local owner."""

    def __init__(self, store: Store, *, accounts: bool = False, secret: str = "") -> None:
        self._store = store
        self.accounts = accounts
        self._secret = secret

    async def person(self, request: Request) -> Person:
        """Who is asking; also as a dependency of a route: `Depends(door.person)`.

        Raises:
            ApiError: 401, nobody known.
        """
        person = await self.known(request)
        if person is None:
            raise _unknown("sign in with an invitation, or send a valid API key")
        return person

    async def known(self, request: Request) -> Person | None:
        """Who is asking, if that can be told.

        Raises:
            ApiError: 401, what Open WebUI signed is not valid.
        """
        try:
            return await run_in_threadpool(self._known, request)
        except NotFound:
            return None

    def knows(self, request: Request) -> bool:
        """Whether it tells people apart; those at this machine without accounts it does not."""
        return self.accounts or self._signed(request) is not None or _key(request) is not None

    def caller(self, request: Request, person: Person) -> str:
        """As whom somebody is limited and queued; whoever it does not know counts by address."""
        return person.id if self.knows(request) else address(request)

    async def require(self, request: Request, *roles: Role) -> Person:
        """Who is asking, if they have one of the roles; an owner may do everything.

        Raises:
            ApiError: 401, nobody known; 403, somebody else.
        """
        person = await self.person(request)
        if person.role not in (*roles, "owner"):
            raise ApiError(403, "forbidden", f"this is for {' or '.join(roles)} only")
        return person

    async def enter(self, request: Request, person: Person, response: Response) -> None:
        """Sign a person in; the response carries the cookie."""
        await self.leave(request, response)
        secret = await run_in_threadpool(self._store.sessions.begin, person.id)
        response.set_cookie(
            _cookie(request),
            secret,
            max_age=LASTS_S,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )

    async def leave(self, request: Request, response: Response) -> None:
        """Sign out whoever is signed in."""
        if secret := request.cookies.get(_cookie(request)):
            await run_in_threadpool(self._store.sessions.end, secret)
            response.delete_cookie(
                _cookie(request),
                secure=request.url.scheme == "https",
                httponly=True,
                samesite="strict",
            )

    def _known(self, request: Request) -> Person:
        if (token := self._signed(request)) is not None:
            return self._store.people.outside(f"{_ISSUER}:{_subject(token, self._secret)}")
        if (key := _key(request)) is not None:
            return self._store.keys.person_of(key)
        if not self.accounts:
            return self._store.people.local()
        return self._store.sessions.person_of(request.cookies.get(_cookie(request), ""))

    def _signed(self, request: Request) -> str | None:
        """What Open WebUI says of its user, where its word counts."""
        return request.headers.get(_SIGNED) if self._secret else None


def open_webui_secret() -> str:
    """The secret that Open WebUI signs with; empty: its users are not known apart.

    Raises:
        RecipeError: it is too short to be one.
    """
    secret = os.environ.get(SECRET, "")
    if secret and len(secret.encode()) < _SHORTEST:
        raise RecipeError(
            f"{SECRET}: has {len(secret.encode())} bytes; give {_SHORTEST} or more, here and there"
        )
    return secret


def _subject(token: str, secret: str) -> str:
    """For whom Open WebUI asks; nothing else of what it tells is kept.

    Raises:
        ApiError: 401, it did not sign this, or too long ago.
    """
    try:
        told = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            issuer=_ISSUER,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        raise _unknown("the signed user of Open WebUI is not valid, or no more") from None
    if not told["sub"]:
        raise _unknown("the signed user of Open WebUI has no name")
    return str(told["sub"])


def _key(request: Request) -> str | None:
    """A key of ours; another program's own is none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" and key.startswith(START) else None


def _cookie(request: Request) -> str:
    """Behind https no neighbouring host can set a cookie of this name."""
    return "__Host-quimbot" if request.url.scheme == "https" else "quimbot"


def _unknown(text: str) -> ApiError:
    return ApiError(401, "unauthorized", text, headers={"WWW-Authenticate": "Bearer"})
