"""How long the steps of a trainer on transformers take."""

import time

from transformers import TrainerCallback


class StepClock(TrainerCallback):
    """Notes when each step ends."""

    def __init__(self) -> None:
        self._ends: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        """Called by the trainer."""
        self._ends.append(time.perf_counter())

    @property
    def seconds(self) -> list[float]:
        """Of each step but the first."""
        return [end - start for start, end in zip(self._ends, self._ends[1:], strict=False)]
