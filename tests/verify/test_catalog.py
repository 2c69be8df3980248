"""The checks that a recipe can name."""

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import records

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record
from quimbot.verify.catalog import KNOWN, verifier

ARGUMENTS = {
    "quality": ":good,excellent",
    "difficulty": ":easy",
    "safety": ":casual",
    "address": ":tu",
}
QUICK = [
    name + ARGUMENTS.get(name, "")
    for name in KNOWN
    if name not in {"scaffolding", "presidio", "toxicity"}
]


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_name_gives_the_check_of_that_name(name: str) -> None:
    assert verifier(name + ARGUMENTS.get(name, "" if name != "length" else ":1-9")).name == name


@pytest.mark.parametrize(
    ("spelling", "told"),
    [
        ("scafolding", r"'scafolding'; allowed: structure, .*, scaffolding"),
        ("structure:3", "takes no arguments; found '3'"),
        ("length", "such as 3-400, .*; found ''"),
        ("length:9-3", "found '9-3'"),
        ("length:turn=1-3", "found 'turn=1-3'"),
        ("language:English", "ISO codes .*found 'English'"),
        ("pii:emial", "some of email, phone, .*; found 'emial'"),
        ("presidio:name", "some of .*person, .*; found 'name'"),
        ("toxicity:much", "such as 0.95; found 'much'"),
        ("toxicity:2", "found '2'"),
        ("quality:godo", "very poor, poor, average, good, excellent; found 'godo'"),
        ("safety", "some of casual, .*; it has none"),
        ("moderation:x", "no arguments"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(spelling: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        verifier(spelling)


@pytest.mark.parametrize("name", ["presidio", "toxicity"])
def test_a_missing_extra_says_how_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RecipeError, match=r"pip install 'quimbot\[(pii|toxicity)\]'"):
        verifier(name)


@given(st.lists(records(), max_size=4))
def test_every_check_has_a_verdict_for_any_record(some: list[Record]) -> None:
    for spelling in (*QUICK, "length:2-9,learner=1-,reply=-20"):
        verdicts = verifier(spelling).check(some) if spelling != "length" else []
        assert all(verdict.passed is (not verdict.reason) for verdict in verdicts)
        assert spelling == "length" or len(verdicts) == len(some)
