"""The error bank: every expansion shows the errors it declares, no two are alike."""

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.exceptions import DataError, RecipeError
from quimbot.pedagogy.bank.bank import read_bank, shipped_bank
from quimbot.pedagogy.bank.entry import SLOT, read_entries
from quimbot.pedagogy.bank.fill import fill_entry
from quimbot.pedagogy.correction import edits_all
from quimbot.pedagogy.seed import FIRST_LANGUAGES
from quimbot.pedagogy.words import word_set

BANK = shipped_bank()
CATEGORIES = {
    "article-omission", "article-overuse", "past-tense", "tense-form", "future-clause", "agreement",
    "preposition", "word-order", "negation", "comparative", "pronoun-copy", "pronoun-case",
    "participle", "uncountable", "subject-omission", "be-overuse", "be-missing",
    "gerund-infinitive", "conjunction-pair", "calque", "adverb-form", "verb-pattern",
    "missing-object", "do-support", "plural", "spelling",
}  # fmt: skip
ENTRY = """
[[seed]]
id = "one"
category = "negation"
level = "A2"
topic = "town"
learner = "I no like {food}"
correction = "I don't like {food}"
types = ["M:VERB:TENSE R:OTHER"]
hints = ["Think about negation."]
follow_ups = ["Why?"]
details = ["It is a big place."]
"""
SLOTS = {"food": ("fish", "soup")}
TOPICS = ("town", "food")


def test_the_bank_holds_every_category_and_first_language() -> None:
    assert len(BANK.entries) >= 120
    assert {entry.category for entry in BANK.entries} >= CATEGORIES
    for l1 in FIRST_LANGUAGES:
        assert sum(l1 in entry.l1 for entry in BANK.entries) >= 30


def test_every_expansion_shows_exactly_the_declared_types() -> None:
    seeds = [
        (entry, fill_entry(entry, BANK.slots, Random(f"{entry.id}{draw}")))
        for entry in BANK.entries
        for draw in range(2)
    ]
    pairs = [
        tuple(text[:1].upper() + text[1:] for text in (seed.learner, seed.corrections[0]))
        for _, seed in seeds
    ]
    found = edits_all([(wrong, right) for wrong, right in pairs])
    wrong = [
        (entry.id, pair, kinds)
        for (entry, _), pair, edits in zip(seeds, pairs, found, strict=True)
        if (kinds := " ".join(edit.type for edit in edits if edit.real)) not in entry.types
    ]
    assert not wrong


def test_hints_never_hold_a_new_word_of_the_correction() -> None:
    small = word_set("a an the to in on at is are am was for of her them him it")
    for entry in BANK.entries:
        filled = fill_entry(entry, BANK.slots, Random(entry.id))
        given_away = set(_words(filled.corrections[0])) - set(_words(filled.learner)) - small
        for hint in entry.hints:
            assert not given_away & set(_words(hint)), (entry.id, hint)


def test_no_slot_is_left_open() -> None:
    for seed in BANK.draw(400, seed=5, long=0.5, no_error=0.2):
        texts = (seed.learner, *seed.corrections, *seed.follow_ups, *seed.details, *seed.echoes)
        assert not any(SLOT.search(text) or "  " in text for text in texts), texts


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), l1=st.sampled_from(["", *FIRST_LANGUAGES]))
def test_a_draw_is_reproducible_distinct_and_of_its_language(seed: int, l1: str) -> None:
    drawn = list(BANK.draw(200, seed=seed, l1=l1, long=0.3, no_error=0.1))
    assert drawn == list(BANK.draw(200, seed=seed, l1=l1, long=0.3, no_error=0.1))
    assert len({turn.learner.lower() for turn in drawn}) == 200
    assert {turn.l1 for turn in drawn if l1} <= {l1, ""}
    assert all(turn.learner != right for turn in drawn for right in turn.corrections)


def test_errors_come_equally_often() -> None:
    drawn = BANK.draw(len(BANK.entries) * 3, seed=1)
    assert set(Counter(turn.origin for turn in drawn).values()) == {3}


@pytest.mark.slow
def test_fifty_thousand_turns_are_there() -> None:
    drawn = BANK.draw(50_000, seed=2, long=0.6, no_error=0.02)
    assert len({turn.learner for turn in drawn}) == 50_000


def test_two_errors_in_one_turn_are_of_one_family() -> None:
    families = {f"bank:{entry.id}": entry.family for entry in BANK.entries}
    doubles = [turn for turn in BANK.draw(600, seed=3, long=1.0) if "+" in turn.origin]
    assert len(doubles) > 100
    for turn in doubles:
        assert {families[origin] for origin in turn.origin.split("+")} == {turn.family}
        assert len(turn.echoes) == 2


