"""How much one person, key or address may ask for in a minute."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from quimbot.serve.wire import ApiError

_MINUTE_S = 60.0
_ROUNDING = 1e-9
_MOST = 10_000
"""Who asked last are remembered; somebody forgotten starts with a whole minute's worth."""
_SITE_BITS = 64
"""An IPv6 address is shared out in networks of this prefix: one of them is one caller."""


@dataclass
class _Allowance:
    """What is left, as of a time."""

    requests: float
    tokens: float
    at: float


class Limits:
    """A minute's worth of requests and of tokens for each caller, growing back steadily.

    0 is no limit. Tokens are counted when they are known, so the reply that goes beyond them is
    still given and the next one has to wait for it.
    """

    def __init__(
        self,
        *,
        requests: int = 0,
        tokens: int = 0,
        clock: Callable[[], float] = time.monotonic,
        most: int = _MOST,
    ) -> None:
        """`requests` and `tokens` are those of a minute; `most` callers are remembered."""
        self._requests = requests
        self._tokens = tokens
        self._clock = clock
        self._most = most
        self._callers: OrderedDict[str, _Allowance] = OrderedDict()

    @property
    def remembered(self) -> int:
        """How many callers are."""
        return len(self._callers)

    def admit(self, caller: str) -> None:
        """One more request of a caller.

        Raises:
            ApiError: it comes too early; the answer says when it would not.
        """
        if not (self._requests or self._tokens):
            return
        left = self._allowance(caller)
        waits = {
            f"{limit} {what}": (1 - had) / limit
            for what, limit, had in (
                ("requests", self._requests, left.requests),
                ("tokens", self._tokens, left.tokens),
            )
            if limit and had < 1 - _ROUNDING
        }
        if waits:
            longest = max(waits, key=waits.__getitem__)
            raise _too_many(longest, waits[longest])
        left.requests -= 1

    def spend(self, caller: str, tokens: int) -> None:
        """The tokens that a caller's prompt and reply turned out to have."""
        if self._tokens:
            self._allowance(caller).tokens -= tokens

    def _allowance(self, caller: str) -> _Allowance:
        """What a caller has left now."""
        now = self._clock()
        left = self._callers.pop(caller, None)
        if left is None:
            left = _Allowance(requests=self._requests, tokens=self._tokens, at=now)
            if len(self._callers) >= self._most:
                self._callers.popitem(last=False)
        minutes = (now - left.at) / _MINUTE_S
        left.requests = min(self._requests, left.requests + minutes * self._requests)
        left.tokens = min(self._tokens, left.tokens + minutes * self._tokens)
        left.at = now
        self._callers[caller] = left
        return left


def address(request: Request) -> str:
    """Whom somebody without a name counts as: the address, or its network of IPv6."""
    host = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv4Address):
        return host
    return str(ipaddress.IPv6Network((found.packed, _SITE_BITS), strict=False))


def _too_many(what: str, minutes: float) -> ApiError:
    wait_s = max(1, math.ceil(minutes * _MINUTE_S))
    return ApiError(
        429,
        "rate_limit_exceeded",
        f"more than {what} a minute; try again in {wait_s} s",
        headers={"Retry-After": str(wait_s)},
    )
