"""Every dialogue is seen in every epoch, in an order that only data and seed decide."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from quimbot.train.plan import Plan


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 30))
    beginnings = draw(st.lists(st.sampled_from("abc"), min_size=count, max_size=count))
    return Plan(
        ids=tuple(f"id{i // 2}" for i in range(count)),
        beginnings=tuple(beginnings),
        batch_size=draw(st.integers(1, 12)),
        seed=draw(st.integers(0, 9)),
    )


@given(plans(), st.integers(1, 3))
def test_each_epoch_sees_every_dialogue_once(plan: Plan, epochs: int) -> None:
    steps = plan.steps(epochs)
    seen = [index for step in range(steps) for index in plan.batch(step)]
    assert len(seen) == steps * plan.batch_size
    assert len(seen) - plan.batch_size < epochs * len(plan.ids) <= len(seen)
    for epoch in range(epochs):
        part = seen[epoch * len(plan.ids) : (epoch + 1) * len(plan.ids)]
        assert Counter(part) == Counter(range(len(plan.ids)))


@given(plans(), st.integers(0, 20))
def test_a_step_depends_on_nothing_before_it(plan: Plan, step: int) -> None:
    again = Plan(
        ids=plan.ids, beginnings=plan.beginnings, batch_size=plan.batch_size, seed=plan.seed
    )
    for earlier in range(step):
        plan.batch(earlier)
    assert plan.batch(step) == again.batch(step)
    assert plan.hash == again.hash


def plan_of(count: int, *, kinds: int = 1, seed: int = 0, batch_size: int = 8) -> Plan:
    return Plan(
        ids=tuple(f"id{i}" for i in range(count)),
        beginnings=tuple(f"system {i % kinds}" for i in range(count)),
        batch_size=batch_size,
        seed=seed,
    )


def test_epochs_and_seeds_differ() -> None:
    plan, other = plan_of(64, batch_size=64), plan_of(64, batch_size=64, seed=1)
    orders = {plan.batch(0), plan.batch(1), other.batch(0), tuple(range(64))}
    assert len(orders) == 4
    assert plan.hash != other.hash


def test_what_shares_a_beginning_stays_together() -> None:
    plan = plan_of(160, kinds=20)
    kinds = [len({plan.beginnings[i] for i in plan.batch(step)}) for step in range(20)]
    assert max(kinds) == 2
    assert len({index % 20 for step in range(5) for index in plan.batch(step)}) > 5


def test_the_order_is_the_same_everywhere() -> None:
    assert plan_of(10, kinds=2).batch(0) == (7, 5, 9, 1, 3, 0, 8, 6)
