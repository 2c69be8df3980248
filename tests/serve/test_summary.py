"""What a learner reads after a conversation."""

from happened import NOW, article, moved, tense, took_up, used

from quimbot.pedagogy.events import Began, Disputed, Event
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile, learner_of
from quimbot.serve.summary import Summary, summary


def of(*events: Event) -> Summary:
    return summary(events, learner_of(Profile(), events))


def test_a_sentence_with_two_errors_is_shown_once_with_both() -> None:
    both = of(Began(at=NOW), tense(NOW + 1), article(NOW + 1), moved(NOW + 1, Kind.TENSE))
    (sentence,) = both.sentences
    assert [change.kind for change in sentence.changes] == [Kind.TENSE, Kind.ARTICLE]
    assert [piece.text for piece in sentence.better if piece.differs] == ["bought a"]


def test_a_repair_is_told_at_its_error_and_celebrated() -> None:
    found = of(
        Began(at=NOW),
        tense(NOW + 1),
        moved(NOW + 1, Kind.TENSE),
        took_up(NOW + 2, Kind.TENSE),
        moved(NOW + 2, None),
    )
    assert found.sentences[0].changes[0].taken_up
    assert [(forms.kind, forms.words) for forms in found.taken_up] == [(Kind.TENSE, ("bought",))]


def test_what_went_right_alone_is_told_by_kind_and_once() -> None:
    found = of(
        Began(at=NOW),
        used(NOW + 1, Kind.TENSE, "went"),
        used(NOW + 2, Kind.TENSE, "Went"),
        used(NOW + 3, Kind.ARTICLE, "a coat"),
    )
    assert [(f.kind, f.words) for f in found.alone] == [
        (Kind.TENSE, ("went",)),
        (Kind.ARTICLE, ("a coat",)),
    ]


def test_what_comes_back_is_dated_and_a_disputed_error_does_not() -> None:
    error = tense(NOW + 1)
    events: list[Event] = [Began(at=NOW), error, moved(NOW + 1, Kind.TENSE)]
    (returns,) = of(*events).returns
    assert returns.kind is Kind.TENSE
    assert returns.at > NOW
    disputed = Disputed(at=NOW + 9, noticed_at=error.at, kind=error.kind, wrong=error.wrong)
    found = of(*events, disputed)
    assert found.returns == ()
    assert found.sentences[0].changes[0].disputed


def test_an_empty_conversation_has_an_empty_summary() -> None:
    assert of(Began(at=NOW)) == Summary(sentences=(), taken_up=(), alone=(), returns=())
