"""Text that plainly is in a language, told by its function words, so that no model need be asked.

Written for a sure yes: whatever is short, mixed, in another script or holds function words of
another language is left to the model.
"""

from collections.abc import Collection, Sequence

from quimbot.pedagogy.words import word_set

_FEWEST = 3
"""Function words of the language that a text must hold, at least."""
_SHARE = 0.2
"""Share of its words that they must be, in the first half of the text and in the second."""

_WORDS = {
    "en": word_set(
        "the and of to you that it with this have what your are for my they we she do did does how "
        "why when where there about would could should because but from is was were not can very i "
        "at be been had has his her their our if than then them who which will its it's i'm don't "
        "an or so by as some any more just like get go went really also these those a in he me am "
        "on up no per met son care pour into over out one two every each other most much many next "
        "last since usually always never want need know think make made people time day year today "
        "yesterday good new old first following given between sounds what's that's i'd i'll let "
        "help write explain describe create generate list name use using words sentence here now"
    ),
    "es": word_set(
        "el la los las de que y en un una por para con es muy como pero no se su sus mi tu lo le "
        "me te al del más o si qué cómo fue son está estoy ser hay porque cuando donde también ya "
        "este esta eso yo ella nos hace tiene sobre todo hasta desde sin"
    ),
}
_ELSEWHERE = {
    "fr": word_set(
        "le les est une des dans pas je il elle nous vous que qui pour avec sur mais et du au "
        "c'est contre dans sont cette leur ce"
    ),
    "de": word_set("der das und ist nicht ein eine ich sie mit auf für von zu den dem auch wir"),
    "pt": word_set("não um uma com os as em é que por mais eu você para ele ela isso muito do da"),
    "it": word_set("che di il non per sono una gli della è un con mi ho più questo anche lo"),
    "ca": word_set("els les és per amb del una dels aquest són al seu més també"),
    "ro": word_set("și este de la pe cu nu să din sunt pentru care mai ce"),
    "nl": word_set("het een van niet dat en ik je zijn voor met op maar ook wat wij"),
}
"""Words that tell the languages most often taken for one of the above."""
PLAIN = tuple(_WORDS)
_SIGNS = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026"
_LETTERS = {
    "en": f"é{_SIGNS}".encode("cp1252"),
    "es": f"áéíóúüñÁÉÍÓÚÜÑ¿¡{_SIGNS}".encode("cp1252"),
}
"""What the language is written with besides ASCII; any other sign, and the model is asked."""


def plainly(text: str, languages: Collection[str]) -> bool:
    """Whether the text plainly is in one of the languages; no is not a no."""
    known = [language for language in languages if language in _WORDS]
    if not text.isascii():
        try:
            signs = text.encode("cp1252")
        except UnicodeEncodeError:
            return False
        known = [
            language for language in known if signs.translate(None, _LETTERS[language]).isascii()
        ]
    words = text.lower().replace("\u2019", "'").split() if known else []
    return any(_is_of(language, words) for language in known)


def _is_of(language: str, words: Sequence[str]) -> bool:
    own = _WORDS[language].__contains__
    half = len(words) // 2
    first, second = sum(map(own, words[:half])), sum(map(own, words[half:]))
    return (
        first + second >= _FEWEST
        and first >= _SHARE * half
        and second >= _SHARE * (len(words) - half)
        and _OTHERS[language].isdisjoint(words)
    )


def _others(language: str) -> frozenset[str]:
    others = frozenset().union(
        *(words for other, words in (_WORDS | _ELSEWHERE).items() if other != language)
    )
    return others - _WORDS[language]


_OTHERS = {language: _others(language) for language in _WORDS}
