"""Many dialogues in one forward pass, each exactly as if it were alone.

The dialogues of a pack are merged by their common beginnings into a tree of tokens. Each node is
computed once; it sees its ancestors and itself, at the position of its depth, which is what it
would see alone. A dialogue that is learnt at a token is an edge from the node before that token,
with the weights of the dialogues that share it, so the loss is the sum over all dialogues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

_BLOCK = 64
"""Queries that share one gathering of keys."""
_MULTIPLE = 16
"""Of which `Pack.rounded` makes numbers of nodes and of rows."""


class Learnt(Protocol):
    """A dialogue as tokens; `weights[i]` is what learning token i counts, 0 for not learnt."""

    @property
    def tokens(self) -> tuple[int, ...]:
        """All its tokens."""
        ...

    @property
    def weights(self) -> tuple[float, ...]:
        """As many weights."""
        ...


@dataclass(frozen=True, kw_only=True)
class Block:
    """Neighbouring nodes, and all nodes that any of them sees."""

    start: int
    end: int
    columns_M: Tensor
    mask_QM: Tensor
    """Added to attention scores: 0 where a node sees a column, very negative elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A tree of N tokens with E loss edges that leave from R of its nodes."""

    tokens_N: Tensor
    positions_N: Tensor
    sees_NN: Tensor
    """Whether a node (row) sees a node (column): itself and its ancestors."""
    rows_R: Tensor
    """Nodes with something to predict, ascending."""
    edge_rows_E: Tensor
    """Index into `rows_R`."""
    edge_tokens_E: Tensor
    edge_weights_E: Tensor
    """Dialogues that learn this edge, each counted by the weight of its token."""
    paths: Mapping[int, tuple[int, ...]]
    """For each dialogue, by its place among all, the edges that it learns, in its order."""

    def to(self, device: str) -> "Pack":
        """The pack on a device."""
        moved: dict[str, Any] = {
            name: part.to(device) for name, part in vars(self).items() if isinstance(part, Tensor)
        }
        return replace(self, **moved)

    def rounded(self) -> "Pack":
        """The same tree with nodes and rows in whole multiples; what is added changes nothing.

        Matrix products then come in few sizes, for each of which a library prepares itself.
        """
        nodes, rows = -len(self.tokens_N) % _MULTIPLE, -len(self.rows_R) % _MULTIPLE
        last = len(self.tokens_N) + nodes - 1
        sees_NN = pad(self.sees_NN, (0, nodes, 0, nodes)).fill_diagonal_(True)
        return replace(
            self,
            tokens_N=pad(self.tokens_N, (0, nodes)),
            positions_N=pad(self.positions_N, (0, nodes)),
            sees_NN=sees_NN,
            rows_R=pad(self.rows_R, (0, rows), value=last),
        )

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The nodes in blocks, in order."""
        return tuple(
            self._block(start, min(start + _BLOCK, len(self.tokens_N)))
            for start in range(0, len(self.tokens_N), _BLOCK)
        )

    def _block(self, start: int, end: int) -> Block:
        sees_QN = self.sees_NN[start:end]
        columns_M = sees_QN.any(0).nonzero()[:, 0]
        hidden_QM = ~sees_QN[:, columns_M]
        mask_QM = torch.zeros(hidden_QM.shape, device=hidden_QM.device)
        return Block(
            start=start,
            end=end,
            columns_M=columns_M,
            mask_QM=mask_QM.masked_fill_(hidden_QM, torch.finfo(torch.float32).min),
        )


_Edge = tuple[int, int]
"""A node and the token that is learnt after it."""


