"""Perplexity on held-out dialogues: how unexpected the assistant's words are to each model.

Only what the assistant says counts, in the chat format of training: thoughts are read where a model
was trained with them, and not counted. Parts are added as sums of nats and tokens, never as a mean
of means, so that sources weigh by their tokens. A dialogue whose family of learner turns is also in
training would measure memory: it is left out, and counted.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from quimbot.evaluate.entrants import Entrant, entrants, local_folder
from quimbot.exceptions import DataError, ModelError, RecipeError
from quimbot.records.jsonl import read_records, write_json
from quimbot.records.record import Record
from quimbot.runs.scorecard import Perplexities, Perplexity, Surprise
from quimbot.runs.watch import Watch
from quimbot.runtimes.chat_format import content_text
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.runtime import Runtime, ScoringRuntime
from quimbot.verify.families import families

_AT_ONCE = 1 << 15
"""Characters given to the models in one go: beginnings are shared within, memory is bounded."""


@dataclass(frozen=True, kw_only=True)
class PerplexitySettings:
    """Settings of `quimbot perplexity`."""

    runtimes: tuple[str, ...]
    """Models and adapters to measure; a training run stands for all its checkpoints."""
    data: Path
    """Held-out dialogues, one record a line."""
    output: Path
    """JSON file for the result."""
    train: tuple[Path, ...] = ()
    """All that the models were trained on: dialogues of a family found there are left out."""

    def __post_init__(self) -> None:
        """Check that there is something to measure."""
        if not self.runtimes:
            raise RecipeError("runtimes is empty; name at least one model or adapter")
        if self.output.is_dir():
            raise RecipeError(f"output = {self.output} is a folder; name a .json file in it")

    def inputs(self) -> tuple[Path, ...]:
        """The data, and the folders among the runtimes."""
        folders = [folder for name in self.runtimes if (folder := local_folder(name))]
        return (self.data, *self.train, *folders)

    def outputs(self) -> tuple[Path, ...]:
        """The JSON file."""
        return (self.output,)


def perplexity(settings: PerplexitySettings, watch: Watch) -> str:
    """Measure every runtime on the held-out dialogues and write the result.

    Raises:
        DataError: no dialogue holds an assistant turn, or all are of families trained on.
        ModelError: a runtime cannot say how probable a reply is.
    """
    field = entrants(tuple(_torch(address) for address in settings.runtimes))
    records, leaked = _held_out(settings)
    nats = _measured(field, records, watch)
    result = Perplexities(
        data=str(settings.data),
        data_sha256=hashlib.sha256(settings.data.read_bytes()).hexdigest(),
        records=len(records),
        records_sha256=_fingerprint(records),
        leaked=leaked,
        leaked_share=None if leaked is None else leaked / (len(records) + leaked),
        runtimes=tuple(
            _perplexity(entrant, records, of) for entrant, of in zip(field, nats, strict=True)
        ),
    )
    write_json(settings.output, result)
    for row in result.runtimes:
        watch.say(_line(row))
    return _summary(result)


def _held_out(settings: PerplexitySettings) -> tuple[list[Record], int | None]:
    """The dialogues to measure, neighbours alike, and how many leaked if that can be known."""
    records = [record for record in read_records(settings.data) if _said(record)]
    if not records:
        raise DataError(f"{settings.data}: no dialogue with an assistant turn; name held-out data")
    records.sort(key=lambda record: [message.content for message in record.messages])
    if not settings.train:
        return records, None
    trained = (record for path in settings.train for record in read_records(path))
    names = families(chain(records, trained))
    leaked = np.isin(names[: len(records)], names[len(records) :])
    left = [record for record, known in zip(records, leaked, strict=True) if not known]
    if not left:
        raise DataError(
            f"{settings.data}: the learner turns of all {len(records)} dialogues are also in "
            f"{', '.join(map(str, settings.train))}; hold some out with `quimbot split`"
        )
    return left, len(records) - len(left)


def _measured(
    field: Sequence[Entrant], records: Sequence[Record], watch: Watch
) -> list[list[tuple[float, int]]]:
    """Surprise and tokens of each record, for each entrant: one pass, all models on each part."""
    nats: list[list[tuple[float, int]]] = [[] for _ in field]
    with (
        open_runtimes([entrant.address for entrant in field]) as opened,
        watch.task("perplexity", len(field) * len(records)) as task,
    ):
        scoring = [_scoring(opened[entrant.address], entrant.address) for entrant in field]
        for chunk in _chunks(records):
            dialogues = [record.messages for record in chunk]
            for entrant, runtime, found in zip(field, scoring, nats, strict=True):
                found += [
                    (-math.fsum(token.logprob for token in tokens), len(tokens))
                    for tokens in runtime.logprobs(dialogues)
                ]
                task.advance(len(chunk), model=_plain(entrant.address))
    return nats


def surprise(parts: Iterable[tuple[float, int, int]]) -> Surprise:
    """Sums over (nats, tokens, bytes) of records, and the two perplexities of the whole."""
    rows = list(parts)
    nats = math.fsum(row[0] for row in rows)
    tokens, size = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return Surprise(
        records=len(rows),
        tokens=tokens,
        bytes=size,
        nats=nats,
        perplexity=math.exp(nats / max(1, tokens)),
        byte_perplexity=math.exp(nats / max(1, size)),
    )


def _perplexity(
    entrant: Entrant, records: Sequence[Record], nats: Sequence[tuple[float, int]]
) -> Perplexity:
    parts: dict[str, list[tuple[float, int, int]]] = defaultdict(list)
    for record, (loss, tokens) in zip(records, nats, strict=True):
        parts[record.provenance.source].append((loss, tokens, _said(record)))
    return Perplexity(
        address=_plain(entrant.address),
        adapter=entrant.adapter,
        step=entrant.step,
        overall=surprise(row for rows in parts.values() for row in rows),
        sources={source: surprise(rows) for source, rows in sorted(parts.items())},
    )


def _said(record: Record) -> int:
    """UTF-8 bytes of the replies that count, as the models read them."""
    return sum(
        len(content_text(message).encode("utf-8", "surrogatepass"))
        for message in record.messages
        if message.role == "assistant" and message.weight
    )


def _fingerprint(records: Sequence[Record]) -> str:
    ids = "\n".join(sorted(record.id for record in records))
    return hashlib.sha256(ids.encode()).hexdigest()


def _chunks(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Neighbours of about `_AT_ONCE` characters together."""
    chunk: list[Record] = []
    size = 0
    for record in records:
        length = sum(len(message.content) for message in record.messages)
        if chunk and size + length > _AT_ONCE:
            yield chunk
            chunk, size = [], 0
        chunk.append(record)
        size += length
    yield chunk


