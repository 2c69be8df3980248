"""Which replies are compared: what must hold for any scores, any number and any secret."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from reviews import ADDRESSES, answered, make_key

from quimbot.evaluate.blind.draw import ATTENTION, IDENTICAL, draw, lots, turns
from quimbot.evaluate.blind.sheet import Kind, Pair

fields = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=30)


@settings(max_examples=60)
@given(fields, st.integers(1, 20), st.sampled_from((2, 3)), st.binary(max_size=4))
def test_every_draw_keeps_its_word(
    field: list[tuple[int, bool]], count: int, sides: int, secret: bytes
) -> None:
    rows = [answered(n, side, alike=alike) for n, alike in field for side in range(sides)]
    found = turns(rows, ADDRESSES[:sides])
    pairs = draw(found, count, lots(secret))
    assert draw(found, count, lots(secret)) == pairs
    by_kind = {kind: [pair for pair in pairs if pair.kind is kind] for kind in Kind}
    assert len(by_kind[Kind.COUNTS]) == min(count, sum(not turn.alike for turn in found))
    items = Counter(pair.item for pair in pairs if pair.kind is not Kind.AGAIN)
    assert set(items.values()) <= {1}
    ids = [pair.id for pair in pairs] + [reply.id for pair in pairs for reply in pair.replies]
    assert len(set(ids)) == len(ids)
    for pair in by_kind[Kind.COUNTS]:
        assert {reply.address for reply in pair.replies} == set(ADDRESSES[:sides])
        assert len({reply.text for reply in pair.replies}) == sides
    for pair in by_kind[Kind.IDENTICAL]:
        assert len({reply.text for reply in pair.replies}) == 1
    first = {pair.id: pair for pair in by_kind[Kind.COUNTS]}
    for pair in by_kind[Kind.AGAIN]:
        assert texts(pair) == texts(first[pair.again])


def texts(pair: Pair) -> list[tuple[str, str]]:
    return [(reply.address, reply.text) for reply in pair.replies]


def test_a_page_holds_the_pairs_that_test_raters() -> None:
    kinds = Counter(pair.kind for pair in make_key(20).pairs)
    assert kinds == {
        Kind.COUNTS: 20,
        Kind.AGAIN: 2,
        Kind.IDENTICAL: IDENTICAL,
        Kind.ATTENTION: ATTENTION,
    }


def test_a_test_of_attention_sets_a_proved_reply_beside_one_to_somebody_else() -> None:
    for pair in (pair for pair in make_key(sides=3).pairs if pair.kind is Kind.ATTENTION):
        town = pair.learner.rpartition(" ")[2].rstrip(".")
        assert [town in reply.text for reply in pair.replies].count(True) == 1
        assert {reply.id: reply.text for reply in pair.replies}[pair.right].count(town) == 1


def test_dialogues_are_spread_and_replies_stand_in_no_telling_order() -> None:
    pairs = [pair for pair in make_key(20).pairs if pair.kind is Kind.COUNTS]
    assert len({pair.group for pair in pairs}) >= 18  # of 20 dialogues with two turns each
    firsts = Counter(pair.replies[0].address for pair in make_key(36).pairs)
    assert min(firsts.values()) > 10


def test_ids_tell_nothing_without_the_scores() -> None:
    one, other = (
        draw(turns([answered(n, s) for n in range(9) for s in (0, 1)], ADDRESSES[:2]), 5, lots(key))
        for key in (b"one", b"other")
    )
    assert not {pair.id for pair in one} & {pair.id for pair in other}
