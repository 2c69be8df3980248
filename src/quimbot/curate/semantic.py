"""Texts that mean the same in other words, by a static embedding: an extra on what stays.

Exact, not approximate: every text is compared with every one that is kept, in blocks. That is
n²/2 products of vectors, so it is for what near-duplicates leave, not for a raw corpus.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quimbot.exceptions import ModelError

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_TEXTS_AT_ONCE = 4096
_ROWS_AT_ONCE = 512
_KEPT_AT_ONCE = 1 << 14


def embedded(model: str, texts: Iterable[str], count: int) -> Vectors:
    """`count` texts as unit vectors of a model2vec model; a text of unknown words is all zeros.

    Raises:
        ModelError: model2vec is not installed, or there is no such model.
    """
    static = _opened(model)
    vectors = np.zeros((count, static.dim), np.float32)
    filled = 0
    for batch in _batches(texts):
        found = static.encode(batch).astype(np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        np.divide(found, lengths, out=vectors[filled : filled + len(batch)], where=lengths > 0)
        filled += len(batch)
    return vectors


def meanings(
    vectors: Vectors, *, kinds: npt.NDArray[np.uint64], rank: Rows, owned: int, threshold: float
) -> tuple[Rows, npt.NDArray[np.float32]]:
    """For each row the kept row of its kind that means the same, -1 for none, and the cosine.

    Rows are kept as if taken one by one by rank; the first `owned` always stay.
    """
    kept = np.full(len(vectors), -1, np.int64)
    cosine = np.ones(len(vectors), np.float32)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        rows = rows[np.argsort(rank[rows], kind="stable")]
        own = np.sort(rows[rows < owned])
        stays = list(own)
        others = rows[rows >= owned]
        for begin in range(0, len(others), _ROWS_AT_ONCE):
            block = others[begin : begin + _ROWS_AT_ONCE]
            nearest, best = _nearest(vectors, block, np.asarray(stays, np.int64))
            fallen = best >= threshold
            kept[block[fallen]], cosine[block[fallen]] = nearest[fallen], best[fallen]
            for row, to, near in _among(vectors, block[~fallen], threshold):
                if to < 0:
                    stays.append(row)
                else:
                    kept[row], cosine[row] = to, near
    return kept, cosine


def _nearest(vectors: Vectors, block: Rows, stays: Rows) -> tuple[Rows, npt.NDArray[np.float32]]:
    """For each row of the block the nearest of those that stay, and its cosine."""
    nearest = np.full(len(block), -1, np.int64)
    best = np.full(len(block), -1, np.float32)
    for begin in range(0, len(stays), _KEPT_AT_ONCE):
        part = stays[begin : begin + _KEPT_AT_ONCE]
        products = vectors[block] @ vectors[part].T
        place = products.argmax(axis=1)
        value = products[np.arange(len(block)), place]
        closer = value > best
        nearest[closer], best[closer] = part[place[closer]], value[closer]
    return nearest, best


def _among(vectors: Vectors, block: Rows, threshold: float) -> Iterator[tuple[int, int, float]]:
    """Each row of the block in turn, the row of it that is kept and means the same, the cosine."""
    products = vectors[block] @ vectors[block].T
    stays: list[int] = []
    for place, row in enumerate(block.tolist()):
        near = products[place, stays]
        if stays and near.max() >= threshold:
            to = int(near.argmax())
            yield row, int(block[stays[to]]), float(near[to])
        else:
            stays.append(place)
            yield row, -1, 1.0


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(texts)
    while batch := list(islice(rest, _TEXTS_AT_ONCE)):
        yield batch


def _opened(model: str) -> Any:  # noqa: ANN401 - its type is known only where it is installed
    try:
        from model2vec import StaticModel  # noqa: PLC0415 - an extra
    except ImportError:
        raise ModelError(
            "semantic needs model2vec, which is not installed; pip install 'quimbot[semantic]'"
        ) from None
    if model.startswith((".", "/", "~")) and not Path(model).exists():
        raise ModelError(f"{model}: no such folder; give that of a model2vec model, or a hub name")
    if Path(model).exists() and not (Path(model) / "config.json").is_file():
        raise ModelError(f"{model}: no model2vec model (it holds no config.json)")
    try:
        return StaticModel.from_pretrained(model)
    except Exception as fault:  # noqa: BLE001 - the hub client raises many kinds
        why = " ".join(str(fault).split())[:200]
        raise ModelError(
            f"{model}: cannot open this model2vec model ({why}); give its local folder, or a hub "
            "name such as minishlab/potion-base-8M"
        ) from None
