"""Whether a chat is coarse or insulting, told offline by alt-profanity-check's linear model."""

import importlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from typing import Any

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED, place

_SURE = 0.95
"""Probability from which a message falls: below stand "I hate Mondays" and "I want to die"."""
_PACKAGE = "profanity_check"


class Toxicity:
    """Passes a record none of whose messages reaches a probability of being offensive.

    The model knows English, and words more than meaning: it finds insults and swearing, not
    contempt in polite words.

    Raises:
        RecipeError: the extra is not installed, or the probability is none.
    """

    name = "toxicity"

    def __init__(self, *probability: str) -> None:
        try:
            (self.limit,) = map(float, probability or (str(_SURE),))
        except ValueError:
            self.limit = 0.0
        if not 0 < self.limit <= 1:
            raise RecipeError(
                "the check 'toxicity' takes one probability above 0 and up to 1, such as 0.95; "
                f"found {','.join(probability)!r}"
            )
        if importlib.util.find_spec(_PACKAGE) is None:
            raise RecipeError(
                "the check 'toxicity' needs an extra; run pip install 'quimbot[toxicity]'"
            )

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        texts = [message.content for record in records for message in record.messages]
        scores = iter(_model().predict_prob(texts) if texts else ())
        verdicts = []
        for record in records:
            own = [float(next(scores)) for _ in record.messages]
            worst = max(range(len(own)), key=own.__getitem__, default=0)
            verdicts.append(self._verdict(record, worst, own[worst]) if own else PASSED)
        return verdicts

    def _verdict(self, record: Record, worst: int, score: float) -> Verdict:
        if score < self.limit:
            return PASSED
        detail = f"{place(record.messages, worst)}: probability {score:.3f}"
        return Verdict(passed=False, reason="toxic", detail=detail, score=score)


@cache
def _model() -> Any:  # noqa: ANN401 - an extra, not there for the type checker
    return importlib.import_module(_PACKAGE)
