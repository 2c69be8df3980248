"""Words that say the same in small talk, so that "that's amazing" mends "that awesome".

Only pairs that may stand for each other in nearly any sentence are here; the rest would need a
judgement of meaning.
"""

from functools import lru_cache

from quimbot.pedagogy.words import stem, word_set

_SAME = tuple(
    map(
        word_set,
        (
            "film movie",
            "films movies",
            "favorite favourite preferred",
            "great amazing awesome fantastic wonderful excellent",
            "big large",
            "small little",
            "hard difficult",
            "fast quick",
            "begin start",
            "begins starts",
            "beginning starting",
            "began started",
            "buy purchase",
            "bought purchased",
            "kid child",
            "kids children",
            "tv television",
            "photo picture",
            "photos pictures",
            "bike bicycle",
            "phone cellphone smartphone",
            "holiday vacation",
            "holidays vacations",
            "shop store",
            "shops stores",
            "mum mom mother",
            "dad father",
            "maybe perhaps",
            "nearly almost",
        ),
    )
)
_OF = {word: group for group in _SAME for word in group}


def synonyms(word: str) -> frozenset[str]:
    """The other words that say the same in the same form."""
    return _OF.get(word, frozenset()) - {word}


@lru_cache(maxsize=65536)
def sense(word: str) -> str:
    """The stem of a word, the same one for all its synonyms; for finding context."""
    return stem(min(_OF.get(word, (word,))))