def _torch(address: str) -> str:
    """The address on the engine that can score a given reply, where it is a model of ours."""
    if address.startswith(("torch:", "http:", "https:", "scripted:", "tinker:")):
        return address
    return f"torch:{address.removeprefix('llamacpp:')}"


def _plain(address: str) -> str:
    """The address as the other commands write it."""
    return address.removeprefix("torch:")


def _scoring(runtime: Runtime, address: str) -> ScoringRuntime:
    if not hasattr(runtime, "logprobs"):
        raise ModelError(
            f"{address}: this runtime cannot score a given reply; a local model or adapter and "
            "`tinker:` can"
        )
    scoring: ScoringRuntime = runtime  # type: ignore[assignment] # it has the one method more
    return scoring


def _line(row: Perplexity) -> str:
    """What one model's words cost, as a whole and by source."""
    parts = {row.address: row.overall} | (row.sources if len(row.sources) > 1 else {})
    return "; ".join(
        f"{name}: {part.perplexity:.2f} a token, {part.byte_perplexity:.3f} a byte"
        for name, part in parts.items()
    )


def _summary(result: Perplexities) -> str:
    best = min(result.runtimes, key=lambda row: row.overall.byte_perplexity)
    models, dialogues = len(result.runtimes), result.records
    leak = "how many were trained on is unknown; say it with --train"
    if result.leaked is not None and result.leaked_share is not None:
        leak = f"{result.leaked} more left out as trained on, {result.leaked_share:.1%}"
    return (
        f"perplexity of {models} model{'s' * (models > 1)} on {dialogues} "
        f"dialogue{'s' * (dialogues > 1)} ({leak}): lowest "
        f"{best.overall.byte_perplexity:.3f} a byte, {best.overall.perplexity:.2f} a token "
        f"({best.address})"
    )
