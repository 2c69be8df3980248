"""Providers in order: the first that can answers, and the queue moves on when it cannot."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager

from quimbot.exceptions import Busy, RecipeError, RuntimeFault, Unusable
from quimbot.generate.provider import Provider, Terms, read_terms
from quimbot.generate.teacher import Answer, Brief, Cell
from quimbot.runtimes.connect import connect, is_endpoint
from quimbot.runtimes.endpoint import Endpoint
from quimbot.runtimes.runtime import Runtime, session

_PATIENCE_S = 900.0
"""How long providers that have answered before, or say they are busy, are waited for."""
_FIRST_PATIENCE_S = 5.0
"""How long when none has ever answered: then the address is likely wrong."""


class Chain:
    """A teacher that asks models, in the order given."""

    def __init__(self, providers: Sequence[Provider], brief: Brief) -> None:
        self.at_once = max(each.terms.at_once for each in providers)
        self.given_up: RuntimeFault | None = None
        self._providers = providers
        self._brief = brief
        self._last_answer = time.monotonic()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Connections of all providers are used again."""
        async with AsyncExitStack() as stack:
            for each in self._providers:
                await stack.enter_async_context(session(each.runtime))
            self._last_answer = time.monotonic()
            yield

    def ready(self) -> bool:
        """Whether the provider whose turn it is takes one more."""
        now = time.monotonic()
        provider = self._next(now)
        return provider is not None and provider.ready(now)

    def rest(self) -> float | None:
        """Seconds until a provider's rest ends."""
        now = time.monotonic()
        ends = [each.rests_until for each in self._open() if each.rests(now)]
        return min(ends) - now if ends else None

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Answer:
        """A reply of the provider whose turn it is."""
        provider = self._next(time.monotonic())
        if provider is None:
            raise Busy("every provider rests")
        probing = provider.parked
        try:
            answer = await provider.answer(cell, self._brief, refused)
        except RuntimeFault as fault:
            self._consider(provider, fault)
            if probing or isinstance(fault, Unusable):  # no fault of this cell: another may answer
                raise Busy(str(fault), kind=fault.kind) from fault
            raise
        self._last_answer = time.monotonic()
        if not self._open():  # what it may cost is spent
            self.given_up = provider.closed
        return answer

    def _open(self) -> list[Provider]:
        return [each for each in self._providers if not each.closed]

    def _next(self, now: float) -> Provider | None:
        """The first that is open and not left alone."""
        for each in self._open():
            if not (each.parked and each.rests(now)):
                return each
        return None

    def _consider(self, provider: Provider, fault: RuntimeFault) -> None:
        """Give up when nobody is left, when a setting is wrong, or after long enough."""
        mistaken = provider.closed is fault and not provider.has_answered
        if mistaken or all(each.closed or each.broke for each in self._providers):
            self.given_up = self.given_up or fault
            return
        known = isinstance(fault, Busy) or any(each.has_answered for each in self._providers)
        patience_s = _PATIENCE_S if known else _FIRST_PATIENCE_S
        if time.monotonic() - self._last_answer >= patience_s and not self.ready():
            self.given_up = self.given_up or fault


@contextmanager
def open_chain(texts: Sequence[str], brief: Brief) -> Iterator[Chain]:
    """A chain of the addresses and terms in these texts.

    Raises:
        ModelError: an address names nothing that can be asked.
        RecipeError: terms are not what they must be.
    """
    chain = [read_terms(text) for text in texts]
    if not chain:
        raise RecipeError("teacher names nobody; give rules, or the address of a model")
    with ExitStack() as stack:
        yield Chain(
            [Provider(_opened(stack, address, terms), terms) for address, terms in chain], brief
        )


def _opened(stack: ExitStack, address: str, terms: Terms) -> Runtime:
    """The runtime at an address; a server is asked once, for what it says decides what is next."""
    if is_endpoint(address):
        return stack.enter_context(
            Endpoint(address, key=terms.key, tries=1, timeout_s=terms.timeout, streamed=False)
        )
    return stack.enter_context(connect(address, at_once=terms.at_once))
