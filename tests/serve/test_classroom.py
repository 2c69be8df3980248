"""What is put together of a learner's time and of the tutor's choices."""

from quimbot.pedagogy.events import Moved, TookUp
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.serve.classroom import PAUSE_S, active_seconds, moves
from quimbot.serve.store.activity import Active
from quimbot.serve.store.events import Filed


def said(at: float, conversation: str = "a") -> Active:
    return Active(person_id="p", conversation_id=conversation, role="user", at=at)


def test_long_pauses_and_gaps_between_talks_are_no_time_with_the_tutor() -> None:
    turns = [said(0), said(60), said(9000), said(10_000, "b"), said(10_030, "b")]
    assert active_seconds(turns) == 60 + PAUSE_S + 30
    assert active_seconds([]) == 0
    assert active_seconds([said(5), said(1)]) == 0  # a clock was set back


def test_each_choice_has_what_became_of_it() -> None:
    def filed(event: Moved | TookUp) -> Filed:
        return Filed(conversation_id="a", turn_id=1, event=event)

    def moved(kind: Kind | None) -> Filed:
        return filed(Moved(at=1, kind=kind, level=Level.RECAST, reason="because"))

    def took(kind: Kind) -> Filed:
        return filed(TookUp(at=2, kind=kind, outcome="repair"))

    told = moves(
        [took(Kind.TENSE), moved(Kind.TENSE), took(Kind.TENSE), moved(None), took(Kind.TENSE)]
    )
    assert [(one["kind"], one["outcome"]) for one in told] == [("tense", "repair"), (None, "")]
