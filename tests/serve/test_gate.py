"""The queue is bounded, fair, and loses no place when somebody leaves."""

import asyncio
from collections.abc import Coroutine

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.serve.gate import Busy, Draining, Gate


def run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)


async def hold(
    gate: Gate, log: list[str], name: str, release: asyncio.Event, *, background: bool = False
) -> None:
    """A turn of the learner that the name begins with."""
    async with gate.turn(name[0], background=background):
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


async def queued(gate: Gate, *names: str) -> tuple[list[str], list[asyncio.Task[None]]]:
    """The order in which some get their turn, of whom the first is inside; `~` is background."""
    log, release = list[str](), asyncio.Event()
    tasks = []
    for name in names:
        work = hold(gate, log, name.strip("~"), release, background="~" in name)
        tasks.append(asyncio.create_task(work))
        await settle()
    release.set()
    await asyncio.wait(tasks)
    return log, tasks


def test_learners_take_turns_in_the_queue() -> None:
    async def scene() -> None:
        gate = Gate(at_once=1, waiting=8)
        log, _ = await queued(gate, "a1", "a2", "a3", "a4", "b1", "b2", "c1")
        assert log == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]
        assert (gate.free, gate.queued, gate.served) == (1, 0, 7)

    run(scene())


def test_a_full_queue_has_room_for_one_of_whom_less_waits() -> None:
    async def scene() -> None:
        gate = Gate(at_once=1, waiting=3)
        log, tasks = await queued(gate, "a1", "a2", "a3", "a4", "b1", "b2", "c1")
        assert log == ["a1", "a2", "b1", "c1"]
        refused = [t.get_name() for t in tasks if isinstance(t.exception(), Busy)]
        assert refused == [tasks[at].get_name() for at in (2, 3, 5)]
        assert gate.free == 1

    run(scene())


def test_background_waits_for_every_learner_and_gives_up_its_place_first() -> None:
    async def scene() -> None:
        gate = Gate(at_once=1, waiting=3)
        log, tasks = await queued(gate, "a1", "x1~", "b1", "a2", "a3")
        assert log == ["a1", "b1", "a2", "a3"]
        assert isinstance(tasks[1].exception(), Busy)
        log, _ = await queued(gate, "a1", "x1~", "b1", "a2")
        assert log == ["a1", "b1", "a2", "x1"]

    run(scene())


def test_background_leaves_a_place_for_the_next_learner() -> None:
    async def scene() -> None:
        gate, log, release = Gate(at_once=2, waiting=4), list[str](), asyncio.Event()
        behind = [
            asyncio.create_task(hold(gate, log, name, release, background=True)) for name in "xy"
        ]
        await settle()
        assert (log, gate.free, gate.queued) == (["x"], 1, 1)
        await hold(gate, log, "a", set_event())
        release.set()
        await asyncio.gather(*behind)
        assert log == ["x", "a", "y"]
        assert gate.free == 2

    run(scene())


def set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


def test_the_wait_told_is_the_measured_one() -> None:
    async def scene() -> None:
        now = [0.0]
        gate = Gate(at_once=2, waiting=2, clock=lambda: now[0])
        for _ in range(3):
            async with gate.turn():
                now[0] += 8.0
        log, release = list[str](), asyncio.Event()
        tasks = [asyncio.create_task(hold(gate, log, name, release)) for name in "abcd"]
        await settle()
        assert (gate.running, gate.queued) == (2, 2)
        with pytest.raises(Busy) as caught:
            await hold(gate, log, "e", release)
        assert caught.value.wait_s == 12  # two wait, two places, 8 s a reply
        release.set()
        await asyncio.gather(*tasks)

    run(scene())


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.integers(0, 60)), max_size=25),
    st.integers(1, 3),
    st.integers(0, 6),
)
def test_no_place_is_ever_lost(
    comers: list[tuple[str, bool, int]], at_once: int, waiting: int
) -> None:
    async def scene() -> None:
        gate, log, release = Gate(at_once=at_once, waiting=waiting), list[str](), asyncio.Event()
        tasks = []
        for name, background, leaver in comers:
            work = hold(gate, log, name, release, background=background)
            tasks.append(asyncio.create_task(work))
            await settle()
            assert gate.queued <= waiting
            if leaver < len(tasks):
                tasks[leaver].cancel()
        release.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (gate.free, gate.queued, gate.running) == (at_once, 0, 0)
        assert gate.served == len(log)

    run(scene())
