"""`train --dry-run`: what would be learnt, seen before anything is paid for."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from quimbot.exceptions import DataError
from quimbot.records.manifest import read_manifest
from quimbot.runs.stamp import plain
from quimbot.runs.watch import aligned
from quimbot.train.dialogues import Dialogue
from quimbot.train.job import Job, examples_of

_SHOWN = 3
_SAMPLED = 20
"""Steps that the cost is estimated from."""
_BAR = 40
_LEARNT, _END = "\x1b[32m", "\x1b[0m"


def dry_run(job: Job) -> str:
    """Settings, mixture, lengths, three dialogues with what is learnt of them, and the cost."""
    lines = ["settings"]
    lines += aligned(("  ", name, f"{value}") for name, value in plain(job.settings).items())
    lines += ["", *aligned(_mixture(job)), "", "tokens in a dialogue"]
    lines += aligned(_lengths([dialogue.tokens for dialogue in job.dialogues]))
    for dialogue in job.dialogues[:_SHOWN]:
        lines += ["", f"dialogue {dialogue.id}; ⟦what is learnt⟧", _masked(job, dialogue)]
    reasons = Counter(row.reason for row in job.rejected)
    dropped = ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "none"
    lines += ["", f"records set aside: {dropped}"]
    lines += [f"steps: {job.total} of {job.settings.batch_size} dialogues, checkpoints after "
              + ", ".join(map(str, job.settings.milestones(job.total)))]  # fmt: skip
    return "\n".join([*lines, *_cost(job)])


def _mixture(job: Job) -> Iterator[tuple[str, ...]]:
    """What the data hold of each source, and how much of it the steps will have learnt."""
    chosen = Counter(index for step in range(job.total) for index in job.plan.batch(step))
    rows: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for index, dialogue in enumerate(job.dialogues):
        source = dialogue.examples[0].source
        rows[source] += 1
        seen[source] += chosen[index]
        tokens[source] += chosen[index] * _learnt(dialogue)
    yield "source", "dialogues", "asked", "reached", "learnt tokens", "share", "epochs"
    asked = _asked(job)
    for source in sorted(rows):
        yield (
            source,
            str(rows[source]),
            asked.get(source, "-"),
            f"{seen[source] / seen.total():.1%}",
            str(tokens[source]),
            f"{tokens[source] / tokens.total():.1%}",
            f"{seen[source] / rows[source]:.2f}",
        )


def _asked(job: Job) -> dict[str, str]:
    """The share that the mix was asked for of each source, where its manifest says so."""
    try:
        facts = read_manifest(job.settings.data).facts
    except DataError:
        return {}
    asked: dict[str, str] = {}
    parts = facts.get("parts")
    for part in parts if isinstance(parts, list) else []:
        share, _, only = str(part.get("part", "")).rpartition(":")[2].partition("[source=")
        if only:
            asked[only.rstrip("]")] = f"{float(share):.1%}"
    return asked


def _learnt(dialogue: Dialogue) -> int:
    return sum(weight > 0 for example in dialogue.examples for weight in example.weights)


def _lengths(tokens: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Rows of a histogram; each bucket is twice as wide as the one before."""
    buckets = Counter((length - 1).bit_length() for length in tokens)
    for size in range(min(buckets), max(buckets) + 1):
        bar = "█" * -(-_BAR * buckets[size] // max(buckets.values()))
        yield f"  up to {2**size}", str(buckets[size]), bar


def _masked(job: Job, dialogue: Dialogue) -> str:
    """The dialogue as the model reads it, with what is learnt in marks and in colour."""
    tokenizer = job.model.tokenizer()
    (*_, example) = dialogue.examples
    parts, start = [], 0
    places = range(1, len(example.tokens) + 1)
    for place in places:
        ends = place == len(example.tokens)
        if ends or bool(example.weights[place]) != bool(example.weights[start]):
            text = tokenizer.decode(example.tokens[start:place], control=True)
            parts.append(f"{_LEARNT}⟦{text}⟧{_END}" if example.weights[start] else text)
            start = place
    return "  " + "".join(parts).replace("\n", "\n  ")


def _cost(job: Job) -> Iterator[str]:
    """Memory and time, from the sizes of the model and how fast this machine multiplies."""
    from quimbot.train.cost_backend import estimate  # noqa: PLC0415 - loads torch

    batches = [examples_of(job.batch(step)) for step in range(min(job.total, _SAMPLED))]
    config = json.loads((job.model.folder / "config.json").read_text(encoding="utf-8"))
    yield from estimate(config, batches, job.settings, job.total)