def test_more_turns_than_there_are_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, ENTRY)
    with pytest.raises(RecipeError, match="distinct turns"):
        list(read_bank(tmp_path).draw(5000, seed=0))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("category =", "kategory =", r"a.toml:2: .*kategory"),
        ("{food}", "{fod}", r"a.toml:2: seed 'one': unknown slot \['fod'\]; known: food"),
        ("I don't like", "I no like", r"a.toml:2: seed 'one': the correction equals"),
        ('"A2"', '"C9"', r"level 'C9'; expected one of A2, B1, B2"),
        ('["Why?"]', "[]", r"follow_ups must not be empty"),
        ('topic = "town"', 'topic = "town"\nl1 = ["fr"]', r"unknown l1 \['fr'\]"),
        ('topic = "town"', 'topic = "town"\ntone = "mad"', r"tone 'mad'"),
        ('topic = "town"', 'topic = "moon"', r"topic 'moon'; expected one of food, town"),
        ("[[seed]]", "[[seed]", r"a.toml: not valid TOML"),
    ],
)
def test_a_bad_entry_is_told_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(ENTRY.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=fault):
        read_entries(path, SLOTS, TOPICS)


def test_an_id_is_used_once(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(ENTRY + ENTRY, encoding="utf-8")
    with pytest.raises(DataError, match=r"a.toml:14: seed 'one': id 'one' is taken"):
        read_entries(path, SLOTS, TOPICS)


def test_own_seeds_are_drawn_beside_those_that_ship(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(ENTRY, encoding="utf-8")
    more = BANK.with_own([tmp_path / "own.toml"])
    assert len(more.entries) == len(BANK.entries) + 1
    drawn = list(more.draw(len(more.entries), seed=0))
    assert any(re.search("i no like", turn.learner, re.IGNORECASE) for turn in drawn)


def test_the_example_of_the_guide_is_sound(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "seeds.md").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(guide.split("```toml")[1].split("```")[0], encoding="utf-8")
    assert len(BANK.with_own([tmp_path / "own.toml"]).entries) == len(BANK.entries) + 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("M:VERB:TENSE R:OTHER", "R:NOUN", r"own.toml:2: .*I no like .* shows .*R:NOUN"),
        ('id = "one"', f'id = "{BANK.entries[0].id}"', r"own.toml:2: .* is taken; give it another"),
        ('learner = "I no like', "learner = \"I don't like", r"own.toml:2: .*correction equals"),
    ],
)
def test_an_own_seed_that_is_wrong_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(ENTRY.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=fault):
        BANK.with_own([path])


def test_a_part_of_the_bank_is_of_the_kind_asked_for() -> None:
    part = BANK.only(category="past-tense", l1="zh", level="A2", error_type="R:VERB:TENSE")
    assert 0 < len(part.entries) < len(BANK.entries)
    for entry in part.entries:
        assert (entry.category, entry.level) == ("past-tense", "A2")
        assert not entry.l1 or "zh" in entry.l1
    assert BANK.only() == BANK


def test_a_part_without_seeds_is_refused_with_what_there_is() -> None:
    with pytest.raises(RecipeError, match=r"category 'past' and l1 'zh'; categories: .*past-tense"):
        BANK.only(category="past", l1="zh")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_entries(tmp_path / "none.toml", SLOTS, TOPICS)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def _write(folder: Path, entries: str) -> None:
    (folder / "slots.toml").write_text('food = ["fish", "soup"]\n', encoding="utf-8")
    talk = '[beside]\ntown = ["It is big."]\n[[turn]]\ntopic = "town"\ntext = "Hi."\n'
    (folder / "talk.toml").write_text(talk + 'follow_ups = ["How are you?"]\n', encoding="utf-8")
    (folder / "tense.toml").write_text(entries, encoding="utf-8")
    for number, name in enumerate(("nouns", "structure", "words")):
        text = entries.replace('"one"', f'"other-{number}"')
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def test_no_kind_of_error_outweighs_and_where_replies_dodge_there_is_enough() -> None:
    turns = list(BANK.draw(3000, seed=11, long=0.3))
    kinds = Counter(kind for turn in turns for kind in turn.category.split("+"))
    assert max(kinds.values()) < 0.1 * kinds.total()
    types = Counter(each for turn in turns for each in turn.error_types)
    dodged = {
        "tense": r"[RMU]:VERB:TENSE",
        "verb form": r"[RMU]:VERB:(FORM|INFL)",
        "missing subject": r"M:PRON",
        "extra word": r"U:.*",
    }
    for name, pattern in dodged.items():
        count = sum(many for each, many in types.items() if re.fullmatch(pattern, each))
        assert count > 0.04 * types.total(), name
