"""Clean chat turns: a small grammar over everyday topics, and single turns in other words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from quimbot.exceptions import RecipeError

_FILES = [Path(__file__).with_name(name) for name in ("sentences.txt", "turns.txt")]
_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<(\w+)>")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])(?!uni|use|one|Eur)", re.IGNORECASE)
_BEFORE_MARK = re.compile(r" (?=[,.?!']|$)")
_LONGEST = 26
_TRIES = 50


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A correct learner turn of one or two sentences."""

    text: str
    topic: str
    family: str
    """The skeleton that it starts with."""


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """The skeletons, the words for their slots, and what a tutor may say about each topic."""

    skeletons: tuple[tuple[str, str], ...]
    """Topic and pattern."""
    slots: dict[str, tuple[str, ...]]
    questions: dict[str, tuple[str, ...]]
    remarks: dict[str, tuple[str, ...]]

    def draw(self, rng: Random, pair_share: float) -> Iterator[Sentence]:
        """Distinct turns without end, every skeleton equally often; some hold two sentences.

        Raises:
            RecipeError: the skeletons hold no further turn.
        """
        seen: set[str] = set()
        while True:
            before = len(seen)
            for place in rng.sample(range(len(self.skeletons)), len(self.skeletons)):
                made = self._turn(place, rng, pair_share)
                if made.text not in seen and len(made.text.split()) <= _LONGEST:
                    seen.add(made.text)
                    yield made
            if len(seen) == before:
                raise RecipeError(f"the sentence grammar ends at {before} turns; ask for fewer")

    def _turn(self, place: int, rng: Random, pair_share: float) -> Sentence:
        topic, pattern = self.skeletons[place]
        text = self._expand(pattern, rng)
        if rng.random() < pair_share:
            others = [p for at, (t, p) in enumerate(self.skeletons) if t == topic and at != place]
            text += f" {self._expand(rng.choice(others), rng)}"
        return Sentence(text=text, topic=topic, family=f"sentence-{topic}-{place}")

    def _expand(self, pattern: str, rng: Random) -> str:
        while "{" in pattern:
            pattern = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), pattern)
        used: list[str] = []

        def word(found: re.Match[str]) -> str:
            words = self.slots[found[1]]
            used.append(rng.choice([each for each in words if each not in used] or words))
            return used[-1]

        text = " ".join(_SLOT.sub(word, pattern).split())
        text = _BEFORE_MARK.sub("", _ARTICLE.sub(r"\1n ", text))
        text = text[0].upper() + text[1:]
        text = text.rstrip(".")  # a choice at the end may bring its own mark
        return text if text.endswith(("?", "!")) else f"{text}."


@cache
def grammar() -> Grammar:
    """The sentence material that ships with the package."""
    skeletons: list[tuple[str, str]] = []
    kept: dict[str, dict[str, tuple[str, ...]]] = {"@": {}, "?": {}, "+": {}}
    for line in (line for file in _FILES for line in file.read_text("utf-8").splitlines()):
        name, _, rest = (part.strip() for part in line.partition(":"))
        match line[:1]:
            case "" | "#":
                continue
            case "@":
                kept["@"][name[1:]] = tuple(word.strip() for word in rest.split("|"))
            case "?" | "+" as kind:
                topic = name[1:].strip()
                kept[kind][topic] = (*kept[kind].get(topic, ()), rest)
            case _:
                skeletons.append((name, rest))
    return Grammar(
        skeletons=tuple(skeletons),
        slots=kept["@"],
        questions=kept["?"],
        remarks=kept["+"],
    )
