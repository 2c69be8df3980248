"""What is told of a class, and that nobody in it can be picked out."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.events import Disputed, Event, Noticed, TookUp
from quimbot.pedagogy.kinds import Kind
from quimbot.serve.overview import FEWEST, Seen, Uptake, overview, undisputed

TENSE, ARTICLE = Kind.TENSE, Kind.ARTICLE


def noticed(kind: Kind, at: float = 1.0, wrong: str = "go") -> Noticed:
    return Noticed(at=at, kind=kind, wrong=wrong, right="went", said="I go.", correction="I went.")


def took_up(kind: Kind, outcome: str = "repair") -> TookUp:
    return TookUp(at=2.0, kind=kind, outcome=outcome)


def seen(*events: Event, l1: str = "es", turns: int = 1) -> Seen:
    return Seen(l1=l1, turns=turns, seconds=60.0, events=events)


def test_a_class_is_told_by_kind_and_first_language() -> None:
    class_ = [seen(noticed(TENSE), took_up(TENSE)) for _ in range(4)]
    class_ += [seen(noticed(TENSE), took_up(TENSE, "none"), l1="zh") for _ in range(3)]
    class_ += [seen(turns=0)]
    told = overview(class_)
    assert (told.learners, told.active, told.turns, told.seconds) == (8, 7, 7, 420)
    assert told.uptake == Uptake(repaired=4, of=7)
    assert told.l1s == ("es", "zh")
    (row,) = told.rows
    assert (row.kind, row.errors, row.by_l1) == (TENSE, 7, {"es": 4, "zh": 3})


def test_two_learners_are_told_nothing_of() -> None:
    told = overview([seen(noticed(TENSE), took_up(TENSE)) for _ in range(2)])
    assert (told.turns, told.seconds, told.uptake) == (None, None, None)
    assert [(row.errors, row.by_l1, row.uptake) for row in told.rows if row.kind is TENSE] == [
        (None, {"es": None}, None)
    ]


def test_one_learner_among_many_is_not_found_by_subtraction() -> None:
    class_ = [seen(noticed(TENSE)) for _ in range(3)]
    class_ += [seen(noticed(TENSE), noticed(TENSE), l1="zh") for _ in range(4)]
    class_ += [seen(*[noticed(TENSE)] * 9, l1="ar")]
    (row,) = overview(class_).rows
    assert row.errors == 20
    assert row.by_l1 == {"zh": 8, "es": None, "ar": None}


def test_the_most_frequent_kind_comes_first_and_what_is_not_told_last() -> None:
    class_ = [seen(noticed(ARTICLE), noticed(ARTICLE), noticed(TENSE)) for _ in range(3)]
    class_[0] = seen(*class_[0].events, noticed(Kind.SPELLING))
    assert [row.kind for row in overview(class_).rows] == [ARTICLE, TENSE, Kind.SPELLING]


def test_an_error_that_its_learner_disputes_is_none() -> None:
    kept = noticed(TENSE, at=5.0)
    events: list[Event] = [
        noticed(TENSE),
        kept,
        Disputed(at=9.0, noticed_at=1.0, kind=TENSE, wrong="go"),
    ]
    assert [event for event in undisputed(events) if isinstance(event, Noticed)] == [kept]


EVENTS = st.lists(
    st.one_of(
        st.sampled_from([TENSE, ARTICLE, Kind.LINKING]).map(noticed),
        st.builds(took_up, st.sampled_from([TENSE, ARTICLE]), st.sampled_from(["repair", "none"])),
    ),
    max_size=4,
)
CLASSES = st.lists(
    st.builds(
        lambda events, l1, turns: seen(*events, l1=l1, turns=turns),
        EVENTS,
        st.sampled_from(["es", "zh", "ar", ""]),
        st.integers(0, 2),
    ),
    max_size=14,
)


def behind(kind: Kind, group: Sequence[Seen], event: type[Noticed | TookUp]) -> list[int]:
    """How many events of a kind each of those who had any had."""
    counts = [
        sum(isinstance(one, event) and one.kind is kind for one in each.events) for each in group
    ]
    return [count for count in counts if count]


@given(CLASSES)
def test_no_number_is_told_that_fewer_than_three_stand_behind(class_: list[Seen]) -> None:
    told = overview(class_)
    active = [each for each in class_ if each.turns]
    for row in told.rows:
        cells = {"": (row.errors, active)} | {
            l1 + ":": (value, [each for each in active if each.l1 == l1])
            for l1, value in row.by_l1.items()
        }
        for value, group in cells.values():
            counts = behind(row.kind, group, Noticed)
            if value is not None:
                assert value == sum(counts)
                assert len(group) >= FEWEST
                assert not 0 < len(counts) < FEWEST
        if row.uptake is not None:
            counts = behind(row.kind, active, TookUp)
            assert row.uptake.of == sum(counts)
            assert not 0 < len(counts) < FEWEST


@given(CLASSES)
def test_no_kept_number_follows_from_those_told(class_: list[Seen]) -> None:
    told = overview(class_)
    for row in told.rows:
        if row.errors is not None:
            assert sum(value is None for value in row.by_l1.values()) != 1
    if told.uptake is not None:
        assert sum(row.uptake is None for row in told.rows) != 1
