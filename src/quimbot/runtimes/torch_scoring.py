"""How probable each learnt token of some dialogues is, their common beginnings computed once.

Each dialogue is scored exactly as if it were alone (`packing.py`); logits are computed only where a
token is learnt, for a part of the vocabulary at a time.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from quimbot.runtimes.memory import keep_memory
from quimbot.runtimes.packing import Learnt, Pack, packs
from quimbot.runtimes.products import FasterProducts, product
from quimbot.runtimes.workers import shared_out, worth

_NODES = 2048
_WORDS = 1024
"""Of the vocabulary at once: their weights and their logits then stay in a cache."""


def pack_evenly(dialogues: Sequence[Learnt], device: torch.device) -> list[Pack]:
    """The dialogues in packs on the device, that keep every core busy to the end."""
    tokens = sum(len(dialogue.tokens) for dialogue in dialogues)
    made = packs(dialogues, _NODES, _workers(tokens, device))
    return [pack.rounded().to(str(device)) for pack in made]


def token_logprobs(
    model: Any,  # noqa: ANN401 - untyped library
    made: Sequence[Pack],
    device: torch.device,
) -> dict[int, list[float]]:
    """For each dialogue, by its place, the log-probabilities (nats) of the tokens it learns.

    A dialogue that learns nothing is left out.
    """

    def work(pack: Pack) -> list[float]:
        with torch.inference_mode(), FasterProducts():
            found: list[float] = _edges(model, pack).tolist()
        return found

    workers = _workers(sum(len(pack.tokens_N) for pack in made), device)
    found: dict[int, list[float]] = {}
    keep_memory()
    scored = shared_out(work, made, workers, torch.get_num_threads())
    for pack, edges in zip(made, scored, strict=True):
        for place, path in pack.paths.items():
            found[place] = [edges[edge] for edge in path]
    return found


def _workers(tokens: int, device: torch.device) -> int:
    return worth(tokens, torch.get_num_threads()) if device.type == "cpu" else 1


def _edges(model: Any, pack: Pack) -> Tensor:  # noqa: ANN401 - untyped library
    """The log-probability of each edge of a pack."""
    hidden_1ND: Tensor = model.model(
        input_ids=pack.tokens_N[None],
        position_ids=pack.positions_N[None],
        use_cache=False,
        pack=pack,
    ).last_hidden_state
    hidden_RD = hidden_1ND[0, pack.rows_R]
    head_VD: Tensor = model.lm_head.weight
    nats_R = _log_sums(hidden_RD, head_VD)
    hidden_ED, head_ED = hidden_RD[pack.edge_rows_E], head_VD[pack.edge_tokens_E]
    return (hidden_ED * head_ED).sum(1) - nats_R[pack.edge_rows_E]


def _log_sums(hidden_RD: Tensor, head_VD: Tensor) -> Tensor:
    """The logarithm of the sum of exponentials of each row's logits, which are never all held."""
    highest_R = hidden_RD.new_full((len(hidden_RD),), -torch.inf)
    sums_R = torch.zeros_like(highest_R)
    for start in range(0, len(head_VD), _WORDS):
        logits_RC = product(hidden_RD, head_VD[start : start + _WORDS])
        higher_R = torch.maximum(highest_R, logits_RC.amax(1))
        sums_R *= (highest_R - higher_R).exp_()
        sums_R += logits_RC.sub_(higher_R[:, None]).exp_().sum(1)
        highest_R = higher_R
    return highest_R + sums_R.log_()
