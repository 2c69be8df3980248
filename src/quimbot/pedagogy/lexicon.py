"""What is known about single words: whether English has them, and which forms belong together."""

from functools import cache, lru_cache
from typing import Any

from quimbot.pedagogy.correction import english
from quimbot.pedagogy.slips import wrong_forms
from quimbot.pedagogy.words import stem


def is_word(word: str) -> bool:
    """Whether a lower-case word stands in the British word list that ERRANT brings."""
    return word in _listed()


@lru_cache(maxsize=65536)
def lexemes(word: str) -> frozenset[str]:
    """What a lower-case word may be a form of, as stems: "left" is of "leave" and of "left"."""
    irregular = {base for forms in _exceptions() for base in forms.get(word, ())}
    if word.endswith("men"):
        irregular.add(f"{word[:-2]}an")
    return frozenset({stem(word), *map(stem, irregular)})


def irregular_verb(word: str) -> bool:
    """Whether it is a form that no rule makes from its verb."""
    return any(base != word for base in _exceptions()[0].get(word, ()))


@cache
def confused() -> frozenset[tuple[str, str]]:
    """Pairs that learners confuse: what they write, and what they mean."""
    known = wrong_forms("confusions.txt").items()
    return frozenset((wrong, right) for right, wrongs in known for wrong in wrongs)


@cache
def _listed() -> frozenset[str]:
    from errant.en.classifier import spell  # noqa: PLC0415 - takes two seconds

    return frozenset(word.lower() for word in spell)


@cache
def _exceptions() -> tuple[dict[str, Any], ...]:
    """Irregular forms by part of speech, from the tables of the lemmatiser."""
    tables = english().get_pipe("lemmatizer").lookups.get_table("lemma_exc")
    # vocabulary hashes are turned back into words once
    return tuple(
        {str(form): tuple(bases) for form, bases in _texts(tables[part]).items()}
        for part in ("verb", "noun", "adj", "adv")
    )


def _texts(table: Any) -> dict[str, Any]:  # noqa: ANN401 - spaCy ships no types
    strings = english().vocab.strings
    return {strings[key] if isinstance(key, int) else key: value for key, value in table.items()}
