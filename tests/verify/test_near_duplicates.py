"""Near duplicates agree with brute force, never depend on order, and lose nothing by chance."""

import random
import re
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import records, sentences, texts

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record
from quimbot.verify.engines import kernels
from quimbot.verify.kernels import Engine
from quimbot.verify.near_duplicates import Match, NearDuplicates
from quimbot.verify.shingles import shingle

WORD = re.compile(r"[a-z0-9]+")


def sure(threshold: float) -> NearDuplicates:
    """At an overlap of one half a pair escapes all 64 bands once in 10^19 times."""
    return NearDuplicates(threshold=threshold, bands=64, rows=1)


def plain_set(text: str, words: int) -> frozenset[tuple[str, ...]]:
    """The definition, in plain Python: word n-grams, or the whole when it is shorter."""
    found = WORD.findall(text.lower())
    if not found:
        return frozenset({(text.strip(),)})
    if len(found) < words:
        return frozenset({("whole", *found)})
    return frozenset(tuple(found[i : i + words]) for i in range(len(found) - words + 1))


def overlap(one: str, two: str, words: int) -> float:
    left, right = plain_set(one, words), plain_set(two, words)
    return len(left & right) / len(left | right)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@given(lines=st.lists(sentences, max_size=20), words=st.sampled_from([1, 2, 3]))
@settings(max_examples=50)
def test_the_sets_have_the_overlap_of_the_definition(
    engine: Engine, lines: list[str], words: int
) -> None:
    sets = shingle(lines, words, engine)
    pairs = list(combinations(range(len(lines)), 2))
    left = np.array([pair[0] for pair in pairs], np.int64)
    right = np.array([pair[1] for pair in pairs], np.int64)
    expected = [overlap(lines[i], lines[j], words) for i, j in pairs]
    found = kernels(engine, 0).overlaps(sets.hashes, sets.starts, left, right)
    assert found.tolist() == pytest.approx(expected)
    for i, j in pairs:
        same = WORD.findall(lines[i].lower()) == WORD.findall(lines[j].lower())
        assert (sets.whole[i] == sets.whole[j]) == same


@given(st.lists(sentences, max_size=40), st.sampled_from([0.5, 0.7, 1.0]))
@settings(max_examples=40)
def test_a_text_falls_if_and_only_if_a_kept_one_is_near(lines: list[str], threshold: float) -> None:
    found = sure(threshold).matches(lines)
    kept = [place for place, match in enumerate(found) if match is None]
    for one, two in combinations(kept, 2):
        assert overlap(lines[one], lines[two], 2) < threshold
    for place, match in enumerate(found):
        if match is not None:
            assert match.kept in kept
            assert match.similarity == pytest.approx(overlap(lines[place], lines[match.kept], 2))
            assert match.similarity >= threshold


