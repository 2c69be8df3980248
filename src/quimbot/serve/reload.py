"""Tutors that are loaded anew while people talk: the new beside the old, which then takes over.

A request keeps what was there when it came: the models of earlier tutors go when everybody who came
in their time has left.
"""

import threading
from collections import deque
from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from quimbot.serve.tutors import Tutor

M = TypeVar("M", bound=Mapping[str, Tutor])


@dataclass
class _Loaded(Generic[M]):
    """Tutors that were opened together."""

    tutors: M
    opened: AbstractContextManager[M]
    inside: int = 0
    """Requests that came in their time and have not left."""


class Tutors(Mapping[str, Tutor], Generic[M]):
    """The tutors there are now by name, the default first."""

    def __init__(self, opening: Callable[[], AbstractContextManager[M]]) -> None:
        """`opening` reads who there is and loads them; it is called again for every reload."""
        self._opening = opening
        self._loaded: deque[_Loaded[M]] = deque()
        self._changing = threading.Lock()
        self._counting = threading.Lock()
        self._dropping = ThreadPoolExecutor(1, thread_name_prefix="dropping")

    def __enter__(self) -> Self:
        """Load them for the first time.

        Raises:
            DataError: what says who is there is not what it must be.
            ModelError: a tutor's model cannot be found, reached or used.
        """
        self.reload()
        return self

    def __exit__(self, *_: object) -> None:
        """Drop all their models."""
        with self._changing:
            self._dropping.shutdown()
            for loaded in self._loaded:
                loaded.opened.__exit__(None, None, None)

    @property
    def now(self) -> M:
        """The tutors there are now, as they were opened."""
        return self._loaded[-1].tutors

    @property
    def loaded(self) -> int:
        """How many times they are in memory: once, but while people talk with earlier ones."""
        return len(self._loaded)

    def reload(self) -> None:
        """Load those there are now beside those in use, which they replace; one at a time.

        Raises:
            DataError, ModelError: as at the start; the tutors in use stay.
        """
        with self._changing:
            opened = self._opening()
            tutors = opened.__enter__()
            with self._counting:
                self._loaded.append(_Loaded(tutors, opened))
            self._drop_unused()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside it, every tutor that was found keeps its model."""
        with self._counting:
            loaded = self._loaded[-1]
            loaded.inside += 1
        try:
            yield
        finally:
            with self._counting:
                loaded.inside -= 1
            self._drop_unused()

    def _drop_unused(self) -> None:
        # In the order they came: a request may have found the tutors after those it came to, but
        # none before them.
        with self._counting:
            while len(self._loaded) > 1 and not self._loaded[0].inside:
                gone = self._loaded.popleft()
                self._dropping.submit(gone.opened.__exit__, None, None, None)

    def __getitem__(self, name: str) -> Tutor:
        return self.now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.now)

    def __len__(self) -> int:
        return len(self.now)

    # The parent's would look every name up in the tutors of that moment.
    def values(self) -> ValuesView[Tutor]:
        """The tutors, all of one loading."""
        return self.now.values()

    def items(self) -> ItemsView[str, Tutor]:
        """The tutors by name, all of one loading."""
        return self.now.items()


class Holding:
    """An application whose every request holds the tutors from its first byte to its last."""

    def __init__(self, app: ASGIApp, tutors: Tutors[M]) -> None:
        self._app = app
        self._tutors = tutors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._tutors.held():
            await self._app(scope, receive, send)
