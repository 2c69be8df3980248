"""The counting: against hand counts, and against chance."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reviews import ADDRESSES, make_key

from quimbot.evaluate.blind import tally
from quimbot.evaluate.blind.given import Answers
from quimbot.evaluate.blind.sheet import BAD, TIE, Answer, Key, Kind, Pair
from quimbot.runs.wilson import Z95, wilson

A, B, C = ADDRESSES
KEY, TRIPLES = make_key(), make_key(sides=3)
COUNTED = [pair for pair in KEY.pairs if pair.kind is Kind.COUNTS]


def answers(key: Key, rater: str, choices: Mapping[str, str]) -> Answers:
    """Pair -> choice as an address, or as `first` or `last` of the sides."""

    def id_of(pair: Pair, choice: str) -> str:
        if choice in {"first", "last"}:
            return pair.replies[0 if choice == "first" else -1].id
        return {reply.address: reply.id for reply in pair.replies}.get(choice, choice)

    return {
        pair.id: Answer(
            sheet=key.sheet,
            rater=rater,
            place=1,
            note="",
            seconds=20,
            check="",
            pair=pair.id,
            shown=tuple(reply.id for reply in pair.replies),
            choice=id_of(pair, choices[pair.id]),
            why=("tone",),
        )
        for pair in key.pairs
        if pair.id in choices
    }


def test_a_hand_count_comes_out() -> None:
    # of 12 turns 7 for A, 2 for B, 2 ties, 1 both bad: (7 + 1) / 11
    given = [A] * 7 + [B] * 2 + [TIE] * 2 + [BAD]
    own = answers(KEY, "Ana", {pair.id: said for pair, said in zip(COUNTED, given, strict=True)})
    (found,) = tally.preferences(KEY, {"Ana": own})
    assert (found.ours, found.theirs) == (A, B)
    assert (found.won, found.lost, found.tied, found.turns) == (7, 2, 2, 11)
    assert found.rate == pytest.approx(8 / 11)
    assert (found.low, found.high) == pytest.approx(
        wilson(8 / 11 * found.dialogues, found.dialogues)
    )
    assert not found.shown
    assert tally.reasons(KEY, {"Ana": own})[A]["tone"] == 7
    assert tally.reasons(KEY, {"Ana": own})[BAD]["tone"] == 1


def test_of_three_the_choice_beats_both_and_says_nothing_of_the_others() -> None:
    counted = [pair.id for pair in TRIPLES.pairs if pair.kind is Kind.COUNTS]
    own = answers(TRIPLES, "Ana", dict.fromkeys(counted, C))
    found = {(one.ours, one.theirs): one for one in tally.preferences(TRIPLES, {"Ana": own})}
    assert found.keys() == {(A, B), (C, A), (C, B)}
    assert found[A, B].turns == 0
    assert not found[A, B].shown
    assert found[C, A].rate == found[C, B].rate == 1
    assert found[C, A].shown
    assert found[C, A].low < wilson(found[C, A].dialogues, found[C, A].dialogues)[0]


choices = st.lists(st.sampled_from((A, B, TIE, BAD)), min_size=12, max_size=12)


@given(st.lists(choices, min_size=1, max_size=3))
def test_names_and_raters_may_change_places(said: list[list[str]]) -> None:
    def found(said: list[list[str]]) -> tally.Preference:
        own = {
            str(n): answers(KEY, str(n), {p.id: c for p, c in zip(COUNTED, one, strict=True)})
            for n, one in enumerate(said)
        }
        return tally.preferences(KEY, own)[0]

    one = found(said)
    assert found(said[::-1]).rate == pytest.approx(one.rate)
    turned = found([[{A: B, B: A}.get(c, c) for c in own] for own in said])
    assert turned.rate == pytest.approx(one.rate)
    assert (turned.won, turned.lost, turned.tied) in {
        (one.won, one.lost, one.tied),
        (one.lost, one.won, one.tied),  # exactly even: who is named first stays
    }
    assert 0 <= one.low <= one.rate <= one.high <= 1
    assert one.rate >= 0.5


@pytest.mark.parametrize(("sides", "most"), [((A, B), 0.08), ((A, B, TIE), 0.04)])
def test_raters_who_toss_coins_are_seldom_a_preference(sides: tuple[str, ...], most: float) -> None:
    key = make_key(24, of=60)
    ids = [pair.id for pair in key.pairs if pair.kind is Kind.COUNTS]
    draw = random.Random(0)
    shown = 0
    for _ in range(600):
        coins = {pair: draw.choice(sides) for pair in ids}
        own = {name: answers(key, name, coins) for name in ("Ana", "Ben")}  # of one mind
        shown += tally.preferences(key, own)[0].shown
    assert shown / 600 <= most  # exactly .064 without ties: Wilson's interval for 24 of even chance


def test_what_so_many_would_show_is_exact() -> None:
    rate = tally.would_show(24, Z95)
    assert rate is not None
    draw = random.Random(1)
    seen = [wilson(sum(draw.random() < rate for _ in range(24)), 24)[0] > 0.5 for _ in range(4000)]
    assert 0.79 <= sum(seen) / 4000 <= 0.87  # the rate is in whole per cent, upwards
    assert tally.would_show(3, Z95) is None
    assert tally.would_show(0, Z95) is None


def test_raters_are_held_against_themselves() -> None:
    by = {pair.id: pair for pair in KEY.pairs}
    wise = {
        pair.id: {Kind.IDENTICAL: TIE, Kind.COUNTS: A, Kind.AGAIN: A}.get(pair.kind, "")
        for pair in KEY.pairs
    } | {pair.id: pair.right for pair in KEY.pairs if pair.right}
    found = tally.rater(KEY, "Ana", answers(KEY, "Ana", wise))
    assert (found.judged, found.of) == (len(KEY.pairs), len(KEY.pairs))
    assert (found.same, found.twice) == (1, 1)
    assert (found.sides, found.identical) == ((0, 0), 5)
    assert (found.missed, found.attention) == (0, 2)
    assert found.seconds == 20
    hasty = {pair.id: BAD if by[pair.id].right else "first" for pair in KEY.pairs}
    again = next(pair for pair in KEY.pairs if pair.again)
    hasty[again.id] = "last"
    found = tally.rater(KEY, "Ben", answers(KEY, "Ben", hasty))
    assert (found.same, found.twice) == (0, 1)
    assert (found.sides, found.identical) == ((5, 0), 5)
    assert (found.missed, found.attention) == (2, 2)


def test_agreement_is_kappa_for_two_and_alpha_with_gaps() -> None:
    draw = random.Random(2)
    said = {pair.id: draw.choice((A, B)) for pair in COUNTED}
    whole = answers(KEY, "Ana", said)
    part = answers(KEY, "Ben", dict(list(said.items())[:9]))
    assert tally.agreement(KEY, {"Ana": whole}) is None
    both = tally.agreement(KEY, {"Ana": whole, "Ben": answers(KEY, "Ben", said)})
    gaps = tally.agreement(KEY, {"Ana": whole, "Ben": part})
    assert both
    assert gaps
    assert (both[0], both[1].value, both[1].n) == ("Cohen's kappa", 1, 12)
    assert (gaps[0], gaps[1].value, gaps[1].n) == ("Krippendorff's alpha", 1, 9)
    nothing = answers(KEY, "Cy", {again.id: TIE for again in KEY.pairs if again.again})
    empty = tally.agreement(KEY, {"Cy": nothing, "Di": nothing})
    assert empty
    assert (empty[1].n, empty[1].value) == (0, None)


def test_the_most_divided_turn_comes_first() -> None:
    first, second = COUNTED[:2]
    own = {
        name: answers(KEY, name, {first.id: A, second.id: choice})
        for name, choice in (("Ana", A), ("Ben", B))
    }
    found = tally.disputes(KEY, own)
    assert [one.pair.id for one in found] == [second.id, first.id]
    assert [one.agreed for one in found] == [False, True]
