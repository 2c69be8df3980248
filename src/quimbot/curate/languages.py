"""The languages of a file, told from a sample of its rows that is spread evenly."""

from collections import Counter

from quimbot.verify.language import language_of

_FEWEST = 10
_READ = 300
"""Characters of each."""
_UNSURE = "unsure"


class LanguageSample:
    """Every row of a short file, every n-th of a long one: `least` rows or up to twice as many."""

    def __init__(self, least: int) -> None:
        self._least = max(least, _FEWEST)
        self._texts: list[str] = []
        self._seen = 0
        self._step = 1

    def add(self, text: str) -> None:
        """Look at one row, or pass it over."""
        if self._seen % self._step == 0:
            self._texts.append(text[:_READ])
            if len(self._texts) == 2 * self._least:
                self._texts = self._texts[::2]
                self._step *= 2
        self._seen += 1

    def languages(self) -> Counter[str]:
        """How many of the sample are written in which language."""
        return Counter(language_of(text) or _UNSURE for text in self._texts)
