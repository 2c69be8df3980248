"""The suites that ship can be won and lost, and training data cannot have shown their turns."""

import re
from pathlib import Path

import pytest

from quimbot.evaluate.score import ScoreSettings, score
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.inject import injected_seeds
from quimbot.runs.scorecard import read_scorecard
from quimbot.runs.watch import Silent
from quimbot.verify.suite import SHIPPED, LearnerTurn, load_suite

_DRAWN = 10_000


@pytest.mark.parametrize("suite", SHIPPED)
def test_a_perfect_tutor_scores_one_and_a_hopeless_one_zero(suite: str, tmp_path: Path) -> None:
    tutors = ("scripted:perfect", "scripted:hopeless", "scripted:echo")
    score(ScoreSettings(runtimes=tutors, suites=(suite,), output=tmp_path, max_tokens=99), Silent())
    scores = read_scorecard(tmp_path).scores
    rates = {(row.address, row.measure): row.verified.value for row in scores}
    assert len(rates) == (12 if suite == "scaffolding" else 3)
    for (address, _), rate in rates.items():
        assert rate == (address == "scripted:perfect"), rates
    assert not any(row.failed for row in scores)


def test_there_are_enough_turns_and_none_stands_in_two_suites() -> None:
    turns = [{_folded(turn) for turn in load_suite(name)} for name in SHIPPED]
    assert sum(map(len, turns)) == len(set.union(*turns)) > 240 + 200


@pytest.mark.slow
def test_no_turn_can_be_drawn_as_training_data() -> None:
    own = {_folded(turn) for name in SHIPPED for turn in load_suite(name)}
    drawn = [seed.learner for seed in shipped_bank().draw(_DRAWN, seed=5, long=0.3, no_error=0.1)]
    drawn += [seed.learner for seed in injected_seeds(1000, 5)]
    assert own.isdisjoint(map(_words, drawn))


def test_every_suite_but_the_real_one_is_our_own() -> None:
    for name in SHIPPED:
        licences = {turn.licence for turn in load_suite(name)}
        assert licences == ({"MIT"} if name == "scaffolding" else {"Apache-2.0"})


def _folded(turn: LearnerTurn) -> str:
    return _words(turn.learner)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
