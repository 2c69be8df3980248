"""Any two models: each pair is counted once, and shows turns that really tell the two apart."""

from collections import Counter
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from scorecards import choice, judged, write_scores

from quimbot.evaluate.matchups import Matchups, matchups
from quimbot.evaluate.measured import Measured, measured
from quimbot.evaluate.table import names
from quimbot.runs.scorecard import Judged, read_scorecard

PICKED = choice("s/step-2")
MODELS = ("base", "s/step-1", "s/step-2")
outcomes = st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=30)


def _table(folder: Path, rows: dict[str, list[Judged]]) -> Measured:
    path = write_scores(folder, rows)
    (table,) = measured(read_scorecard(path), path, None, PICKED, names(MODELS))
    return table


def _found(tables: Sequence[Measured]) -> Matchups:
    found = matchups(tables, PICKED, names(MODELS))
    assert found
    return found


@settings(max_examples=10)  # each compares every pair by bootstrap
@given(outcomes)
def test_every_pair_shows_turns_that_one_passes_and_the_other_fails(
    passed: list[tuple[bool, bool, bool]],
) -> None:
    rows = {
        name: [judged(name, i, passed=each[k]) for i, each in enumerate(passed)]
        for k, name in enumerate(MODELS)
    }
    with TemporaryDirectory() as folder:
        found = _found([_table(Path(folder), rows)])
    for turn in found.turns:
        for one, other in turn.tells:
            assert turn.replies[one].verified
            assert not turn.replies[other].verified
    told = Counter(pair for turn in found.turns for pair in turn.tells)
    for one, other in permutations(range(len(MODELS)), 2):
        apart = sum(each[one] and not each[other] for each in passed)
        assert told[one, other] == min(apart, found.shown)


def test_of_a_sentence_that_learners_wrote_twice_one_is_shown(tmp_path: Path) -> None:
    one = judged("base", 1, passed=False)
    rows = {
        address: [
            structs.replace(judged(address, 1, passed=address == "s/step-2"), item=item)
            for item in ("a", "b", "c")
        ]
        for address in MODELS
    }
    found = _found([_table(tmp_path, rows)])
    assert [turn.learner for turn in found.turns] == [one.learner]
    assert [len(pair.flips.gained) for pair in found.pairs if pair.flips] == [0, 3, 3]


def test_a_pair_is_shown_on_the_first_table_that_holds_both(tmp_path: Path) -> None:
    wide = {
        name: [judged(name, i, passed=name != "base") for i in range(9)] for name in MODELS[::2]
    }
    narrow = {name: [judged(name, i, passed=name != "base") for i in range(4)] for name in MODELS}
    found = _found([_table(tmp_path / "wide", wide), _table(tmp_path / "narrow", narrow)])
    counts = {
        (found.models[pair.theirs], found.models[pair.ours]): len(pair.flips.gained)
        for pair in found.pairs
        if pair.flips
    }
    assert counts == {("base", "step 2"): 9, ("base", "step 1"): 4, ("step 2", "step 1"): 0}
    assert (found.models[found.theirs], found.models[found.ours]) == ("base", "step 2")


def test_models_that_share_no_turn_have_no_flips(tmp_path: Path) -> None:
    rows = {name: [judged(name, i, passed=True)] for i, name in enumerate(MODELS)}
    assert matchups([_table(tmp_path, rows)], PICKED, names(MODELS)) is None
