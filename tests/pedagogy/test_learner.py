"""The learner model is a fold: pure, the same each time, and without what was disputed."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.events import Began, Disputed, Event, Moved, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner, Profile, learner_of
from quimbot.pedagogy.levels import Level

DAY = 86400.0
PROFILE = Profile(l1="ko", level="B1", cap=Level.CLUE)
FEW = (Kind.ARTICLE, Kind.TENSE, Kind.PREPOSITION)


def noticed(kind: Kind, at: float, wrong: str = "go") -> Noticed:
    return Noticed(at=at, kind=kind, wrong=wrong, right="went", said="I go", correction="I went")


@st.composite
def turns(draw: st.DrawFn) -> list[list[Event]]:
    """Turns of a few sessions, each a list of the events of one moment."""
    found: list[list[Event]] = []
    at, aimed = 1.7e9, None
    for _ in range(draw(st.integers(0, 12))):
        at += draw(st.sampled_from([60.0, 3600.0, 3 * DAY]))
        kinds = st.sampled_from(FEW)
        turn: list[Event] = [Began(at=at)] if draw(st.booleans()) else []
        if aimed:
            outcome = draw(st.sampled_from(["repair", "needs-repair", "none"]))
            turn.append(TookUp(at=at, kind=aimed, outcome=outcome))
        wrong = draw(st.lists(kinds, max_size=2, unique=True))
        turn += [noticed(kind, at) for kind in wrong]
        turn += [Used(at=at, kind=kind, words="x") for kind in draw(st.lists(kinds, max_size=2))]
        aimed = draw(st.sampled_from(wrong)) if wrong else None
        level = draw(st.sampled_from(Level)) if aimed else Level.PASS
        found.append([*turn, Moved(at=at, kind=aimed, level=level, reason="r")])
    return found


def flat(found: Sequence[Sequence[Event]]) -> list[Event]:
    return [event for turn in found for event in turn]


@given(turns())
def test_one_event_after_another_is_the_same_as_all_at_once(found: list[list[Event]]) -> None:
    learner = Learner(profile=PROFILE)
    for event in flat(found):
        learner = learner.after(event)
    assert learner == learner_of(PROFILE, flat(found))
    assert all(0 <= each.p <= 1 for each in learner.kinds.values())
    assert all(each.level <= Level.CLUE for each in learner.kinds.values())


@given(turns(), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_read_does_not_matter(
    found: list[list[Event]], chance: Random
) -> None:
    events = flat(found)
    chance.shuffle(events)
    assert learner_of(PROFILE, events).kinds == learner_of(PROFILE, flat(found)).kinds


@given(turns(), st.data())
def test_what_was_disputed_never_happened(found: list[list[Event]], data: st.DataObject) -> None:
    events = flat(found)
    errors = [event for event in events if isinstance(event, Noticed)]
    if not errors:
        return
    error = data.draw(st.sampled_from(errors))
    at = events[-1].at + 60
    dispute = Disputed(at=at, noticed_at=error.at, kind=error.kind, wrong=error.wrong)
    repeat = TookUp(at=error.at, kind=error.kind, outcome="needs-repair")
    without: list[Event] = [event for event in events if event is not error and event != repeat]
    learner = learner_of(PROFILE, events).after(dispute)
    assert learner.kinds == learner_of(PROFILE, without).kinds
    assert learner.response == learner_of(PROFILE, without).response
    assert learner == learner_of(PROFILE, [*events, dispute])


def test_help_for_a_disputed_error_was_no_help() -> None:
    learner = learner_of(
        PROFILE,
        [
            Began(at=0.0),
            noticed(Kind.TENSE, 1.0),
            Moved(at=1.0, kind=Kind.TENSE, level=Level.FOCUSED, reason="r"),
            TookUp(at=2.0, kind=Kind.TENSE, outcome="repair"),
        ],
    )
    assert learner.response.tries == 1
    taken_back = learner.after(Disputed(at=3.0, noticed_at=1.0, kind=Kind.TENSE, wrong="go"))
    assert taken_back.response.tries == 0
    assert taken_back.kinds == {}


def test_a_kind_returns_when_it_is_due_and_not_before() -> None:
    learner = learner_of(PROFILE, [Began(at=0.0), noticed(Kind.TENSE, 60.0)])
    assert learner.due(120.0) == ()
    assert learner.due(60.0 + 600.0) == (Kind.TENSE,)
    later = learner.after(Began(at=DAY)).after(Used(at=DAY, kind=Kind.TENSE, words="went"))
    assert later.due(DAY + 3600.0) == ()


def test_help_that_failed_goes_a_step_up_and_an_unaided_success_a_step_down() -> None:
    learner = learner_of(PROFILE, [Began(at=0.0), noticed(Kind.TENSE, 1.0)])
    start = learner.kinds[Kind.TENSE].level
    learner = learner.after(Moved(at=2.0, kind=Kind.TENSE, level=start, reason="r"))
    failed = learner.after(noticed(Kind.TENSE, 3.0))
    assert failed.kinds[Kind.TENSE].level == start + 1
    moved = failed.after(Moved(at=4.0, kind=Kind.TENSE, level=Level(start + 1), reason="r"))
    right = moved.after(Used(at=5.0, kind=Kind.TENSE, words="went"))
    assert right.kinds[Kind.TENSE].level == start


def test_a_failed_try_counts_as_an_error_and_a_repair_is_no_proof_of_knowing() -> None:
    learner = learner_of(PROFILE, [Began(at=0.0), noticed(Kind.TENSE, 1.0)])
    learner = learner.after(Moved(at=2.0, kind=Kind.TENSE, level=Level.FOCUSED, reason="r"))

    def after(event: Event) -> float:
        return learner.after(event).kinds[Kind.TENSE].p

    failed = after(TookUp(at=3.0, kind=Kind.TENSE, outcome="needs-repair"))
    repaired = after(TookUp(at=3.0, kind=Kind.TENSE, outcome="repair"))
    used = after(Used(at=3.0, kind=Kind.TENSE, words="went"))
    assert failed < learner.kinds[Kind.TENSE].p < repaired < used


def test_the_last_three_errors_are_kept_as_examples() -> None:
    events: list[Event] = []
    for at in range(5):
        events += [
            noticed(Kind.TENSE, at, f"go {at}"),
            Moved(at=at, kind=None, level=Level.PASS, reason=""),
        ]
    examples = learner_of(PROFILE, events).kinds[Kind.TENSE].examples
    assert [each.wrong for each in examples] == ["go 2", "go 3", "go 4"]


def test_mastery_needs_right_uses_in_three_sessions() -> None:
    learner = Learner(profile=PROFILE).after(noticed(Kind.TENSE, 0.0))
    for session in range(3):
        assert not learner.progress(Kind.TENSE).mastered
        learner = learner.after(Began(at=(session + 1) * DAY))
        for turn in range(4):
            at = (session + 1) * DAY + turn
            learner = learner.after(Used(at=at, kind=Kind.TENSE, words="went"))
            learner = learner.after(Moved(at=at, kind=None, level=Level.PASS, reason=""))
    assert learner.kinds[Kind.TENSE].mastered
    assert learner.due(1e12) == ()
