"""Injected errors: distinct, reproducible, corrected by the sentences they came from."""

from itertools import islice
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quimbot.pedagogy.correction import english, error_types
from quimbot.pedagogy.inject import injected_seeds
from quimbot.pedagogy.seed import Seed
from quimbot.pedagogy.sentences import grammar
from quimbot.pedagogy.slip_rules import slips
from quimbot.pedagogy.slips import common_misspellings, misspell, wrong_forms
from quimbot.records.record import Move
from quimbot.verify.scaffolding import judge


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    return list(injected_seeds(120, 5))


def test_the_same_arguments_give_the_same_seeds(seeds: list[Seed]) -> None:
    assert list(injected_seeds(40, 5)) == seeds[:40]
    assert list(injected_seeds(40, 6)) != seeds[:40]


def test_turns_are_distinct_whatever_their_case(seeds: list[Seed]) -> None:
    assert len({seed.learner.lower() for seed in seeds}) == len(seeds)


def test_types_are_those_between_turn_and_correction(seeds: list[Seed]) -> None:
    for seed in seeds[:40]:
        assert bool(seed.corrections) == bool(seed.error_types)
        for right in seed.corrections:
            assert error_types(seed.learner, right) == seed.error_types


def test_most_turns_have_an_error_and_some_have_none(seeds: list[Seed]) -> None:
    wrong = sum(bool(seed.corrections) for seed in seeds) / len(seeds)
    assert 0.75 < wrong < 0.97


def test_the_correction_said_back_is_a_recast_and_the_turn_itself_is_none(
    seeds: list[Seed],
) -> None:
    plain = [s for s in seeds if s.corrections and len(s.learner.split()) > 4][:40]
    right = [judge(s.learner, s.corrections, f"{s.corrections[0]} {s.follow_ups[0]}", Move.RECAST)
             for s in plain]  # fmt: skip
    wrong = [judge(s.learner, s.corrections, f"{s.learner} {s.follow_ups[0]}", Move.RECAST)
             for s in plain]  # fmt: skip
    assert sum(each.passed for each in right) >= 0.9 * len(plain)
    assert sum(each.passed for each in wrong) <= 0.1 * len(plain)


def test_a_first_language_makes_its_typical_errors_more_often() -> None:
    def share(l1: str) -> float:
        drawn = list(injected_seeds(200, 2, l1))
        assert {seed.l1 for seed in drawn} == {l1}
        typical = {"tense", "noun-number", "article-missing"}
        return sum(seed.category in typical for seed in drawn) / len(drawn)

    assert share("zh") > share("ar") + 0.1


def test_every_skeleton_gives_whole_sentences() -> None:
    known = grammar()
    drawn = list(islice(known.draw(Random(3), 0.0), 2 * len(known.skeletons)))
    for sentence in drawn:
        assert not set("{}<>|") & set(sentence.text), sentence
        assert sentence.text[0].isupper()
        assert sentence.text[-1] in ".?!"
        assert not sentence.text.endswith(("?.", "..")), sentence
        assert "  " not in sentence.text
    assert len({sentence.family for sentence in drawn}) == len(known.skeletons)


def test_every_topic_has_questions_and_remarks() -> None:
    known = grammar()
    for topic, _ in known.skeletons:
        assert all(line.endswith("?") for line in known.questions[topic])
        assert all(line.endswith(".") for line in known.remarks[topic])


def test_slips_lie_inside_the_sentence_and_change_it() -> None:
    doc = english()("Yesterday I went to the cinema with my friends and we really enjoyed it.")
    found = list(slips(doc))
    assert {"tense", "article-missing", "preposition", "noun-number", "order"} <= {
        slip.kind for slip in found
    }
    for slip in found:
        assert 0 <= slip.start <= slip.end <= len(doc.text)
        assert slip.text is None or slip.text != doc.text[slip.start : slip.end]


def test_a_missing_be_does_not_join_its_neighbours() -> None:
    text = "I'm afraid of butterflies because they're big."
    changed = {
        text[: slip.start] + (slip.text or "") + text[slip.end :]
        for slip in slips(english()(text))
        if slip.kind == "be-missing"
    }
    assert changed == {
        "I afraid of butterflies because they're big.",
        "I'm afraid of butterflies because they big.",
    }


@given(
    word=st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=14),
    seed=st.integers(min_value=0, max_value=1000),
)
@example(word="whole", seed=1)
def test_a_misspelling_is_a_common_one_or_a_slip_after_the_first_letter(
    word: str, seed: int
) -> None:
    slip = misspell(word, Random(seed))
    assert slip != word
    if slip not in common_misspellings().get(word, ()):
        assert slip[0] == word[0]
        assert abs(len(slip) - len(word)) <= 2


@given(st.sampled_from(sorted(common_misspellings())), st.integers(0, 99))
def test_a_common_word_is_often_misspelt_as_people_do(word: str, seed: int) -> None:
    slips = [misspell(word, Random(f"{seed}:{i}")) for i in range(30)]
    assert word not in slips
    assert set(slips) & set(common_misspellings()[word])
    assert misspell(word.upper(), Random(seed)) != word.upper()


@pytest.mark.parametrize("name", ["misspellings.txt", "confusions.txt"])
def test_wrong_forms_are_other_words_each_once(name: str) -> None:
    forms = wrong_forms(name)
    assert len(forms) > 500
    for right, wrong in forms.items():
        assert right == right.lower().strip()
        assert all(wrong)
        assert right not in wrong
        assert len(set(wrong)) == len(wrong), right
