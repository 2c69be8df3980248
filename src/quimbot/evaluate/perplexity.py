"""Perplexity on held-out dialogues: how unexpected the assistant's words are to each model.

Only what the assistant says counts, in the chat format of training: thoughts are read where a model
was trained with them, and not counted. Parts are added as sums of nats and tokens, never as a mean
of means, so that sources weigh by their tokens.
"""

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate.entrants import Entrant, entrants, local_folder
from quimbot.exceptions import DataError, ModelError, RecipeError
from quimbot.records.jsonl import read_records, write_json
from quimbot.records.record import Record
from quimbot.runs.scorecard import Perplexities, Perplexity, Surprise
from quimbot.runs.watch import Watch
from quimbot.runtimes.chat_format import spoken
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.runtime import Runtime, ScoringRuntime

_AT_ONCE = 32  # dialogues a call: enough to batch by length, few enough to show progress


@dataclass(frozen=True, kw_only=True)
class PerplexitySettings:
    """Settings of `quimbot perplexity`."""

    runtimes: tuple[str, ...]
    """Models and adapters to measure; a training run stands for all its checkpoints."""
    data: Path
    """Held-out dialogues, one record a line."""
    output: Path
    """JSON file for the result."""
    train: Path | None = None
    """Training dialogues: learner turns found in both files are counted and reported."""

    def __post_init__(self) -> None:
        """Check that there is something to measure."""
        if not self.runtimes:
            raise RecipeError("runtimes is empty; name at least one model or adapter")

    def inputs(self) -> tuple[Path, ...]:
        """The data, and the folders among the runtimes."""
        folders = [folder for name in self.runtimes if (folder := local_folder(name))]
        return (self.data, *([self.train] if self.train else []), *folders)

    def outputs(self) -> tuple[Path, ...]:
        """The JSON file."""
        return (self.output,)


def perplexity(settings: PerplexitySettings, watch: Watch) -> str:
    """Measure every runtime on the held-out dialogues and write the result.

    Raises:
        DataError: no dialogue holds an assistant turn.
        ModelError: a runtime cannot say how probable a reply is.
    """
    records = [record for record in read_records(settings.data) if _said(record)]
    if not records:
        raise DataError(f"{settings.data}: no dialogue with an assistant turn; name held-out data")
    leaked = _leaked(records, settings.train) if settings.train else None
    field = entrants(tuple(_torch(address) for address in settings.runtimes))
    measured = []
    with (
        open_runtimes([entrant.address for entrant in field]) as opened,
        watch.task("perplexity", len(field) * len(records)) as task,
    ):
        for entrant in field:
            runtime = _scoring(opened[entrant.address], entrant.address)
            nats: list[tuple[float, int]] = []
            for chunk in _chunks(records):
                nats += nats_of(runtime, chunk)
                task.advance(len(chunk), model=_plain(entrant.address))
            measured.append(_perplexity(entrant, records, nats))
    result = Perplexities(
        data=str(settings.data),
        data_sha256=hashlib.sha256(settings.data.read_bytes()).hexdigest(),
        records=len(records),
        leaked=leaked,
        runtimes=tuple(measured),
    )
    write_json(settings.output, result)
    return _summary(result)


def nats_of(runtime: ScoringRuntime, records: Sequence[Record]) -> list[tuple[float, int]]:
    """For each record, the surprise of its assistant tokens in nats, and how many they are."""
    scored = runtime.logprobs([record.messages for record in records])
    return [(-math.fsum(token.logprob for token in tokens), len(tokens)) for tokens in scored]


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


def learner_family(record: Record) -> set[str]:
    """What tells that two records teach on the same learner turn: its words, and its family tag."""
    turns = [message.content for message in record.messages if message.role == "user"][:1]
    family = {" ".join(re.findall(r"\w+", text.casefold())) for text in turns}
    if "family" in record.tags:
        family.add(f"family:{record.tags['family']}")
    return family


def _leaked(records: Sequence[Record], train: Path) -> int:
    known: set[str] = set()
    for record in read_records(train):
        known |= learner_family(record)
    return sum(not known.isdisjoint(learner_family(record)) for record in records)


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
    """UTF-8 bytes of what the assistant says."""
    return sum(
        len(spoken(message).encode("utf-8", "surrogatepass"))
        for message in record.messages
        if message.role == "assistant"
    )


def _chunks(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), _AT_ONCE):
        yield records[start : start + _AT_ONCE]


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
            f"{address}: this runtime cannot score a given reply; name a local model or adapter"
        )
    scoring: ScoringRuntime = runtime  # type: ignore[assignment] # it has the one method more
    return scoring


def _summary(result: Perplexities) -> str:
    best = min(result.runtimes, key=lambda row: row.overall.byte_perplexity)
    leak = "" if result.leaked is None else f", {result.leaked} of them also in training"
    return (
        f"perplexity of {len(result.runtimes)} models on {result.records} dialogues{leak}: "
        f"lowest {best.overall.perplexity:.2f} a token ({best.address})"
    )
