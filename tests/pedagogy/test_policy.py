"""The policy keeps its rules whatever happens, and says why."""

from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.events import Began, Moved, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner, Profile
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.policy import Choice, Limits, choose

DAY = 86400.0
levels = st.sampled_from(Level)
limits = st.builds(Limits, cap=levels, allowed=st.frozensets(levels))
profiles = st.builds(Profile, l1=st.sampled_from(["", "es", "ko"]), cap=levels)
turns = st.lists(
    st.tuples(
        st.lists(st.sampled_from(list(Kind)[:4]), max_size=3),
        st.sampled_from(["repair", "needs-repair", "none"]),
        st.sampled_from([30.0, 900.0, 4 * DAY]),
    ),
    max_size=15,
)


def noticed(kind: Kind, at: float) -> Noticed:
    return Noticed(at=at, kind=kind, wrong="go", right="went", said="I go", correction="I went")


@given(profiles, limits, turns)
def test_caps_hold_and_no_two_turns_in_a_row_ask_for_a_repair(
    profile: Profile, limits: Limits, turns: list[tuple[list[Kind], str, float]]
) -> None:
    learner, at, last = Learner(profile=profile), 0.0, Level.PASS
    for kinds, outcome, wait in turns:
        at += wait
        if wait > DAY:
            learner = learner.after(Began(at=at))
        if learner.aimed:
            learner = learner.after(TookUp(at=at, kind=learner.aimed, outcome=outcome))
        choice = choose(learner, kinds, limits=limits, at=at)
        for kind in kinds:
            learner = learner.after(noticed(kind, at))
        assert choice == choose(learner, kinds, limits=limits, at=at)
        assert choice.level <= min(profile.cap, limits.cap)
        assert choice.level in limits.allowed | {Level.PASS}
        assert min(choice.level, last) < Level.PROMPT
        assert choice.kind in {*kinds, None}
        assert choice.kind or not choice.level
        assert choice.reason.endswith(".")
        assert "\n" not in choice.reason
        last = choice.level
        learner = learner.after(Moved(at=at, kind=choice.kind, level=last, reason=choice.reason))


def helped(*kinds: Kind, profile: Profile) -> Learner:
    learner = Learner(profile=profile).after(Began(at=0.0))
    for turn, kind in enumerate(kinds):
        learner = learner.after(noticed(kind, float(turn)))
        level = choose(learner, [kind], limits=Limits(), at=float(turn)).level
        learner = learner.after(Moved(at=float(turn), kind=kind, level=level, reason=""))
    return learner


def asked(learner: Learner, *kinds: Kind, at: float = 100.0) -> Choice:
    return choose(learner, kinds, limits=Limits(), at=at)


def test_without_an_error_the_meaning_is_answered() -> None:
    choice = asked(Learner(), at=0.0)
    assert (choice.kind, choice.level) == (None, Level.PASS)
    assert choice.reason == "No error was noticed in this turn."


def test_what_is_due_comes_before_what_is_least_known() -> None:
    learner = helped(Kind.TENSE, profile=Profile(l1="ko"))
    assert asked(learner, Kind.ARTICLE, Kind.TENSE, at=100.0).kind == Kind.ARTICLE
    due = asked(learner, Kind.ARTICLE, Kind.TENSE, at=3 * DAY)
    assert due.kind == Kind.TENSE
    assert "due to come back" in due.reason


def test_help_that_failed_is_followed_by_a_step_more_up_to_the_learners_cap() -> None:
    free, held = Profile(cap=Level.CLUE), Profile(cap=Level.RECAST)
    more = asked(helped(Kind.TENSE, profile=free), Kind.TENSE)
    assert more.level == Level.PROMPT
    assert "the last help did not suffice, so one step up to prompt" in more.reason
    same = asked(helped(Kind.TENSE, profile=held), Kind.TENSE)
    assert same.level == Level.RECAST
    assert "the learner's cap" in same.reason


def test_a_slip_in_what_is_mastered_passes_once_and_is_helped_again_after() -> None:
    learner = Learner().after(noticed(Kind.TENSE, 0.0))
    for day in range(1, 8):
        learner = learner.after(Began(at=day * DAY))
        learner = learner.after(Used(at=day * DAY, kind=Kind.TENSE, words="went"))
    slip = asked(learner, Kind.TENSE, at=8 * DAY)
    assert (slip.kind, slip.level) == (None, Level.PASS)
    assert "mastered" in slip.reason
    learner = learner.after(noticed(Kind.TENSE, 8 * DAY))
    learner = learner.after(Moved(at=8 * DAY, kind=None, level=Level.PASS, reason=slip.reason))
    assert asked(learner, Kind.TENSE, at=8 * DAY + 60).kind == Kind.TENSE


def test_who_repairs_more_after_open_help_gets_more_open_help_and_the_reason_has_the_numbers() -> (
    None
):
    learner = Learner(profile=Profile(level="B2", cap=Level.CLUE))
    plain = asked(learner, Kind.TENSE)
    open_helps = learner
    for turn in range(12):
        kind, level = list(Kind)[turn], Level.CLUE if turn % 2 else Level.RECAST
        outcome = "repair" if turn % 2 else "needs-repair"
        for event in (
            noticed(kind, turn),
            Moved(at=turn, kind=kind, level=level, reason=""),
            TookUp(at=turn + 0.5, kind=kind, outcome=outcome),
            Moved(at=turn + 0.5, kind=None, level=Level.PASS, reason=""),
        ):
            open_helps = open_helps.after(event)
    more = choose(open_helps, [Kind.PRONOUN], limits=Limits(), at=100.0)
    assert more.level > plain.level
    assert "6 of 12 tries" in more.reason
