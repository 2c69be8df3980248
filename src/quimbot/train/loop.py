"""`train`: records become an adapter, step by step; a killed run continues as if never stopped."""

import math
import shutil
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from quimbot.exceptions import TrainingFault
from quimbot.records.rejected import Rejected, rejecting
from quimbot.runs.checkpoints import complete_checkpoints, step_of
from quimbot.runs.interrupt import patient
from quimbot.runs.machine import peak_memory_mb
from quimbot.runs.watch import Task, Watch
from quimbot.runtimes.chat_format import END_OF_TURN, prompt_text
from quimbot.train.checkpoint import checkpoint_name, latest, read_state
from quimbot.train.dry_run import dry_run
from quimbot.train.job import Job, examples_of, prepare
from quimbot.train.metrics import Metrics, Row
from quimbot.train.replay import replay
from quimbot.train.settings import TrainSettings
from quimbot.train.trackers import tracking
from quimbot.train.trainer import Example, Trainer


def train(settings: TrainSettings, watch: Watch) -> str:
    """Train an adapter, or finish one begun with the same settings and data.

    Raises:
        DataError: there is nothing to learn from.
        ModelError: the model or the adapter to start from cannot be used.
        OutputError: the folder holds a run made from something else, or cannot be written.
        TrainingFault: the loss is no number any more, or memory is short.
    """
    job = prepare(settings)
    if settings.dry_run:
        return dry_run(job)
    if settings.verify_resume:
        return replay(job)
    _set_aside(settings.output, job.rejected)
    if job.rejected:
        watch.say(f"{len(job.rejected)} records without a trainable token are set aside")
    found, passed = latest(settings.output)
    for line in passed:
        watch.say(line)
    if found:
        job.check_same(found)
    trainer = job.open_trainer()
    done = trainer.restore(str(found)) if found else 0
    if found and not read_state(found).made_by(trainer):
        watch.say(
            f"{found}: made with another number of processes or threads; the last bits may differ"
        )
    return _run(job, trainer, done, watch)


def _set_aside(folder: Path, rejected: list[Rejected]) -> None:
    with rejecting(folder / "data.jsonl") as file:
        for row in rejected:
            file.add(row)
    for leftover in folder.glob(".*.part"):
        shutil.rmtree(leftover, ignore_errors=True)


def _run(job: Job, trainer: Trainer, done: int, watch: Watch) -> str:
    settings = job.settings
    milestones = settings.milestones(job.total)
    metrics = Metrics(settings.output, done)
    with (
        watch.task("train", job.total, done=done) as task,
        patient(watch.say) as asked_to_end,
        tracking(settings.tracker, settings.output, job.made_from) as track,
    ):
        for step in range(done, job.total):
            if _in_vain(metrics.rows, settings.patience):
                break
            row = _step(job, trainer, step)
            if row.step in milestones or row.step % (settings.evaluate_every or job.total) == 0:
                row = _evaluated(job, trainer, row, watch)
            metrics.add(row)
            track(row)
            asked = asked_to_end()
            if row.step in milestones or asked or _in_vain(metrics.rows, settings.patience):
                trainer.save(checkpoint_name(row.step))
                _drop_others(settings.output, {*milestones, row.step})
            _tell(task, row)
            if asked and row.step < job.total:
                raise KeyboardInterrupt
    return _summary(job, metrics.last)


def _in_vain(rows: Sequence[Row], patience: int) -> bool:
    """Whether the held-out loss was not lowered by the last measurements, `patience` of them."""
    losses = [row.valid_loss for row in rows if row.valid_loss is not None]
    return 0 < patience < len(losses) and min(losses[-patience:]) >= min(losses[:-patience])


def _drop_others(folder: Path, kept: Collection[int]) -> None:
    """Take away what an interrupted run left between two milestones, once there is a later one."""
    for path in complete_checkpoints(folder):
        if path.parent == folder and step_of(path.name) not in kept:
            shutil.rmtree(path)


def _step(job: Job, trainer: Trainer, step: int) -> Row:
    batch = job.batch(step)
    started = time.monotonic()
    loss, grad_norm = job.take(trainer, step)
    seconds = time.monotonic() - started
    if not math.isfinite(loss + grad_norm):
        raise TrainingFault(
            f"step {step + 1}: loss {loss}, gradient {grad_norm}, on the records "
            f"{', '.join(dialogue.id for dialogue in batch)}; the last checkpoint is as it was: "
            "lower learning_rate, or take the record out that does this"
        )
    tokens = sum(len(example.tokens) for example in examples_of(batch))
    return Row(
        step=step + 1,
        loss=loss,
        lr=job.settings.rate(step, job.total),
        tokens_s=round(tokens / seconds, 1),
        grad_norm=grad_norm,
        memory_mb=peak_memory_mb(),
    )


def _evaluated(job: Job, trainer: Trainer, row: Row, watch: Watch) -> Row:
    if job.settings.sample_tokens:
        watch.say(f"step {row.step}: {_sample(job, trainer)}")
    if not job.valid:
        return row
    by_source: dict[str, list[Example]] = defaultdict(list)
    for example in examples_of(job.valid):
        by_source[example.source].append(example)
    losses = {source: trainer.loss(examples) for source, examples in sorted(by_source.items())}
    weights = {source: sum(e.trainable for e in by_source[source]) for source in losses}
    mean = sum(losses[each] * weights[each] for each in losses) / sum(weights.values())
    return msgspec.structs.replace(row, valid_loss=mean, valid_sources=losses)


def _sample(job: Job, trainer: Trainer) -> str:
    """What the tutor now says to the first held-out learner."""
    tokenizer = job.model.tokenizer()
    dialogue = (job.valid or job.dialogues)[0]
    prompt = tokenizer.encode(prompt_text(dialogue.prompt, job.style), add_special_tokens=False)
    (end,) = tokenizer.encode(END_OF_TURN, add_special_tokens=False)
    said = tokenizer.decode(trainer.reply(prompt, end, job.settings.sample_tokens))
    heard = dialogue.prompt[-1].content if dialogue.prompt else ""
    return f"{heard!r} → {said!r}"


def _tell(task: Task, row: Row) -> None:
    facts: dict[str, float | str] = {
        "loss": row.loss,
        "lr": row.lr,
        "tokens_per_s": row.tokens_s,
        "memory": f"{row.memory_mb} MB",
    }
    if row.valid_loss is not None:
        facts["held_out"] = row.valid_loss
    task.advance(1, **facts)


def _summary(job: Job, row: Row | None) -> str:
    steps = row.step if row else job.total
    text = f"{len(job.dialogues)} dialogues, {steps} steps"
    if steps < job.total:
        text += f" of {job.total} (held-out loss no lower)"
    if row:
        text += f", loss {row.loss:.3f}"
    if row and row.valid_loss is not None:
        text += f", held-out {row.valid_loss:.3f}"
    if job.rejected:
        text += f", {len(job.rejected)} no-trainable-token"
    return f"{text} -> {job.settings.output / checkpoint_name(steps)}"
