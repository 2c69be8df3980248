"""Text taken as plainly in a language is so for the model, too; the rest is left to it."""

import itertools
import runpy
from functools import cache
from pathlib import Path

import pytest
import spacy.lang

from quimbot.verify.language import Language
from quimbot.verify.plain_language import PLAIN, plainly


@cache
def examples() -> dict[str, list[str]]:
    """The sample sentences of spaCy's languages by ISO code, but for the one of many languages."""
    files = Path(spacy.lang.__path__[0]).glob("*/examples.py")
    return {
        file.parent.name: list(runpy.run_path(str(file))["sentences"])
        for file in files
        if file.parent.name != "xx"
    }


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Yesterday I goed to the park with my sister.", "en"),
        ("I like drink coffee in the morning.", "en"),
        ("I\u2019m so happy to hear that \u2014 what did you do there?", "en"),
        ("Ayer fui al mercado con mi hermana y compramos pan.", "es"),
        ("¿Qué es lo que más te gusta de tu ciudad?", "es"),
    ],
)
def test_plain_text_is_told(text: str, language: str) -> None:
    assert plainly(text, (language,))
    assert not plainly(text, tuple({*PLAIN} - {language}))
    assert plainly(text, PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ok!",
        "Hola",
        "I like 我昨天去了商店买了很多东西",
        "Ich bin ein Berliner und das ist gut.",
    ],
)
def test_the_rest_is_left_to_the_model(text: str) -> None:
    assert not plainly(text, PLAIN)


@pytest.mark.parametrize("language", PLAIN)
def test_no_sentence_of_another_language_is_plain(language: str) -> None:
    others = {code: lines for code, lines in examples().items() if code != language}
    assert len(others) > 50
    taken = [line for lines in others.values() for line in lines if plainly(line, (language,))]
    assert taken == []


@pytest.mark.parametrize("language", PLAIN)
def test_mixed_text_that_is_plain_is_so_for_the_model(language: str) -> None:
    sentences = dict(examples())
    own = sentences.pop(language)
    mixed = [
        f"{ours} {theirs}"
        for ours, theirs in itertools.product(own, itertools.chain(*sentences.values()))
    ]
    plain = [text for text in mixed if plainly(text, (language,))]
    assert len(plain) < len(mixed) / 10
    wrong = [text for text in plain if Language(language).asked(text)]
    assert len(wrong) <= 0.001 * len(mixed)
