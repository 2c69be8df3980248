"""`train --verify-resume`: a checkpoint is taken up, and the steps after it come out the same."""

from quimbot.exceptions import OutputError, TrainingFault
from quimbot.runs.checkpoints import complete_checkpoints
from quimbot.train.checkpoint import damage, read_state
from quimbot.train.job import Job
from quimbot.train.metrics import read_metrics

_STEPS = 2
"""The loss of the first depends on the adapter alone, that of the second on the optimiser, too."""


def replay(job: Job) -> str:
    """Repeat the steps after the newest checkpoint that has any; gives what was compared.

    Raises:
        OutputError: the run has no step after a whole checkpoint, or was made from something else.
        TrainingFault: a step does not come out as it did, bit for bit.
    """
    folder = job.settings.output
    rows = {row.step: row for row in read_metrics(folder)}
    for checkpoint in reversed(complete_checkpoints(folder) if folder.is_dir() else []):
        if damage(checkpoint):
            continue
        done = read_state(checkpoint).step
        if steps := [step for step in range(done, done + _STEPS) if step + 1 in rows]:
            break
    else:
        raise OutputError(f"{folder}: no step after a whole checkpoint to compare; train on first")
    job.check_same(checkpoint)
    trainer = job.open_trainer()
    before = read_state(checkpoint)
    if not before.made_by(trainer):
        raise OutputError(
            f"{checkpoint}: made by {before.processes} processes of {before.threads} threads, now "
            f"there are {trainer.processes} of {trainer.threads}; start as many, and set "
            f"OMP_NUM_THREADS={before.threads}"
        )
    trainer.restore(str(checkpoint))
    for step in steps:
        now, was = job.take(trainer, step), rows[step + 1]
        if now != (was.loss, was.grad_norm):
            raise TrainingFault(
                f"{checkpoint}: step {step + 1} does not come out as it did "
                f"(loss {now.loss!r}, was {was.loss!r}; gradient {now.grad_norm!r}, "
                f"was {was.grad_norm!r}): another processor or version?"
            )
    told = " and ".join(f"step {step + 1} (loss {rows[step + 1].loss!r})" for step in steps)
    return f"{checkpoint}: taken up, {told} as before, bit for bit"
