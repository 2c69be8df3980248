"""Flips: every turn that both answered is counted once, and a pair shows who passed."""

from hypothesis import given
from hypothesis import strategies as st
from scorecards import judged

from quimbot.evaluate.flips import flips

outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30)


@given(outcomes)
def test_every_shared_turn_is_counted_once(passed: list[tuple[bool, bool]]) -> None:
    rows = [judged("a", i, passed=a) for i, (a, _) in enumerate(passed)]
    rows += [judged("b", i, passed=b) for i, (_, b) in enumerate(passed)]
    found = flips(rows, ("a", "A"), ("b", "B"))
    assert found
    assert found.both == passed.count((True, True))
    assert found.neither == passed.count((False, False))
    assert len(found.gained) == passed.count((True, False))
    assert len(found.lost) == passed.count((False, True))
    for pair in found.gained:
        assert [row.address for row in pair.replies] == ["b", "a"]
        assert [row.verified for row in pair.replies] == [False, True]


def test_no_turn_in_common_is_no_comparison() -> None:
    rows = [judged("a", 1, passed=True), judged("b", 2, passed=True)]
    assert flips(rows, ("a", "A"), ("b", "B")) is None
