"""A pack holds every dialogue once, with all it must see and nothing else."""

from collections import defaultdict
from collections.abc import Iterator

import torch
from hypothesis import given
from hypothesis import strategies as st

from quimbot.runtimes.packing import Pack, packs
from quimbot.train.trainer import Example


@st.composite
def dialogues(draw: st.DrawFn) -> Example:
    tokens = draw(st.lists(st.integers(0, 2), min_size=1, max_size=12))
    counts = st.sampled_from((0.0, 0.125, 1.0, 8.0))
    weights = draw(st.lists(counts, min_size=len(tokens) - 1, max_size=len(tokens) - 1))
    return Example(id="", tokens=tuple(tokens), weights=(0.0, *weights))


batches = st.lists(dialogues(), max_size=12)
"""Few different tokens, so that many dialogues share their beginnings."""


Edges = dict[tuple[tuple[int, ...], int], float]
"""After these tokens, that one; and how much it counts."""


def learnt(examples: list[Example]) -> Edges:
    """What a trainer must learn."""
    edges: Edges = defaultdict(float)
    for example in examples:
        for i, weight in enumerate(example.weights):
            if weight:
                edges[example.tokens[:i], example.tokens[i]] += weight
    return edges


def taught(packs: list[Pack]) -> Edges:
    """What the loss edges of packs say, each node read as what it sees."""
    edges: Edges = defaultdict(float)
    for pack in packs:
        for edge, weight in _edges(pack):
            edges[edge] += weight
    return edges


def _edges(pack: Pack) -> Iterator[tuple[tuple[tuple[int, ...], int], float]]:
    for row, token, weight in zip(
        pack.edge_rows_E, pack.edge_tokens_E, pack.edge_weights_E, strict=True
    ):
        seen = pack.sees_NN[pack.rows_R[row]].nonzero()[:, 0]
        assert pack.positions_N[seen].tolist() == list(range(len(seen)))
        yield (tuple(pack.tokens_N[seen].tolist()), int(token)), float(weight)


@given(batches, st.integers(1, 40))
def test_every_dialogue_is_learnt_as_if_alone(examples: list[Example], max_nodes: int) -> None:
    assert taught(packs(examples, max_nodes)) == learnt(examples)


@given(batches, st.integers(1, 40), st.integers(2, 4))
def test_workers_learn_the_same_in_equal_shares(
    examples: list[Example], max_nodes: int, workers: int
) -> None:
    shares = packs(examples, max_nodes, workers)
    fewest = len(packs(examples, max_nodes))
    assert len(shares) <= -(-fewest // workers) * workers
    largest = max((len(pack.tokens_N) for pack in shares), default=0)
    assert largest <= max((len(pack.tokens_N) for pack in packs(examples, max_nodes)), default=0)
    assert taught(shares) == learnt(examples)


@given(batches, st.integers(1, 40), st.integers(1, 4))
def test_even_shares_are_as_many_and_teach_nothing_else(
    examples: list[Example], max_nodes: int, workers: int
) -> None:
    made = packs(examples, max_nodes, workers)
    even = packs(examples, max_nodes, workers, even=True)
    assert len(even) == -(-len(made) // workers) * workers
    assert taught(even) == taught(made)
    assert all(len(pack.rows_R) for pack in made)
    assert all(len(pack.tokens_N) == 1 for pack in even[len(made) :])


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
def test_rounded_packs_teach_the_same_in_few_sizes(examples: list[Example]) -> None:
    made = packs(examples, 1000)
    rounded = [pack.rounded() for pack in made]
    assert taught(rounded) == taught(made)
    for pack in rounded:
        assert len(pack.tokens_N) % 16 == len(pack.rows_R) % 16 == 0
        assert pack.sees_NN.any(1).all()  # no row of attention is empty


@given(batches)
def test_blocks_say_what_the_whole_mask_says(examples: list[Example]) -> None:
    for pack in packs(examples * 3, 1000):
        whole = torch.zeros_like(pack.sees_NN)
        for block in pack.blocks:
            whole[block.start : block.end, block.columns_M] = block.mask_QM == 0
        assert torch.equal(whole, pack.sees_NN)
