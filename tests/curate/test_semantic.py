"""What means the same in other words falls, by a real static model made here."""

from pathlib import Path

import numpy as np
import pytest
from deduped import chat, run
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from model2vec import StaticModel
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from quimbot.curate.semantic import embedded, meanings
from quimbot.exceptions import ModelError
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Move

WORDS = {
    "dog": (1.0, 0.0, 0.0),
    "puppy": (0.98, 0.2, 0.0),
    "car": (0.0, 1.0, 0.0),
    "automobile": (0.0, 0.98, 0.2),
    "rain": (0.0, 0.0, 1.0),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static model that knows five words."""
    tokenizer = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(["[UNK]", *WORDS])}, "[UNK]")
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.array([(0.0, 0.0, 0.0), *WORDS.values()], np.float32)
    folder = tmp_path_factory.mktemp("static")
    StaticModel(vectors=vectors, tokenizer=tokenizer).save_pretrained(str(folder))
    return folder


def test_other_words_of_one_meaning_fall_for_the_kept_one(tmp_path: Path, model: Path) -> None:
    rows = [chat("My dog", "dog"), chat("A puppy", "puppy"), chat("The car", "car")]
    stay, fallen = run(tmp_path, rows, semantic=str(model))
    assert len(stay) == 2
    assert rows[2] in stay
    (row,) = fallen
    assert row.reason == "semantic-duplicate"
    assert row.match == stay[0].id
    assert row.similarity == pytest.approx(0.98, abs=0.001)
    assert run(tmp_path, rows, semantic=str(model), cosine=0.99)[1] == []


def test_other_moves_and_unknown_words_mean_nothing_alike(tmp_path: Path, model: Path) -> None:
    rows = [
        chat("My dog", "dog", Move.RECAST),
        chat("A puppy", "puppy", Move.HINT),
        chat("Xyzzy", "plugh"),
        chat("Foo", "bar"),
    ]
    assert run(tmp_path, rows, semantic=str(model))[1] == []


def test_an_owned_record_takes_the_meaning_and_what_fell_before_follows(
    tmp_path: Path, model: Path
) -> None:
    owned = chat("An automobile", "automobile automobile automobile")
    write_rows(tmp_path / "owned.jsonl", [owned])
    rows = [chat("The car", "car car car"), chat("the car!", "Car car car.")]
    stay, fallen = run(tmp_path, rows, semantic=str(model), against=(tmp_path / "owned.jsonl",))
    assert stay == []
    assert {row.reason for row in fallen} == {"semantic-duplicate", "exact-duplicate"}
    assert {row.match for row in fallen} == {owned.id}
    assert {row.match_at for row in fallen} == {f"{tmp_path / 'owned.jsonl'}:1"}
    (copy,) = (row for row in fallen if row.reason == "exact-duplicate")
    assert copy.detail.startswith(f"by way of {tmp_path / 'in.jsonl'}:")
    assert copy.similarity is not None
    assert copy.similarity < 1


@given(
    arrays(np.float32, (30, 3), elements=st.floats(-1, 1, width=32)),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
def test_blocks_give_what_one_by_one_gives(vectors: np.ndarray, owned: int, chance: object) -> None:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-3)
    rank = np.arange(30)
    chance.shuffle(rank)  # type: ignore[attr-defined]
    rank[:owned] -= 100
    kinds = np.arange(30, dtype=np.uint64) % 2
    kept, cosine = meanings(unit, kinds=kinds, rank=rank, owned=owned, threshold=0.8)
    stays = list(range(owned))
    for row in sorted(range(owned, 30), key=lambda row: rank[row]):
        near = [other for other in stays if kinds[other] == kinds[row]]
        products = unit[near] @ unit[row] if near else np.empty(0)
        if (abs(products - 0.8) < 1e-4).any():
            return  # rounding decides
        if (products >= 0.8).any():
            assert kept[row] in near
            assert cosine[row] == pytest.approx(float(unit[kept[row]] @ unit[row]), abs=1e-4)
        else:
            assert kept[row] == -1
            stays.append(row)


def test_a_model_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model2vec model \(it holds no config.json\)"):
        embedded(str(tmp_path), ["a"], 1)
    with pytest.raises(ModelError, match=r"nowhere: no such folder; give that of a model2vec"):
        embedded(str(tmp_path / "nowhere"), ["a"], 1)
