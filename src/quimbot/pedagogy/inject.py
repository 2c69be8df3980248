"""Learner turns made from correct ones: realistic errors put in, the correction known."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

from quimbot.pedagogy.correction import edits_all, english
from quimbot.pedagogy.seed import Seed
from quimbot.pedagogy.sentences import Sentence, grammar
from quimbot.pedagogy.slip_rules import Slip, slips
from quimbot.pedagogy.slips import misspell

_WEIGHTS = {
    "spelling": 22, "word": 20, "preposition": 10, "tense": 10, "verb-form": 10, "noun-number": 8,
    "pronoun-missing": 5, "article-missing": 7, "agreement": 6, "order": 5, "to-missing": 4,
    "auxiliary": 5, "be-missing": 5, "preposition-missing": 5, "spacing": 4, "article": 3,
    "preposition-extra": 3, "article-extra": 3, "be-extra": 3, "comparative": 2,
}  # fmt: skip
"""How often each kind is put in, in the rough proportions of chats with real learners."""
_TYPICAL = {
    "es": {"pronoun-missing": 3, "article-extra": 3, "word": 2, "preposition": 2, "be-extra": 2},
    "zh": {"tense": 3, "noun-number": 3, "article-missing": 3, "agreement": 2, "auxiliary": 2},
    "ar": {"be-missing": 3, "article-extra": 3, "preposition": 2, "spelling": 2, "order": 2},
    "ko": {"article-missing": 3, "noun-number": 2, "pronoun-missing": 2, "be-extra": 3, "order": 2},
}
"""How many times as often the speakers of a first language make an error."""
_ERRORS = (8, 42, 32, 18)  # turns in a hundred with none, one, two and three errors
_PAIRS = 0.15  # share of turns of two sentences
_AT_ONCE = 256  # sentences parsed together
_TRIES = 20
_APOSTROPHE = re.compile(r"(\w)'(\w)")
_PRONOUN_I = re.compile(r"\bI\b")


def injected_seeds(n: int, seed: int, l1: str = "") -> Iterator[Seed]:
    """So many distinct turns, the same for the same arguments; about one in ten has no error.

    Raises:
        RecipeError: the sentence grammar holds fewer turns.
    """
    weights = {kind: times * _TYPICAL.get(l1, {}).get(kind, 1) for kind, times in _WEIGHTS.items()}
    drawn = grammar().draw(_chance(f"draw:{seed}:{l1}"), _PAIRS)
    seen: set[str] = set()
    while len(seen) < n:
        batch = list(islice(drawn, min(_AT_ONCE, n - len(seen))))
        turns: list[tuple[Sentence, str, str]] = []
        for sentence, doc in zip(batch, english().pipe(each.text for each in batch), strict=True):
            rng = _chance(f"{seed}:{l1}:{sentence.text}")
            turn, kind = _spoil(doc, weights, rng)
            typed = _typed(turn, rng)
            if typed.lower() not in seen:
                seen.add(typed.lower())
                turns.append((sentence, typed, kind))
        changes = edits_all([(typed, sentence.text) for sentence, typed, _ in turns])
        for (sentence, typed, kind), found in zip(turns, changes, strict=True):
            types = tuple(edit.type for edit in found if edit.real)
            # a turn without error is left tidy: without a correction nobody could say it back
            yield _seed(sentence, typed if types else sentence.text, types, kind, l1)


def _chance(key: str) -> Random:
    """Chance of its own for every sentence: how many are asked for changes none of them."""
    return Random(f"inject:{key}")  # noqa: S311 - reproducible, nothing secret


def _seed(sentence: Sentence, turn: str, types: tuple[str, ...], kind: str, l1: str) -> Seed:
    known = grammar()
    asks = sentence.text.endswith("?")
    return Seed(
        learner=turn,
        corrections=(sentence.text,) if types else (),
        error_types=types,
        category=kind if types else "",
        l1=l1,
        family=sentence.family,
        origin=f"sentences/{sentence.topic}",
        follow_ups=known.questions[sentence.topic],
        details=known.remarks[sentence.topic] if types and not asks else (),
    )


def _spoil(doc: Any, weights: dict[str, int], rng: Random) -> tuple[str, str]:  # noqa: ANN401 - a spaCy Doc
    """The text with up to three errors, and the kind of the first one put in."""
    found: dict[str, list[Slip]] = defaultdict(list)
    for slip in slips(doc):
        found[slip.kind].append(slip)
    kinds = sorted(found)
    wanted = rng.choices(range(len(_ERRORS)), _ERRORS)[0]
    made: list[Slip] = []
    for _ in range(_TRIES if kinds else 0):
        if len(made) == wanted:
            break
        kind = rng.choices(kinds, [weights[each] for each in kinds])[0]
        slip = rng.choice(found[kind])
        if all(slip.end < other.start or slip.start > other.end for other in made):
            made.append(_written(slip, doc.text[slip.start : slip.end], rng))
    text: str = doc.text
    for slip in sorted(made, key=lambda each: each.start, reverse=True):
        text = f"{text[: slip.start]}{slip.text}{text[slip.end :]}"
    return " ".join(text.split()), made[0].kind if made else ""


def _written(slip: Slip, right: str, rng: Random) -> Slip:
    """The slip with its text, in the case of the word that it replaces."""
    text = misspell(right, rng) if slip.text is None else slip.text
    if right[:1].isupper() and right != "I":
        text = text[:1].upper() + text[1:]
    return slip._replace(text=text)


def _typed(text: str, rng: Random) -> str:
    """The turn as it is typed in a chat: often without apostrophes, capitals or a final stop."""
    way = rng.random()
    if way < 0.40:  # noqa: PLR2004 - shares of ways to type, here and below
        return text
    if way < 0.60:  # noqa: PLR2004
        text = _APOSTROPHE.sub(lambda found: found[1] + rng.choice(("", "", " ")) + found[2], text)
        text = _PRONOUN_I.sub("i", text) if rng.random() < 0.5 else text  # noqa: PLR2004
    elif way < 0.85:  # noqa: PLR2004
        text = text.lower() if rng.random() < 0.6 else text[:1].lower() + text[1:]  # noqa: PLR2004
        text = text.replace("'", "") if rng.random() < 0.5 else text  # noqa: PLR2004
    elif way < 0.95:  # noqa: PLR2004
        text = text.upper()
        text = text.replace("'", "") if rng.random() < 0.6 else text  # noqa: PLR2004
    return text.rstrip(".!") if rng.random() < 0.6 else text  # noqa: PLR2004
