"""A pack holds every dialogue once, with all it must see and nothing else."""

from collections import Counter

import torch
from hypothesis import given
from hypothesis import strategies as st

from quimbot.train.packing import Pack, packs
from quimbot.train.trainer import Example


@st.composite
def dialogues(draw: st.DrawFn) -> Example:
    tokens = draw(st.lists(st.integers(0, 2), min_size=1, max_size=12))
    weights = [0, *draw(st.lists(st.integers(0, 1), min_size=len(tokens), max_size=len(tokens)))]
    return Example(id="", tokens=tuple(tokens), weights=tuple(weights[: len(tokens)]))


batches = st.lists(dialogues(), max_size=12)
"""Few different tokens, so that many dialogues share their beginnings."""


def learnt(examples: list[Example]) -> Counter[tuple[tuple[int, ...], int]]:
    """What a trainer must learn: after these tokens, that one; with how many dialogues say so."""
    return Counter(
        (example.tokens[:i], example.tokens[i])
        for example in examples
        for i, weight in enumerate(example.weights)
        if weight
    )


def taught(pack: Pack) -> Counter[tuple[tuple[int, ...], int]]:
    """What the loss edges of a pack say, each node read as what it sees."""
    edges: Counter[tuple[tuple[int, ...], int]] = Counter()
    for row, token, count in zip(
        pack.edge_rows_E, pack.edge_tokens_E, pack.edge_counts_E, strict=True
    ):
        seen = pack.sees_NN[pack.rows_R[row]].nonzero()[:, 0]
        assert pack.positions_N[seen].tolist() == list(range(len(seen)))
        edges[tuple(pack.tokens_N[seen].tolist()), int(token)] += int(count)
    return edges


@given(batches, st.integers(1, 40))
def test_every_dialogue_is_learnt_as_if_alone(examples: list[Example], max_nodes: int) -> None:
    total: Counter[tuple[tuple[int, ...], int]] = Counter()
    for pack in packs(examples, max_nodes):
        total += taught(pack)
    assert total == learnt(examples)


@given(batches, st.integers(1, 40), st.integers(2, 4))
def test_workers_learn_the_same_in_equal_shares(
    examples: list[Example], max_nodes: int, workers: int
) -> None:
    shares = packs(examples, max_nodes, workers)
    fewest = len(packs(examples, max_nodes))
    assert len(shares) <= -(-fewest // workers) * workers
    largest = max((len(pack.tokens_N) for pack in shares), default=0)
    assert largest <= max((len(pack.tokens_N) for pack in packs(examples, max_nodes)), default=0)
    total: Counter[tuple[tuple[int, ...], int]] = Counter()
    for pack in shares:
        total += taught(pack)
    assert total == learnt(examples)


@given(batches, st.integers(1, 40))
def test_a_pack_is_small_or_one_dialogue(examples: list[Example], max_nodes: int) -> None:
    longest = max((len(example.tokens) for example in examples), default=0)
    for pack in packs(examples, max_nodes):
        assert len(pack.tokens_N) <= max(max_nodes, longest)


@given(batches)
def test_each_beginning_is_computed_once(examples: list[Example]) -> None:
    for pack in packs(examples, 1000):
        seen = [tuple(pack.tokens_N[row.nonzero()[:, 0]].tolist()) for row in pack.sees_NN]
        assert len(set(seen)) == len(seen)


@given(batches)
def test_blocks_say_what_the_whole_mask_says(examples: list[Example]) -> None:
    for pack in packs(examples * 3, 1000):
        whole = torch.zeros_like(pack.sees_NN)
        for block in pack.blocks:
            whole[block.start : block.end, block.columns_M] = block.mask_QM == 0
        assert torch.equal(whole, pack.sees_NN)
