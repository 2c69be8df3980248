"""The summary and the progress as text."""

import pytest

from quimbot.pedagogy.events import Began, Disputed, Event, Moved, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile, learner_of
from quimbot.pedagogy.levels import Level
from quimbot.serve.summary import summary
from quimbot.serve.told import progress_told, summary_told, when

DAY_S = 86_400.0
NOW = 1_000_000.0
WENT = Noticed(
    at=NOW, kind=Kind.TENSE, wrong="go", right="went", said="I go home", correction="I went home"
)
MOVED = Moved(at=NOW, kind=Kind.TENSE, level=Level.RECAST, reason="It is due.")


def told(*events: Event) -> str:
    return summary_told(summary(events, learner_of(Profile(), events)), NOW)


def test_a_summary_marks_what_differs_and_tells_what_returns() -> None:
    text = told(
        Began(at=NOW),
        WENT,
        MOVED,
        TookUp(at=NOW + 1, kind=Kind.TENSE, outcome="repair"),
        Used(at=NOW + 1, kind=Kind.ARTICLE, words="the bus"),
    )
    assert "You said     I [go] home\nOne can say  I [went] home  (you took it up)" in text
    assert "You took up: tense: went" in text
    assert "Right on your own: article: the bus" in text
    assert "Returns: tense " in text


def test_what_the_learner_disputes_is_not_told_again() -> None:
    disputed = Disputed(at=NOW + 1, noticed_at=NOW, kind=Kind.TENSE, wrong="go")
    assert told(Began(at=NOW), WENT, MOVED, disputed).startswith("Nothing was noticed")


def test_progress_begins_with_what_is_least_known() -> None:
    events: list[Event] = [
        Began(at=NOW),
        WENT,
        Used(at=NOW, kind=Kind.ARTICLE, words="a dog"),
        MOVED,
    ]
    first, second = progress_told(learner_of(Profile(), events), NOW).splitlines()
    assert first.startswith("tense")
    assert "right 0, after help 0, to mend 1, returns " in first
    assert second.startswith("article")
    assert "returns" not in second


@pytest.mark.parametrize(
    ("days", "words"), [(-3, "today"), (0.2, "today"), (1.2, "tomorrow"), (9, "in 9 days")]
)
def test_a_return_is_told_in_days(days: float, words: str) -> None:
    assert when(NOW + days * DAY_S, NOW) == words
