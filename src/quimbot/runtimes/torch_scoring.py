"""How probable each learnt token of some dialogues is, their common beginnings computed once.

Each dialogue is scored exactly as if it were alone (`packing.py`); logits are computed only where a
token is learnt, a few rows at a time.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from quimbot.runtimes.memory import keep_memory
from quimbot.runtimes.packing import Learnt, Pack, packs
from quimbot.runtimes.workers import shared_out, worth

_NODES = 2048
_CHUNK_BYTES = 24 << 20
"""Most of the logits that one worker holds."""


def pack_evenly(dialogues: Sequence[Learnt], device: torch.device) -> list[Pack]:
    """The dialogues in packs that keep every core busy to the end."""
    tokens = sum(len(dialogue.tokens) for dialogue in dialogues)
    return packs(dialogues, _NODES, _workers(tokens, device))


def token_logprobs(
    model: Any,  # noqa: ANN401 - untyped library
    made: Sequence[Pack],
    device: torch.device,
) -> dict[int, list[float]]:
    """For each dialogue, by its place, the log-probabilities (nats) of the tokens it learns.

    A dialogue that learns nothing is left out.
    """

    @torch.inference_mode()
    def work(pack: Pack) -> list[float]:
        found: list[float] = _edges(model, pack.to(str(device))).tolist()
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
    chunk = max(1, _CHUNK_BYTES // (4 * len(head_VD)))
    logits_CV = hidden_RD.new_empty(min(chunk, len(hidden_RD)), len(head_VD))
    found_E = hidden_RD.new_empty(len(pack.edge_rows_E))
    for start in range(0, len(hidden_RD), chunk):
        part_CD = hidden_RD[start : start + chunk]
        part_CV = torch.mm(part_CD, head_VD.T, out=logits_CV[: len(part_CD)])
        inside_E = (pack.edge_rows_E >= start) & (pack.edge_rows_E < start + len(part_CD))
        rows, tokens = pack.edge_rows_E[inside_E] - start, pack.edge_tokens_E[inside_E]
        highest_C = part_CV.amax(1)
        picked = part_CV[rows, tokens] - highest_C[rows]
        sums_C = part_CV.sub_(highest_C[:, None]).exp_().sum(1)
        found_E[inside_E] = picked - sums_C[rows].log()
    return found_E
