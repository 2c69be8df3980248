"""Records become token sequences; a record with nothing to learn is set aside, never lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_records
from quimbot.records.record import Lesson, Message, Record
from quimbot.records.rejected import Rejected
from quimbot.runtimes.chat_format import Span, Style, Tokenizer, examples
from quimbot.train.trainer import Example


@dataclass(frozen=True, kw_only=True)
class Emphasis:
    """What parts of a proved recast count, by the verifier's evidence; the rest counts 1.

    Most of a recast is the learner's own words, which are easy; what tells a recast from a
    repeated error is a word or two. Weighting the words that change is "edit-weighted MLE" in
    Junczys-Dowmunt et al. (2018), "Approaching Neural Grammatical Error Correction as a
    Low-Resource Machine Translation Task".
    """

    recast: float = 1.0
    """The words that mend an error."""
    question: float = 1.0
    """The question at the end."""

    def spans(self, record: Record) -> tuple[Span, ...]:
        """The spans of a record's replies with a weight of their own."""
        return tuple(span for lesson in record.lessons for span in self._of(lesson))

    def _of(self, lesson: Lesson) -> Iterator[Span]:
        if lesson.verdict is None or lesson.verdict.level != "recast":
            return
        mended = [each for each in lesson.verdict.evidence if each.label == "recast"]
        asked = [each for each in lesson.verdict.evidence if each.label == "question"]
        for weight, part in ((self.recast, mended), (self.question, asked[-1:])):
            for each in part:
                yield Span(lesson.turn, each.start, each.end, weight)


EVEN = Emphasis()


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
    path: Path, style: Style, tokenizer: Tokenizer, max_tokens: int, emphasis: Emphasis = EVEN
) -> tuple[list[Dialogue], list[Rejected]]:
    """The dialogues of a file, cut at `max_tokens`, and the records with nothing to learn.

    Raises:
        DataError: the file is missing or damaged, or holds no dialogue to learn from.
    """
    dialogues, rejected = [], []
    for record in read_records(path):
        learnt = tuple(_examples(record, style, tokenizer, max_tokens, emphasis))
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
    record: Record, style: Style, tokenizer: Tokenizer, max_tokens: int, emphasis: Emphasis
) -> Iterator[Example]:
    if not any(message.role == "assistant" for message in record.messages):
        return
    for tokens, weights in examples(record.messages, style, tokenizer, emphasis.spans(record)):
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
