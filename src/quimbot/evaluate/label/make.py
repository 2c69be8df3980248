"""`label make`: a page on which people say of one reply after another what the verifier says.

Half of the replies are some that the verifier passes, the rest are spread over its failing checks,
so that both what it takes for good and what it refuses can be held against people.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, get_args

from quimbot.evaluate.answers import request_key
from quimbot.evaluate.criteria import QUESTIONS, Criterion
from quimbot.evaluate.labels import PASSED, labelled_replies, strata
from quimbot.evaluate.review import review_page
from quimbot.evaluate.templates import must_be_page
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import replacing
from quimbot.runs.scorecard import Judged, read_judged
from quimbot.runs.watch import Watch

_SECONDS_A_QUESTION = 4


@dataclass(frozen=True, kw_only=True)
class LabelMakeSettings:
    """Settings of `quimbot label make`."""

    scores: Path
    """Folder that `quimbot score` wrote."""
    output: Path
    """HTML file to give to the raters."""
    count: int = 60
    """Replies on the page; fewer than 50 labels tell little."""
    criteria: tuple[Criterion, ...] = get_args(Criterion)
    """Questions to ask about each."""
    raters: tuple[str, ...] = ()
    """Names to choose from; without any, raters type theirs."""
    seed: int = 0
    """Which replies are drawn."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.count < 1:
            raise RecipeError(f"count is {self.count}; it must be 1 or more")
        if not self.criteria:
            allowed = ", ".join(get_args(Criterion))
            raise RecipeError(f"criteria is empty; name at least one of {allowed}")
        names = [name.casefold() for name in self.raters]
        if not all(names) or len(set(names)) < len(names):
            raise RecipeError("raters must be names, each once; a person's answers go by the name")
        must_be_page(self.output)

    def inputs(self) -> tuple[Path, ...]:
        """The scores."""
        return (self.scores,)

    def outputs(self) -> tuple[Path, ...]:
        """The page."""
        return (self.output,)


def label_make(settings: LabelMakeSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """Write the page.

    Raises:
        DataError: the scores hold fewer replies than are asked for.
    """
    replies = labelled_replies(read_judged(settings.scores))
    if not replies:
        raise DataError(
            f"{settings.scores}: no reply answers a turn with an error, and only such replies are "
            "labelled; name the scores of a suite with errors, such as scaffolding"
        )
    if len(replies) < settings.count:
        raise DataError(
            f"{settings.scores}: {settings.count} replies are asked for, but only {len(replies)} "
            f"different ones answer a turn with an error; give --count {len(replies)}, or "
            "score more turns"
        )
    drawn = draw(replies.values(), settings.count, settings.seed)
    with replacing(settings.output) as file:
        file.write(_render(drawn, settings).encode("utf-8", "replace"))
    passed = sum(row.verified for row in drawn)
    return (
        f"{settings.output}: {len(drawn)} replies, {passed} that the verifier passes and "
        f"{len(drawn) - passed} that it fails, {len(settings.criteria)} questions about each; "
        "what raters save goes to `quimbot label open`"
    )


def draw(rows: Iterable[Judged], count: int, seed: int) -> list[Judged]:
    """Half of them passed, the others from each failing check in turn.

    Where one kind has too few, the others give more. Within a kind all replies are equally likely.
    """
    chance = random.Random(seed)  # noqa: S311 - which replies people read is no secret
    kinds = {kind: chance.sample(own, len(own)) for kind, own in strata(rows).items()}
    passed = kinds.pop(PASSED, [])
    failed = [row for turn in zip_longest(*kinds.values()) for row in turn if row is not None]
    failures = min(len(failed), count - min(count // 2, len(passed)))
    return chance.sample([*passed[: count - failures], *failed[:failures]], count)


def _render(drawn: Sequence[Judged], settings: LabelMakeSettings) -> str:
    replies = [_shown(row) for row in drawn]
    seconds = len(drawn) * len(settings.criteria) * _SECONDS_A_QUESTION
    return review_page(
        "label",
        {
            "id": request_key((replies, settings.criteria)),
            "questions": settings.criteria,
            "replies": replies,
        },
        settings.raters,
        questions={criterion: QUESTIONS[criterion] for criterion in settings.criteria},
        count=len(drawn),
        minutes=max(1, round(seconds / 60)),
        note_key="W",
    )


def _shown(row: Judged) -> Mapping[str, Any]:
    """What the page may know: no model, no move, no verdict."""
    return {
        "id": row.record.id,
        "earlier": [{"role": said.role, "content": said.content} for said in row.earlier],
        "learner": row.learner.strip(),
        "right": row.corrections,
        "reply": row.reply.strip(),
    }
