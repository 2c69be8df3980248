"""What a record teaches, and how much each of its words counts."""

from pathlib import Path

import pytest
from tiny_models import tiny_tokenizer

from quimbot.generate.proof import prove
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.runtimes.chat_format import Style, Tokenizer, load_tokenizer
from quimbot.runtimes.models import find_model
from quimbot.train.dialogues import Emphasis, read_dialogues

REPLY = "  Oh, you went to the store? What did you pick up?"


def proved(move: Move, reply: str) -> Record:
    record = Record(
        messages=(
            Message(role="system", content="You are a tutor."),
            Message(role="user", content="Yesterday I go to the store."),
            Message(role="assistant", content=reply),
        ),
        lessons=(Lesson(turn=2, move=move, corrections=("Yesterday I went to the store.",)),),
        provenance=Provenance(source="test", licence="MIT"),
    )
    ((record, fault),) = prove([record])
    assert not fault
    return record


@pytest.fixture(params=["smollm2", "qwen3"])
def style(request: pytest.FixtureRequest) -> Style:
    style: Style = request.param
    return style


@pytest.fixture
def tokenizer(style: Style, tmp_path: Path) -> Tokenizer:
    if style == "smollm2":
        return find_model("smollm2-135m").tokenizer()
    tiny_tokenizer(tmp_path)
    return load_tokenizer(tmp_path)


def counted(
    record: Record, emphasis: Emphasis, style: Style, tokenizer: Tokenizer, folder: Path
) -> dict[float, str]:
    """What a record teaches, by how much it counts."""
    write_rows(folder / "data.jsonl", [record])
    (dialogue,), _ = read_dialogues(folder / "data.jsonl", style, tokenizer, 1000, emphasis)
    (example,) = dialogue.examples
    tokens: dict[float, list[int]] = {}
    for token, weight in zip(example.tokens, example.weights, strict=True):
        tokens.setdefault(weight, []).append(token)
    return {weight: tokenizer.decode(part) for weight, part in tokens.items()}


def test_the_words_that_mend_and_the_last_question_have_weights_of_their_own(
    style: Style, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    parts = counted(
        proved(Move.RECAST, REPLY), Emphasis(recast=8, question=0.5), style, tokenizer, tmp_path
    )
    assert parts.keys() == {0.0, 0.5, 1.0, 8.0}
    assert parts[8.0].strip() == "went"
    assert parts[0.5].strip() == "What did you pick up?"
    assert parts[1.0].split() == ["Oh,", "you", "to", "the", "store?"]


def test_without_emphasis_every_word_counts_the_same(
    style: Style, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    parts = counted(proved(Move.RECAST, REPLY), Emphasis(), style, tokenizer, tmp_path)
    assert parts.keys() == {0.0, 1.0}


def test_the_question_of_another_move_is_its_point_and_counts_in_full(
    style: Style, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    hint = proved(Move.HINT, "Look at the tense of the verb. Could you try that sentence again?")
    parts = counted(hint, Emphasis(recast=8, question=0.5), style, tokenizer, tmp_path)
    assert parts.keys() == {0.0, 1.0}
