"""Training by several processes: the first one runs the command, the others do its steps, too.

So there is one order of the data, one set of files, and one place that hears Ctrl-C; the others
hold the same adapter, because they take the same steps with the same sums of gradients.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from quimbot.runs.interrupt import patient
from quimbot.train.team_backend import team
from quimbot.train.torch_backend import TorchTrainer
from quimbot.train.trainer import Example, Step, Trainer

T = TypeVar("T")


def together(work: Callable[[], T]) -> T | None:
    """Let the first process do the work, and the others help it to train."""
    result = None
    if team().rank:
        _help()
    else:
        result = work()
    team().part()
    return result


def opened(opening: Callable[[], TorchTrainer]) -> Trainer:
    """A trainer that has the help of the other processes, if there are any."""
    trainer = opening()  # first here, so that a fault is told once
    if trainer.processes == 1:
        return trainer
    team().order("open", opening)
    return _Leader(trainer)


class _Leader:
    """A trainer whose every step and measurement the other processes take part in."""

    def __init__(self, own: TorchTrainer) -> None:
        self._own = own
        self.threads, self.processes = own.threads, own.processes
        self.save = own.save

    def step(self, batch: Sequence[Example], learning_rate: float) -> Step:
        team().order("step", batch, learning_rate)
        return self._own.step(batch, learning_rate)

    def loss(self, batch: Sequence[Example]) -> float:
        team().order("loss", batch)
        return self._own.loss(batch)

    def reply(self, prompt: Sequence[int], end: int, max_tokens: int) -> list[int]:
        if self._own.sharded:  # only then are the others needed
            team().order("reply", prompt, end, max_tokens)
        return self._own.reply(prompt, end, max_tokens)

    def restore(self, address: str) -> int:
        step = self._own.restore(address)
        team().order("restore", address)
        return step


def _help() -> None:
    """Do what the first process orders until it ends; that is also what Ctrl-C waits for."""
    trainer: TorchTrainer | None = None
    with patient(lambda _: None):
        for what, arguments in team().orders():
            if what == "open":
                trainer = arguments[0]()
            else:
                getattr(trainer, what)(*arguments)
