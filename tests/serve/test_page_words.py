"""The page's words: the same in every language, whole, and all of them used."""

import json
import re
from pathlib import Path

import pytest

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.serve import page_routes
from quimbot.serve.topics import OPENINGS

PAGE = Path(page_routes.__file__).parent / "page"
LANGUAGES = ("en", "es", "zh", "ar", "ko")
MADE = ("kind", "why", "help", "level", "topic", "stage")
"""Keys that the page puts together."""


def words(language: str) -> dict[str, str]:
    def once(pairs: list[tuple[str, str]]) -> dict[str, str]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    text = (PAGE / f"words/{language}.json").read_text("utf-8")
    found: dict[str, str] = json.loads(text, object_pairs_hook=once)
    return found


def test_there_is_a_file_for_each_language_that_the_page_offers() -> None:
    offered = re.search(r"LANGUAGES = \{(.*?)\}", (PAGE / "words.js").read_text("utf-8"))
    assert offered is not None
    assert tuple(re.findall(r"(\w+): ", offered[1])) == LANGUAGES
    assert {file.stem for file in (PAGE / "words").iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_keys_in_the_same_order(language: str) -> None:
    assert list(words(language)) == list(words("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_missing_and_the_blanks_are_those_of_english(language: str) -> None:
    for key, text in words(language).items():
        assert text.strip() == text != "", key
        assert "<" not in text
        assert sorted(re.findall(r"\{\w*\}", text)) == sorted(
            re.findall(r"\{\w*\}", words("en")[key])
        ), key


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_nothing_was_left_in_english(language: str) -> None:
    same = {key for key, text in words(language).items() if text == words("en")[key]}
    alike = {"kind.article", "kind.agreement", "kind.preposition", "kind.pronoun"}  # English forms
    assert same <= alike | {"tutor", "talk.tutor", "progress.line"}


def test_every_kind_level_and_topic_has_words() -> None:
    known = words("en")
    for kind in Kind:
        assert f"kind.{kind}" in known
        assert f"why.{kind}" in known
    for level in Level:
        assert f"help.{level.value}" in known
    assert {f"topic.{topic}" for topic in OPENINGS} <= set(known)


def test_every_word_is_used_and_every_word_used_is_there() -> None:
    files = [file for file in PAGE.iterdir() if file.suffix in {".js", ".html"}]
    files = [file for file in files if not file.name.startswith("teach")]
    text = "\n".join(file.read_text("utf-8") for file in files)
    known = words("en")
    for key in known:
        assert f'"{key}"' in text or key.split(".")[0] in MADE, f"{key} is not used"
    asked = re.findall(r'(?:word|label|title|about|yes|no): \[?"([\w.-]+)"', text)
    asked += re.findall(r'data-(?:word|label|hint)="([\w.-]+)"', text)
    asked += re.findall(r'(?:word|button|tell|part)\(\[?"([\w.-]+)"', text)
    assert len(asked) > 80
    assert set(asked) - {"textContent", "ariaLabel"} <= set(known)
