"""What a training backend must do: move an adapter by gradient steps, and keep it somewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True, kw_only=True)
class Example:
    """One dialogue as tokens; `weights[i]` is what learning token i counts, 0 for not learnt."""

    id: str
    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    source: str = ""

    @property
    def trainable(self) -> float:
        """How many tokens are learnt, each counted by its weight."""
        return sum(self.weights)


class Step(NamedTuple):
    """What a step measured before it moved anything."""

    loss: float
    """Nats per trainable token."""
    grad_norm: float
    """Length of the gradient, before it is clipped."""


class Trainer(Protocol):
    """Moves an adapter by gradient steps."""

    threads: int
    """How many compute in a process; the last bits depend on it."""
    processes: int
    """How many train together; the last bits depend on it, too."""

    def step(self, batch: Sequence[Example], learning_rate: float) -> Step:
        """One optimiser step."""
        ...

    def loss(self, batch: Sequence[Example]) -> float:
        """The loss in nats per trainable token, nothing moved."""
        ...

    def reply(self, prompt: Sequence[int], end: int, max_tokens: int) -> list[int]:
        """The most probable continuation of a prompt, up to and without the token `end`."""
        ...

    def save(self, name: str) -> str:
        """Keep adapter and optimiser; the address can be opened by a runtime and a later stage."""
        ...

    def restore(self, address: str) -> int:
        """Take up a saved state exactly; returns its step."""
        ...