@given(st.lists(sentences, max_size=30), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_the_texts_does_not_matter(lines: list[str], chance: random.Random) -> None:
    finder = NearDuplicates()
    shuffled = lines.copy()
    chance.shuffle(shuffled)

    def kept(rows: list[str]) -> set[str]:
        return {row for row, match in zip(rows, finder.matches(rows), strict=True) if not match}

    assert kept(lines) == kept(shuffled)


@given(st.lists(texts, min_size=1, max_size=20))
@settings(max_examples=40)
def test_no_text_is_lost_or_skipped(lines: list[str]) -> None:
    once = NearDuplicates().matches(lines)
    assert any(match is None for match in once)
    twice = NearDuplicates().matches(lines + lines)
    assert twice[: len(lines)] == once
    assert all(match is not None and match.copy for match in twice[len(lines) :])


def test_short_lines_are_told_apart_and_their_copies_found() -> None:
    lines = ["Hi!", "Yes.", "No.", "?!", "...", "你好", "Hi", "yes", "你好", "", "  "]
    found = NearDuplicates().matches(lines)
    copies = {place: match.kept for place, match in enumerate(found) if match is not None}
    assert copies == {6: 0, 7: 1, 8: 5, 10: 9}


def test_case_spaces_and_marks_do_not_count_as_words() -> None:
    found = NearDuplicates().matches(
        ["I don't know — really.", "i  DON\u2019T know, “really”?", "A\0B c", "a b c"]
    )
    assert found == [None, Match(0, 1.0, copy=True), None, Match(2, 1.0, copy=True)]


def test_a_chain_of_edits_does_not_swallow_its_end() -> None:
    words = [f"w{number}" for number in range(40)]
    chain = [" ".join(words[start : start + 20]) for start in range(0, 20, 4)]
    found = sure(0.6).matches(chain)
    kept = [place for place, match in enumerate(found) if match is None]
    assert len(kept) >= 2


def test_near_texts_of_another_kind_stay_but_copies_fall() -> None:
    lines = [
        "I went to the store today.",
        "I went to the store, today!",
        "I went to the store now.",
    ]
    found = NearDuplicates().matches(lines, kinds=["recast", "hint", "hint"])
    assert [match is None for match in found] == [True, False, True]


def test_owned_texts_stay_and_lower_priorities_are_kept_first() -> None:
    lines = ["a b c d e f g", "a b c d e f h", "a b c d e f i"]
    owned = NearDuplicates().matches(lines, owned=2)
    assert [match is None for match in owned] == [True, True, False]
    for first in range(3):
        found = NearDuplicates().matches(lines, priorities=[int(i != first) for i in range(3)])
        assert [match is None for match in found] == [i == first for i in range(3)]


@given(st.lists(st.tuples(sentences, st.sampled_from("abcdefgh")), min_size=1, max_size=30))
@settings(max_examples=40)
def test_components_are_those_of_brute_force(rows: list[tuple[str, str]]) -> None:
    lines, groups = [row[0] for row in rows], [row[1] for row in rows]
    found = sure(0.6).components(lines, groups).tolist()
    labels = list(range(len(rows)))
    for one, two in combinations(range(len(rows)), 2):
        if groups[one] == groups[two] or overlap(lines[one], lines[two], 2) >= 0.6:
            low, high = sorted((labels[one], labels[two]))
            labels = [low if label == high else label for label in labels]
    assert found == labels


def edited(text: str, share: float, chance: random.Random) -> str:
    """The text with that share of its words, at least one, replaced."""
    words = text.split()
    for place in chance.sample(range(len(words)), max(1, round(share * len(words)))):
        words[place] = f"x{chance.randrange(10**6)}"
    return " ".join(words)


@pytest.mark.parametrize(("share", "least"), [(0.0, 1.0), (0.01, 0.999), (0.05, 0.99), (0.15, 0.9)])
def test_planted_copies_are_found(share: float, least: float) -> None:
    chance = random.Random(7)
    vocabulary = [f"word{number}" for number in range(3000)]
    base = [" ".join(chance.choices(vocabulary, k=chance.randint(20, 60))) for _ in range(1500)]
    copies = [edited(text, share, chance) if share else text.upper() + "!" for text in base]
    found = NearDuplicates().matches(base + copies)
    pairs = list(zip(found[: len(base)], found[len(base) :], strict=True))
    # One of the two falls, never both: nothing else is near them.
    assert sum((one is None) != (two is None) for one, two in pairs) / len(base) >= least
    assert not any(one and two for one, two in pairs)


@given(st.lists(records(sentences), max_size=10))
@settings(max_examples=40)
def test_as_a_check_one_of_each_kind_passes(rows: list[Record]) -> None:
    verdicts = NearDuplicates().check(rows + rows)
    assert len(verdicts) == 2 * len(rows)
    assert not any(verdict.passed for verdict in verdicts[len(rows) :])
    assert {verdict.reason for verdict in verdicts} <= {"", "exact-duplicate", "near-duplicate"}


def test_a_threshold_out_of_range_is_refused() -> None:
    with pytest.raises(RecipeError, match="must be above 0"):
        NearDuplicates(threshold=0)


def test_the_texts_may_come_from_an_iterator_and_the_columns_say_what_the_list_says() -> None:
    lines = ["a b c d e f g", "A b c d e f g!", "a b c d e f h", "z y x w v", "a b c d e f g"]
    finder = NearDuplicates()
    columns = finder.among(shingle(iter(lines), 2))
    listed = finder.matches(lines)
    assert columns.group.tolist() == [
        place if match is None else match.kept for place, match in enumerate(listed)
    ]
    for place, match in enumerate(listed):
        kept = int(columns.kept[place])
        said = Match(kept, float(columns.similarity[place]), bool(columns.copy[place]))
        assert match == (None if kept < 0 else said)
        assert columns.similarity.dtype == np.float32


@given(st.lists(sentences, max_size=20), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_ties_say_which_of_the_same_words_stays(lines: list[str], chance: random.Random) -> None:
    rows = [(line, tie) for tie, line in enumerate(lines * 2)]

    def kept(rows: list[tuple[str, int]]) -> set[int]:
        ties = np.array([tie for _, tie in rows], np.uint64)
        found = NearDuplicates().among(shingle((line for line, _ in rows), 2), ties=ties)
        return {tie for (_, tie), to in zip(rows, found.kept, strict=True) if to < 0}

    shuffled = rows.copy()
    chance.shuffle(shuffled)
    assert kept(rows) == kept(shuffled)


@given(st.lists(sentences, max_size=25), st.integers(0, 5))
@settings(max_examples=40)
def test_linked_by_components_one_of_each_stays(lines: list[str], owned: int) -> None:
    owned = min(owned, len(lines))
    finder = sure(0.5)
    sets = shingle(lines, 2)
    found = finder.among(sets, owned=owned, link="components")
    labels = finder.joined(sets, np.arange(len(lines)))
    assert (found.kept[:owned] < 0).all()
    for label in set(labels.tolist()):
        members = np.flatnonzero(labels == label)
        stay = [place for place in members.tolist() if found.kept[place] < 0]
        assert len(stay) == max(1, int((members < owned).sum()))
        for place in members.tolist():
            to = int(found.group[place])
            assert to in stay
            assert found.similarity[place] == pytest.approx(overlap(lines[place], lines[to], 2))


def test_an_unknown_engine_or_link_is_refused() -> None:
    with pytest.raises(RecipeError, match="unknown engine 'cuda'; expected auto, numpy, numba"):
        NearDuplicates(engine="cuda")  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="unknown link 'single'; expected representative"):
        NearDuplicates().among(shingle([], 2), link="single")  # type: ignore[arg-type]
