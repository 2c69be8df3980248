"""Formal and informal words of a Spanish text, and where it switches to English in a sentence.

Closed lists: a text without any of them is neither. Which words are informal differs by country,
and none of the lists tells how a speaker would judge them.
"""

import re
from typing import Literal

from quimbot.pedagogy.words import word_set

Style = Literal["formal", "informal", "both", "plain"]

_FORMAL = re.compile(
    r"\b(?:estimad[oa]s?|distinguid[oa]s?|atentamente|cordialmente|asimismo|por consiguiente|"
    r"cabe (?:destacar|señalar|mencionar)|en virtud de|no obstante|por ende|dicho lo anterior|"
    r"quedo a su disposición|le (?:agradezco|agradecería|ruego|saluda|informo|comunico)|sírvase|"
    r"tenga la (?:bondad|amabilidad)|a la brevedad|conforme a|por medio de la presente|"
    r"permítame|disculpe|podría usted|correspondiente[s]?|solicitad[oa]s?|mediante|"
    r"en lo que respecta a|con respecto a|de conformidad|me dirijo a usted|reciba un|lamentamos|"
    r"se ruega|se regirá|a continuación se|vigentes?|le agradec\w+)\b",
    re.IGNORECASE,
)
_INFORMAL = re.compile(
    r"\b(?:(?:ja|je|ji){2,}\w*|jaja\w*|oye|porf(?:a|is)|qu[eé] onda|w[eé]y|g[üu]ey|[óo]rale|"
    r"ch[eé]vere|bac[áa]n|chid[oa]s?|padrísim[oa]|no manches|la neta|neta|ahorita|nom[áa]s|troca|"
    r"compa|tí[oa]s?, |boludo|che|mola|moló|molan|guay|pasada|la leche|finde|cole|peli|disco|"
    r"o sea|xq|pq|tmb|tqm|aki|q (?:haces|tal|pas[oó])|bro|pos|ni modo|al tiro|qu[eé] flojera|"
    r"chistos[oa]|pues nada|holi|dale|vale|re (?:bien|lindo|bueno)|lana|curro|rollo|"
    r"cuates?|chelas?|xfa|copad[oa]|parce|tronc[oa]|pachanga|qu[eé] padre|jaj+|uf|gringo)(?!\w)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*\"|«[^»]*»|“[^”]*”|```.*?(?:```|\Z)|`[^`]*`", re.DOTALL)
_ABOUT_ENGLISH = re.compile(
    r"\b(?:tradu[cz]\w*|en inglés|al inglés|del inglés|translate|in spanish)\b", re.IGNORECASE
)
_SENTENCES = re.compile(r"[.!?¡¿\n]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")  # noqa: RUF001 - a typographic apostrophe

_SPANISH = word_set(
    "el la los las de que y en un una por para con es muy como pero se su mi mis siempre lo le al "
    "del si qué "
    "cómo fue está estoy hay porque cuando donde también este esta eso yo ella nos tiene hasta "
    "desde sin mis tus te no ya más fuimos tú vos quieres tienes dime sabes cuándo aquí"
)
_ENGLISH = word_set(
    "the and of you that it with this what your are for we they she do did how why when where "
    "about would could should but from is was were not very i been had his her our than then them "
    "who which will its it's i'm don't an or my so to at if can he him you're can't doesn't didn't "
    "just because like really some people went going get got make made take took said saw came "
    "know think want need love good bad old big little today tomorrow yesterday house home school "
    "work works job friend friends mom dad grandma grandpa brother sister cousins family everyone "
    "in on by into out down up all english spanish tired happy late early hard easy happened text "
    "missed mad help lives speak talk watching helping eating working waiting stuff things always "
    "never maybe anyway right kind something nothing whatever though even only more after before"
)
"""Words that Spanish does not have; names and borrowed nouns tell nothing."""
_NAMING = re.compile(r"(?:\b[A-Z][\w']*(?: (?:of|the|and|to|in|for) )?\s*){2,}")
"""Names of several words: The Lord of the Rings."""
_FEWEST_SPANISH, _FEWEST_ENGLISH = 2, 2


def style(text: str) -> Style:
    """Whether the text holds formal words, informal ones, both or none."""
    formal, informal = bool(_FORMAL.search(text)), bool(_INFORMAL.search(text))
    if formal and informal:
        return "both"
    return "formal" if formal else "informal" if informal else "plain"


def switches(text: str) -> bool:
    """Whether one sentence goes on in English: function words of both languages stand in it.

    Quotations, code, names, and texts about translating are left out. Borrowed nouns alone ("mi
    troca", "el mall") are no switch, and a switch between sentences is not seen.
    """
    if _ABOUT_ENGLISH.search(text):
        return False
    text = _QUOTED.sub(" ", text)
    return any(_both(sentence) for sentence in _SENTENCES.split(text))


def _both(sentence: str) -> bool:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(_named_out(sentence))]  # noqa: RUF001
    spanish = sum(word in _SPANISH for word in words)
    if spanish < _FEWEST_SPANISH:
        return False
    return sum(word in _ENGLISH for word in words) >= _FEWEST_ENGLISH


def _named_out(sentence: str) -> str:
    """The sentence without names of several words; its beginning is no name."""
    first, space, rest = sentence.strip().partition(" ")
    return f"{first}{space}{_NAMING.sub(' ', rest)}"