class _Tree:
    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.children: dict[tuple[int, int], int] = {}
        self.edges: dict[_Edge, float] = {}
        self.paths: dict[int, list[_Edge]] = {}

    def shared(self, tokens: Sequence[int]) -> int:
        """How many leading tokens are nodes already."""
        node = -1
        for depth, token in enumerate(tokens):
            found = self.children.get((node, token))
            if found is None:
                return depth
            node = found
        return len(tokens)

    def add(self, tokens: Sequence[int], weights: Sequence[float]) -> list[_Edge]:
        """Add a dialogue, whose last token is a target only; returns its edges."""
        node, path = -1, []
        for token, target, weight in zip(tokens, tokens[1:], weights[1:], strict=False):
            child = self.children.get((node, token))
            if child is None:
                child = self.children[node, token] = len(self.tokens)
                self.tokens.append(token)
                self.parents.append(node)
            node = child
            if weight:
                path.append((node, target))
                self.edges[node, target] = self.edges.get((node, target), 0) + weight
        return path

    def pack(self) -> Pack:
        count = len(self.tokens)
        sees = torch.zeros(count, count, dtype=torch.bool)
        depths: list[int] = []
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                sees[node] = sees[parent]
            sees[node, node] = True
            depths.append(depths[parent] + 1 if parent >= 0 else 0)
        edges = sorted(self.edges.items())
        number = {edge: place for place, (edge, _) in enumerate(edges)}
        rows = sorted({node for (node, _), _ in edges})
        index = {node: i for i, node in enumerate(rows)}
        return Pack(
            tokens_N=torch.tensor(self.tokens),
            positions_N=torch.tensor(depths),
            sees_NN=sees,
            rows_R=torch.tensor(rows, dtype=torch.long),
            edge_rows_E=torch.tensor([index[node] for (node, _), _ in edges], dtype=torch.long),
            edge_tokens_E=torch.tensor([token for (_, token), _ in edges], dtype=torch.long),
            edge_weights_E=torch.tensor([times for _, times in edges], dtype=torch.float32),
            paths={
                place: tuple(number[edge] for edge in path) for place, path in self.paths.items()
            },
        )


def packs(
    examples: Sequence[Learnt],
    max_nodes: int,
    workers: int = 1,
    share: slice = slice(None),
    *,
    even: bool = False,
) -> list[Pack]:
    """The examples as packs of at most `max_nodes` tokens; a longer dialogue is a pack alone.

    Sorted by tokens, so that common beginnings meet in one pack. Examples without a trainable
    token take no room. With several workers there are as many packs for each, about equally large;
    only a `share` of them is made. They are `even` when all workers get the same number, if need be
    with a pack of one token of which nothing is learnt.
    """
    trees = _trees(examples, max_nodes)
    most = -(-len(trees) // workers) * workers
    low, high = 1, max_nodes
    while workers > 1 and low < high:
        middle = (low + high) // 2
        smaller = _trees(examples, middle)
        if len(smaller) <= most:
            trees, high = smaller, middle
        else:
            low = middle + 1
    if even:
        trees += [_nothing() for _ in range(-len(trees) % workers)]
    return [tree.pack() for tree in trees[share]]


def _nothing() -> _Tree:
    tree = _Tree()
    tree.add((0, 0), (0.0, 0.0))
    return tree


def _trees(examples: Sequence[Learnt], max_nodes: int) -> list[_Tree]:
    """The examples as trees, each filled up to `max_nodes` in turn."""
    trees: list[_Tree] = []
    for place, example in sorted(enumerate(examples), key=lambda each: each[1].tokens):
        end = last_trained(example)
        if end == 0:
            continue
        tokens, weights = example.tokens[: end + 1], example.weights[: end + 1]
        new = end - (trees[-1].shared(tokens[:end]) if trees else 0)
        if not trees or len(trees[-1].tokens) + new > max_nodes:
            trees.append(_Tree())
        trees[-1].paths[place] = trees[-1].add(tokens, weights)
    return trees


def last_trained(example: Learnt) -> int:
    """Index of the last token that is learnt; 0 when none is."""
    return max((i for i, weight in enumerate(example.weights) if weight), default=0)
