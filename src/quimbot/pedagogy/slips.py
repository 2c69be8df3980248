"""Slips of the pen: common misspellings, and new ones by sound, by finger, by doubled letters."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random

_COMMON = 0.6  # share of misspellings taken from the common ones, where a word has some

_SOUND_PAIRS = (
    "tion>cion tion>sion ph>f ie>ei ei>ie ch>sh sh>ch ck>k c>s s>c th>t wh>w ght>th ou>o ou>u "
    "ea>e ee>i ee>ea ai>a oo>u oo>o y>i i>y v>b b>v z>s s>z le>el er>re er>ar or>er a>e e>a "
    "i>e e>i o>u u>o able>ible ant>ent ent>ant qu>cu ful>full x>cs l>r r>l"
)
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_TRIES = 20


def misspell(word: str, rng: Random) -> str:
    """The word as a learner may spell it; always different from the word."""
    common = common_misspellings().get(word.lower())
    if common and rng.random() < _COMMON:
        return rng.choice(common)
    ways = (_by_sound, _dropped, _swapped, _doubled, _single, _next_key)
    for _ in range(_TRIES):
        way = rng.choices(ways, (30, 22, 16, 12, 10, 10))[0]
        slip = way(word, rng)
        if slip != word:
            return slip
    return word[:-1]


@cache
def common_misspellings() -> Mapping[str, tuple[str, ...]]:
    """How words are often misspelt; all in small letters."""
    return wrong_forms("misspellings.txt")


def wrong_forms(name: str) -> Mapping[str, tuple[str, ...]]:
    """The lines `right: wrong, wrong` of a file beside this one."""
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {right: tuple(wrong.strip() for wrong in rest.split(",")) for right, _, rest in pairs}


def _by_sound(word: str, rng: Random) -> str:
    pairs = (pair.split(">") for pair in _SOUND_PAIRS.split())
    fitting = [(old, new) for old, new in pairs if old in word[1:]]
    if not fitting:
        return word
    old, new = rng.choice(fitting)
    at = word.index(old, 1)
    return word[:at] + new + word[at + len(old) :]


def _dropped(word: str, rng: Random) -> str:
    at = rng.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _swapped(word: str, rng: Random) -> str:
    if len(word) < 3:  # noqa: PLR2004 - the first letter stays
        return word
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _doubled(word: str, rng: Random) -> str:
    at = rng.randrange(1, len(word))
    return word[:at] + word[at] + word[at:]


def _single(word: str, rng: Random) -> str:
    doubles = [at for at in range(1, len(word)) if word[at] == word[at - 1]]
    if not doubles:
        return word
    at = rng.choice(doubles)
    return word[:at] + word[at + 1 :]


def _next_key(word: str, rng: Random) -> str:
    at = rng.randrange(1, len(word))
    for row in _ROWS:
        key = row.find(word[at])
        if key >= 0:
            near = row[max(key - 1, 0) : key] + row[key + 1 : key + 2]
            return word[:at] + rng.choice(near) + word[at + 1 :]
    return word
