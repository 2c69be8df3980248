"""A part takes what it asks for, and which of two rows with one id it takes hangs on no order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import records, sentences

from quimbot.curate.mix_part import MixPart
from quimbot.curate.pools import read_pools
from quimbot.records.jsonl import write_rows
from quimbot.records.lines import Lines
from quimbot.records.record import Record
from quimbot.runs.watch import Silent


@given(st.lists(records(sentences), min_size=1, max_size=25), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_every_id_is_taken_once_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("pools")
    found = []
    for name in ("one", "two"):
        path = folder / f"{name}.jsonl"
        write_rows(path, rows)
        texts = (f"{path}:1[level=a]", f"{path}:1[level=b]", f"{path}:1")
        with Silent().task("", 0) as task, Lines(path) as lines:
            pools = read_pools([MixPart.parse(text) for text in texts], {}, task)
            found.append([[lines.line(row) for row in pool.rows] for pool in pools])
        chance.shuffle(rows)
    assert found[0] == found[1]
    ids = [line.rpartition(b'"id":')[2] for pool in found[0] for line in pool]
    assert sorted(ids) == sorted({f'"{row.id}"}}'.encode() for row in rows})
