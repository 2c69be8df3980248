"""Nobody gets more than a minute's worth, the wait told is enough, and the table stays small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from quimbot.serve.limits import Limits, address
from quimbot.serve.wire import ApiError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def wait_told(limits: Limits, caller: str) -> int:
    """Seconds until a caller may come again; 0 when it may now, and has."""
    try:
        limits.admit(caller)
    except ApiError as error:
        return int(error.response().headers["retry-after"])
    return 0


@given(
    st.integers(1, 90),
    st.integers(0, 500),
    st.lists(st.tuples(st.floats(0, 30), st.integers(0, 400)), max_size=60),
)
def test_the_wait_told_is_enough_and_a_minute_never_holds_more(
    requests: int, tokens: int, steps: list[tuple[float, int]]
) -> None:
    clock = Clock()
    limits = Limits(requests=requests, tokens=tokens, clock=clock)
    taken: list[float] = []
    for pause, spent in steps:
        clock.now += pause
        wait_s = wait_told(limits, "a")
        if wait_s:
            clock.now += wait_s
            assert wait_told(limits, "a") == 0
        taken.append(clock.now)
        limits.spend("a", spent)
        # a full allowance at once and what grows back meanwhile
        assert sum(at > clock.now - 60 for at in taken) <= 2 * requests


def test_a_minutes_worth_may_come_at_once_and_grows_back_steadily() -> None:
    clock = Clock()
    limits = Limits(requests=6, clock=clock)
    assert [wait_told(limits, "a") for _ in range(7)] == [0] * 6 + [10]
    assert wait_told(limits, "b") == 0
    clock.now = 10
    assert [wait_told(limits, "a") for _ in range(2)] == [0, 10]


def test_tokens_are_paid_for_afterwards() -> None:
    clock = Clock()
    limits = Limits(tokens=600, clock=clock)
    assert wait_told(limits, "a") == 0
    limits.spend("a", 900)
    assert wait_told(limits, "a") == 31
    clock.now = 31
    assert wait_told(limits, "a") == 0


def test_without_limits_nobody_is_remembered() -> None:
    limits = Limits()
    for _ in range(1000):
        limits.admit("a")
        limits.spend("a", 10_000)
    assert limits.remembered == 0


def test_the_table_stays_small_and_forgets_who_came_first() -> None:
    limits = Limits(requests=1, clock=Clock(), most=100)
    for number in range(1000):
        limits.admit(str(number))
    assert limits.remembered == 100
    assert wait_told(limits, "999") == 60
    assert wait_told(limits, "0") == 0


@pytest.mark.parametrize(
    ("host", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:2", "2001:db8::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_site_is_one_caller(host: str, caller: str) -> None:
    assert address(Request({"type": "http", "client": (host, 1)})) == caller
