"""Edits known without a parser are those that ERRANT finds with it."""

import json
from importlib.resources import files

import pytest
from hypothesis import given, settings
from strategies import sentences

from quimbot.pedagogy.alignment import plain_edits
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.correction import edits_all, real_edits_all
from quimbot.pedagogy.inject import injected_seeds
from quimbot.pedagogy.words import words


def said(text: str) -> list[str]:
    return [word.text for word in words(text)]


@pytest.mark.parametrize(
    ("learner", "correction", "expected"),
    [
        ("Yesterday I go home.", "Yesterday I went home.", ((2, 3, 2, 3),)),
        ("yesterday i go home", "Yesterday I went home.", ((2, 3, 2, 3),)),
        ("I saw dog", "I saw a dog", ((2, 2, 2, 3),)),
        ("I bought a furniture", "I bought furniture", ((2, 3, 2, 2),)),
        (
            "i like dog and they likes me",
            "I like dogs and they like me",
            ((2, 3, 2, 3), (5, 6, 5, 6)),
        ),
        ("I like tea", "I like tea.", ()),
        ("same", "same", ()),
        ("I lke teh film", "I like the film", ((1, 2, 1, 2), (2, 3, 2, 3))),
        ("I like also tea", "I also like tea", ((1, 3, 1, 3),)),  # changed places
        (
            "a dog saw cat, but cat saw a bird",
            "a dog saw a cat, but the cat saw a bird",
            ((3, 3, 3, 4), (6, 6, 7, 8)),
        ),
        ("I like very much tea", "I like tea very much", None),  # moved farther
        ("I know dogs a", "I know the dog", None),  # one of them may be dropped
        ("it is very good", "it is very very good", None),  # two ways to align
        ("Is good", "It is good", None),  # beside a word in another case
        ("I am agree too", "I agreed too", None),  # two words for one
    ],
)
def test_places_are_known_or_left_to_the_parser(
    learner: str, correction: str, expected: tuple[tuple[int, ...], ...] | None
) -> None:
    assert plain_edits(said(learner), said(correction)) == expected


def pairs() -> list[tuple[str, str]]:
    suite = files("quimbot.verify") / "suites" / "eracond.jsonl"
    rows = [json.loads(line) for line in suite.read_text(encoding="utf-8").splitlines()]
    seeds = [*shipped_bank().draw(600, seed=4, long=0.4), *injected_seeds(600, 4)]
    real = [(row["learner"], row["correction"]) for row in rows]
    made = [(seed.learner, seed.corrections[0]) for seed in seeds if seed.corrections]
    long = [
        (f"{learner} {later}", f"{right} {later_right}")  # in which more words come twice
        for (learner, right), (later, later_right) in zip(made[:300], made[300:], strict=False)
    ]
    return [*real, *made, *long]


def test_edits_and_their_types_are_those_of_the_parser() -> None:
    some = pairs()
    known = sum(plain_edits(said(wrong), said(right)) is not None for wrong, right in some)
    assert known > len(some) * 2 / 3
    quick = real_edits_all(some)  # before the pairs are known to the memory of the parser
    for pair, ours, whole in zip(some, quick, edits_all(some), strict=True):
        assert ours == tuple(edit for edit in whole if edit.real), pair
        assert [edit.type for edit in ours] == [edit.type for edit in whole if edit.real], pair


@settings(max_examples=60)
@given(sentences, sentences)
def test_any_edits_turn_one_text_into_the_other(learner: str, right: str) -> None:
    old, new = said(learner), said(right)
    found = plain_edits(old, new)
    if found is not None:
        for start, end, right_start, right_end in reversed(found):
            old[start:end] = new[right_start:right_end]
        spoken = [word.casefold() for word in old if word[0].isalnum()]
        assert spoken == [word.casefold() for word in new if word[0].isalnum()]
