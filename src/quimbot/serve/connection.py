"""One connection of a client, which is closed when the client keeps it without using it."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 20.0
"""From its first byte, or from the opening of the connection, a request is whole in this time."""
STALLED_S = 20.0
"""A client that does not take its answer for so long has left."""


class Connection(H11Protocol):
    """HTTP/1.1 that does not wait for ever, neither for a request nor for an answer to be read.

    To the application both look like a client that leaves: what it was doing is cancelled.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the parent
        """A client is there."""
        super().connection_made(transport)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._allow("request", REQUEST_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        super().connection_lost(exc)
        for what in list(self._timers):
            self._arrived(what)

    def data_received(self, data: bytes) -> None:
        """A part of a request has come."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._allow("request", REQUEST_S)
        else:
            self._arrived("request")

    def pause_writing(self) -> None:
        """The client takes less than it is sent."""
        super().pause_writing()
        self._allow("answer", STALLED_S)

    def resume_writing(self) -> None:
        """The client has taken it."""
        super().resume_writing()
        self._arrived("answer")

    def _allow(self, what: str, seconds: float) -> None:
        if what not in self._timers:
            self._timers[what] = self.loop.call_later(seconds, self.transport.abort)

    def _arrived(self, what: str) -> None:
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()
