"""Progress over conversations."""

from happened import DAY, NOW, article, moved, tense, took_up, used
from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.events import Began, Disputed, Event
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile
from quimbot.serve.progress import progress


def talk(day: int, *, right: bool) -> list[Event]:
    at = NOW + day * DAY
    if right:
        return [Began(at=at), used(at + 1, Kind.TENSE, "went"), moved(at + 1, None)]
    return [
        Began(at=at),
        tense(at + 1),
        moved(at + 1, Kind.TENSE),
        took_up(at + 2, Kind.TENSE),
        moved(at + 2, None),
    ]


def test_nothing_happened_yet() -> None:
    found = progress(Profile(), [])
    assert (found.conversations, found.kinds) == (0, ())


def test_a_line_has_a_point_for_each_conversation_that_moved_it() -> None:
    events = [*talk(0, right=False), *talk(3, right=True), Began(at=NOW + 5 * DAY)]
    events += talk(8, right=True)
    found = progress(Profile(), events)
    (tense_,) = found.kinds
    assert found.conversations == 4
    assert [at for at, _ in tense_.line] == [1, 2, 4]
    assert tense_.line[-1][1] > tense_.line[0][1]
    assert (tense_.noticed, tense_.taken_up, tense_.alone) == (1, 1, 2)
    assert tense_.returns is not None
    assert tense_.examples[-1].correction == "Yesterday I bought a new coat."


def test_what_goes_right_often_enough_is_theirs_and_comes_back_no_more() -> None:
    events = talk(0, right=False) + [e for day in range(2, 14) for e in talk(day, right=True)]
    (tense_,) = progress(Profile(), events).kinds
    assert (tense_.stage, tense_.returns) == ("yours", None)


def test_a_disputed_error_leaves_no_trace() -> None:
    error = article(NOW + 1)
    disputed = Disputed(at=NOW + 9, noticed_at=error.at, kind=error.kind, wrong=error.wrong)
    events: list[Event] = [Began(at=NOW), error, moved(NOW + 1, Kind.ARTICLE), disputed]
    assert progress(Profile(), events).kinds == ()


@given(st.lists(st.booleans(), max_size=12))
def test_lines_go_forward_and_stay_between_never_and_always(rights: list[bool]) -> None:
    events = [event for day, right in enumerate(rights) for event in talk(day, right=right)]
    for kind in progress(Profile(), events).kinds:
        places = [at for at, _ in kind.line]
        assert places == sorted(set(places))
        assert all(0 < p < 1 for _, p in kind.line)
