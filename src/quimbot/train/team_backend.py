"""The processes of one run, as torchrun and `accelerate launch` start them.

The first one does all the work but for the sums that a step needs; the others wait for its orders.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from torch import Tensor, distributed

from quimbot.exceptions import TrainingFault

_BETWEEN_ORDERS = timedelta(days=7)  # the first process may have other work, such as a campaign
_LETTING_GO_S = 0.1
_ENDED = (
    "another process of this run has ended, and said why if it could; the last checkpoint is as it "
    "was: the same command continues"
)


@dataclass(frozen=True, kw_only=True)
class Team:
    """One process among those that train together."""

    rank: int = 0
    size: int = 1
    device: str
    orders_by: Any = None
    """What carries orders: over the network, so that a GPU does not spin while it waits."""

    def order(self, what: str, *arguments: object) -> None:
        """Tell the others what to do."""
        if self.size > 1:
            distributed.broadcast_object_list([(what, arguments)], group=self.orders_by)

    def orders(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """What the first process tells, until it has gone."""
        box: list[Any] = [None]
        while True:
            try:
                distributed.broadcast_object_list(box, group=self.orders_by)
            except RuntimeError:  # the connection is closed
                return
            yield box[0]

    def part(self) -> None:
        """Close the connections: the work is done."""
        if self.size > 1:
            distributed.destroy_process_group()
            # Its threads let go of their last tensors in their own time, and need Python for that:
            # one that comes while Python ends would abort the process.
            time.sleep(_LETTING_GO_S)

    @property
    def share(self) -> slice:
        """Which of the packs of a batch are this process's own."""
        return slice(self.rank, None, self.size)

    def total(self, value: float) -> float:
        """The sum of every process's value."""
        if self.size == 1:
            return value
        box = torch.tensor(value, dtype=torch.float64, device=self.device)
        _add_up(box)
        return box.item()

    def total_gradients(self, values: Sequence[Tensor]) -> None:
        """Let every process have the sum of all gradients; one without any counts 0."""
        if self.size == 1:
            return
        grads = [torch.zeros_like(each) if each.grad is None else each.grad for each in values]
        flat = torch.cat([grad.flatten() for grad in grads])
        _add_up(flat)
        parts = flat.split_with_sizes([grad.numel() for grad in grads])
        for value, part in zip(values, parts, strict=True):
            value.grad = part.view_as(value)


@cache
def team() -> Team:
    """This process's team; the first call waits until all have come."""
    cuda = torch.cuda.is_available() and not parse_flag_from_env("ACCELERATE_USE_CPU")
    if "LOCAL_RANK" not in os.environ:
        return Team(device="cuda" if cuda else "cpu")
    state = PartialState(cpu=not cuda)
    return Team(
        rank=state.process_index,
        size=state.num_processes,
        device=str(state.device) if cuda else "cpu",
        orders_by=distributed.new_group(backend="gloo", timeout=_BETWEEN_ORDERS),
    )


@contextmanager
def gathering() -> Iterator[None]:
    """Say it in one line when a layer cannot be gathered because another process has ended."""
    try:
        yield
    except RuntimeError as fault:
        if isinstance(fault, distributed.DistError) or "gloo" in str(fault):
            raise TrainingFault(_ENDED) from fault
        raise


def _add_up(tensor: Tensor) -> None:
    try:
        distributed.all_reduce(tensor)
    except RuntimeError as fault:
        raise TrainingFault(_ENDED) from fault
