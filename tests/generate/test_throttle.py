"""The limit of answers under way, against servers made of arithmetic."""

import pytest

from quimbot.generate.throttle import Throttle


def settled(slots: int, most: int, windows: int = 40) -> list[int]:
    """The limits at a server that queues in silence what exceeds its slots."""
    throttle, limits = Throttle(most), []
    for _ in range(windows):
        for _ in range(max(throttle.limit, 8)):
            throttle.answered(max(1.0, throttle.limit / slots))
        limits.append(throttle.limit)
    return limits


@pytest.mark.parametrize("slots", [16, 64, 256])
def test_it_climbs_to_the_slots_of_a_server_and_hardly_further(slots: int) -> None:
    limits = settled(slots, most=1000)
    assert max(limits[:8]) >= slots
    assert all(slots <= limit <= 1.3 * slots for limit in limits[10:])


def test_it_never_passes_what_it_may_have() -> None:
    assert settled(slots=1000, most=24)[-1] == 24
    assert settled(slots=1000, most=3)[0] == 3


def test_a_busy_server_is_asked_for_less_once_for_those_asked_together() -> None:
    throttle = Throttle(16)
    for _ in range(16):
        throttle.busy(asked_at=1.0, now=2.0)
    assert throttle.limit == 11
    throttle.busy(asked_at=3.0, now=4.0)
    assert throttle.limit == 7
    for at in range(20):
        throttle.busy(asked_at=5.0 + at, now=5.5 + at)
    assert throttle.limit == 1
    for _ in range(400):
        throttle.answered(1.0)
    assert throttle.limit > 8
