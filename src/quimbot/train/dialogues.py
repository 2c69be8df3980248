"""Records become token sequences; a record with nothing to learn is set aside, never lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_records
from quimbot.records.record import Message, Record
from quimbot.records.rejected import Rejected
from quimbot.runtimes.chat_format import Style, Tokenizer, examples
from quimbot.train.trainer import Example


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """One record as it is learnt."""

    id: str
    beginning: str
    """Its system prompt: dialogues that share it are cheaper together."""
    prompt: tuple[Message, ...]
    """The messages before the first reply."""
    examples: tuple[Example, ...]

    @property
    def tokens(self) -> int:
        """Its length, or that of its longest sequence."""
        return max(len(example.tokens) for example in self.examples)


def read_dialogues(
    path: Path, style: Style, tokenizer: Tokenizer, max_tokens: int
) -> tuple[list[Dialogue], list[Rejected]]:
    """The dialogues of a file, cut at `max_tokens`, and the records with nothing to learn.

    Raises:
        DataError: the file is missing or damaged, or holds no dialogue to learn from.
    """
    dialogues, rejected = [], []
    for record in read_records(path):
        learnt = tuple(_examples(record, style, tokenizer, max_tokens))
        if learnt:
            dialogues.append(_dialogue(record, learnt))
        else:
            detail = f"no assistant words in the first {max_tokens} tokens"
            rejected.append(
                Rejected(reason="no-trainable-token", check="train", detail=detail, record=record)
            )
    if not dialogues:
        raise DataError(
            f"{path}: no dialogue to learn from ({len(rejected)} without a trainable token); "
            "each needs an assistant message"
        )
    return dialogues, rejected


def _examples(
    record: Record, style: Style, tokenizer: Tokenizer, max_tokens: int
) -> Iterator[Example]:
    if not any(message.role == "assistant" for message in record.messages):
        return
    for tokens, weights in examples(record.messages, style, tokenizer):
        example = Example(
            id=record.id,
            tokens=tokens[:max_tokens],
            weights=weights[:max_tokens],
            source=record.provenance.source,
        )
        if example.trainable:
            yield example


def _dialogue(record: Record, learnt: tuple[Example, ...]) -> Dialogue:
    messages: Sequence[Message] = record.messages
    reply = next(i for i, message in enumerate(messages) if message.role == "assistant")
    return Dialogue(
        id=record.id,
        beginning=messages[0].content if messages[0].role == "system" else "",
        prompt=tuple(messages[:reply]),
        examples=learnt,
    )
