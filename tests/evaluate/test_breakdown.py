"""Parts of the turns: the largest first, small ones grey and counted, none lost."""

from hypothesis import given
from hypothesis import strategies as st

from quimbot.evaluate.breakdown import breakdown
from quimbot.evaluate.rates import FEW
from quimbot.runs.scorecard import Rate
from quimbot.runs.wilson import wilson


def _rate(n: int, passed: int) -> Rate:
    low, high = wilson(passed, n)
    return Rate(passed=passed, n=n, low=low, high=high)


rates = st.integers(1, 60).flatmap(lambda n: st.integers(0, n).map(lambda passed: _rate(n, passed)))


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), rates, min_size=1, max_size=20))
def test_every_part_is_there_and_the_small_are_counted(ours: dict[str, Rate]) -> None:
    found = breakdown(ours, {}, title="t", name=str)
    assert found
    assert {part.code for part in found.parts} == set(ours)
    sizes = [part.ours.n for part in found.parts]
    assert sizes == sorted(sizes, reverse=True)
    assert found.few == sum(n < FEW for n in sizes)
    assert all(part.base.n == 0 for part in found.parts)


def test_small_parts_are_drawn_grey() -> None:
    def drawn(n: int) -> str:
        found = breakdown({"es": _rate(n, 2)}, {}, title="t", name=str)
        assert found
        return found.chart.svg

    assert 'fill="var(--faint)"' in drawn(FEW - 1)
    assert 'fill="var(--faint)"' not in drawn(FEW)
    assert f"n = {FEW}" in drawn(FEW)


def test_several_replies_to_a_turn_are_not_more_turns() -> None:
    found = breakdown({"es": _rate(3 * FEW - 3, 2)}, {}, title="t", name=str, samples=3)
    assert found
    assert (found.parts[0].turns, found.few) == (FEW - 1, 1)
    assert f"n = {FEW - 1}" in found.chart.svg


def test_turns_that_are_not_told_apart_have_no_breakdown() -> None:
    assert breakdown({}, {"es": _rate(3, 1)}, title="t", name=str) is None
