"""Tokens are counted as training learns them, bytes as they are written."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import records
from tiny_models import tiny_model

from quimbot.curate.measure import reply_bytes, token_counter
from quimbot.exceptions import DataError
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runtimes.chat_format import Thoughts, learnt_style
from quimbot.runtimes.models import find_model
from quimbot.train.dialogues import read_dialogues


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"), request.param, layers=1)


@given(records(), st.sampled_from([8, 40, 1024]), st.sampled_from(["strip", "keep"]))
@settings(max_examples=25)
def test_as_many_tokens_as_training_learns(
    model: Path, record: Record, max_tokens: int, thinking: Thoughts
) -> None:
    found = find_model(str(model))
    if found.architecture == "llama":
        thinking = "strip"
    style, tokenizer = learnt_style(found.style, thinking), found.tokenizer()
    path = model / "data" / "one.jsonl"
    write_rows(path, [record])
    try:
        (dialogue,), _ = read_dialogues(path, style, tokenizer, max_tokens)
        learnt = sum(weight > 0 for one in dialogue.examples for weight in one.weights)
    except DataError:  # nothing to learn in the first tokens
        learnt = 0
    assert token_counter(str(model), thinking, max_tokens)(record) == learnt


def test_replies_that_are_not_learnt_count_nothing(model: Path) -> None:
    record = Record(
        messages=(
            Message(role="user", content="你好"),
            Message(role="assistant", content="not this", weight=0),
            Message(role="user", content="Hi"),
            Message(role="assistant", content="你好 you"),
        ),
        provenance=Provenance(source="test", licence="MIT"),
    )
    assert reply_bytes(record) == 2 * 3 + 4
    count = token_counter(str(model), "strip", 1024)
    shorter = Record(
        messages=(*record.messages[:2], record.messages[2]), provenance=record.provenance
    )
    assert count(shorter) == 0 < count(record)
