"""No family and no near learner turn is on both sides, whatever the order of rows."""

import random
import re
from itertools import pairwise, product
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import records, sentences

from quimbot.curate.split import SplitSettings, split
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Message, Provenance, Record
from quimbot.records.texts import first_turn
from quimbot.runs.watch import Silent


def chat(learner: str, family: str = "") -> Record:
    return Record(
        messages=(
            Message(role="user", content=learner),
            Message(role="assistant", content="Tell me more?"),
        ),
        provenance=Provenance(source="test", licence="MIT"),
        tags={"family": family} if family else {},
    )


def run(folder: Path, rows: list[Record], **more: object) -> tuple[list[Record], list[Record]]:
    write_rows(folder / "in.jsonl", rows)
    settings = SplitSettings(
        input=(folder / "in.jsonl",),
        output=folder / "train.jsonl",
        valid=folder / "valid.jsonl",
        **more,  # type: ignore[arg-type] # settings by name
    )
    split(settings, Silent())
    return list(read_records(settings.output)), list(read_records(settings.valid))


def pairs_of(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(pairwise(words)) or frozenset({tuple(words)})


@given(
    st.lists(records(sentences), min_size=2, max_size=30),
    st.randoms(use_true_random=False),
    st.integers(0, 3),
)
@settings(max_examples=20)
def test_nothing_straddles_and_order_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], chance: random.Random, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("split")
    try:
        train, valid = run(folder, rows, valid_share=0.3, seed=seed)
    except DataError:
        assume(False)  # all rows are one family
        raise
    assert len(train) + len(valid) == len(rows)
    assert 0 < len(valid) <= 0.3 * len(rows)
    families = [
        {row.tags["family"] for row in side if "family" in row.tags} for side in (train, valid)
    ]
    assert not families[0] & families[1]
    for one, two in product(train, valid):
        left, right = pairs_of(first_turn(one)), pairs_of(first_turn(two))
        assert len(left & right) / len(left | right) < 0.7
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    _, valid_shuffled = run(folder, shuffled, valid_share=0.3, seed=seed)
    assert sorted(map(repr, valid)) == sorted(map(repr, valid_shuffled))


def test_the_share_is_reached_from_below(tmp_path: Path) -> None:
    rows = [chat(f"Sentence number {place} about w{place} and v{place}.") for place in range(200)]
    train, valid = run(tmp_path, rows, valid_share=0.15)
    assert (len(train), len(valid)) == (170, 30)
    other, _ = run(tmp_path, rows, valid_share=0.15, seed=1)
    assert other != train


def test_a_chain_through_tags_and_turns_is_one_family(tmp_path: Path) -> None:
    linked = [chat("I has a cat.", "f1"), chat("I has a cat!", "f2"), chat("She go home.", "f2")]
    single = [chat(f"Quite other words {place} {place} here.", f"g{place}") for place in range(7)]
    for seed in range(5):
        train, valid = run(tmp_path, linked + single, valid_share=0.4, seed=seed)
        sides = {("train" if row in train else "valid") for row in linked}
        assert len(sides) == 1
        assert valid


def test_manifests_tell_the_families(tmp_path: Path) -> None:
    rows = [chat(f"A turn {place} of many {place}.") for place in range(20)]
    run(tmp_path, rows)
    for name in ("train", "valid"):
        facts = read_manifest(tmp_path / f"{name}.jsonl").facts
        assert facts == {"records": 20, "families": 20, "held_out": 2}


def test_one_big_family_cannot_be_split(tmp_path: Path) -> None:
    rows = [msgspec.structs.replace(chat(f"turn {place}", "one"), id="") for place in range(10)]
    with pytest.raises(DataError, match="no family of learner turns is as small as 10% of 10"):
        run(tmp_path, rows)
    assert not (tmp_path / "train.jsonl").exists()


def test_bad_settings_are_one_line(tmp_path: Path) -> None:
    path, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    with pytest.raises(RecipeError, match="output and valid are both"):
        SplitSettings(input=(path,), output=path, valid=path)
    with pytest.raises(RecipeError, match="valid_share 1 must be between"):
        SplitSettings(input=(path,), output=path, valid=other, valid_share=1)
    with pytest.raises(RecipeError, match="threshold 0 must be"):
        SplitSettings(input=(path,), output=path, valid=other, threshold=0)
    with pytest.raises(RecipeError, match="input names no file"):
        SplitSettings(input=(), output=path, valid=other)
