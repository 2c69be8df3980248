"""How easily a Spanish text is read, by the lengths of its words and sentences.

Szigriszt Pazos's perspicuity, on the INFLESZ scale: below 40 very hard, 40 to 55 somewhat hard, 55
to 65 normal, 65 to 80 rather easy, above 80 very easy. It counts syllables, not how rare words are.
"""

import re

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"[.!?…:;\n]+(?=\s|\Z)")
_NUCLEUS = re.compile(r"[iuü]*[aeoáéó][iuü]*|[íú]|[iuü]+")
"""A strong vowel with the weak ones beside it, an accented weak one, or weak ones alone."""


def perspicuity(text: str) -> float | None:
    """206.835 - 62.3 syllables a word - words a sentence; none where there is no word."""
    words = _WORD.findall(text.lower())
    if not words:
        return None
    syllables = sum(max(1, len(_NUCLEUS.findall(word))) for word in words)
    sentences = sum(bool(_WORD.search(part)) for part in _SENTENCE.split(text))
    return 206.835 - 62.3 * syllables / len(words) - len(words) / max(1, sentences)
