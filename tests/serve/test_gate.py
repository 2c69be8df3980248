"""The queue is bounded, fair, and loses no place when somebody leaves."""

import asyncio
from collections.abc import Coroutine

import pytest

from quimbot.serve.gate import Busy, Draining, Gate


def run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)


async def hold(gate: Gate, log: list[str], name: str, release: asyncio.Event) -> None:
    async with gate.turn():
        log.append(name)
        await release.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_first_come_first_served_and_the_rest_are_refused() -> None:
    async def scene() -> None:
        gate, log, release = Gate(at_once=1, waiting=2), list[str](), asyncio.Event()
        tasks = [asyncio.create_task(hold(gate, log, name, release)) for name in "abc"]
        await settle()
        assert log == ["a"]
        with pytest.raises(Busy):
            await hold(gate, log, "d", release)
        release.set()
        await asyncio.gather(*tasks)
        assert log == ["a", "b", "c"]
        assert gate.free == 1

    run(scene())


def test_leaving_the_queue_gives_the_place_to_the_next() -> None:
    async def scene() -> None:
        gate, log, release = Gate(at_once=1, waiting=2), list[str](), asyncio.Event()
        first, second, third = (
            asyncio.create_task(hold(gate, log, name, release)) for name in "abc"
        )
        await settle()
        second.cancel()
        await settle()
        release.set()
        await asyncio.gather(first, third)
        assert log == ["a", "c"]
        assert gate.free == 1

    run(scene())


def test_leaving_in_the_moment_the_turn_comes_loses_no_place() -> None:
    async def scene() -> None:
        gate, log = Gate(at_once=1, waiting=2), list[str]()
        now, never = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(hold(gate, log, "a", now))
        second = asyncio.create_task(hold(gate, log, "b", never))
        await settle()
        now.set()
        await first
        second.cancel()  # its turn has been given, it has not run since
        await settle()
        assert gate.free == 1

    run(scene())


def test_draining_sends_the_queue_away_and_lets_the_rest_finish() -> None:
    async def scene() -> None:
        gate, log, release = Gate(at_once=1, waiting=2), list[str](), asyncio.Event()
        inside = asyncio.create_task(hold(gate, log, "a", release))
        queued = asyncio.create_task(hold(gate, log, "b", release))
        await settle()
        gate.drain()
        with pytest.raises(Draining):
            await queued
        with pytest.raises(Draining):
            await hold(gate, log, "c", release)
        release.set()
        await inside
        assert log == ["a"]

    run(scene())
