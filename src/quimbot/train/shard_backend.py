"""The weights of the frozen base shared out among processes (FSDP), for what one GPU cannot hold.

A layer is gathered while it computes, forward and again backward, and dropped after it. The adapter
is whole everywhere, so steps, sums of gradients and checkpoints are what they are without. Whole,
too, are the embedding, the output matrix and the last norm: they are used outside of any layer.
"""

import torch
from peft import PeftModel
from torch import distributed
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard

from quimbot.exceptions import RecipeError
from quimbot.train.team_backend import Team


def check_shared(team: Team) -> None:
    """Whether there is somebody to share with.

    Raises:
        RecipeError: there is one process.
    """
    if team.size == 1:
        raise RecipeError(
            "shard is true, which shares the base out among processes, and this is the only one; "
            "start several (torchrun --nproc-per-node, accelerate launch), or leave shard out"
        )


def share_out(adapted: PeftModel, team: Team) -> None:
    """Leave this process its share of each layer's frozen weights, on the device it trains on.

    No other process is waited for.
    """
    world = distributed.group.WORLD
    assert world is not None
    mesh = DeviceMesh.from_group(world, torch.device(team.device).type)
    decoder = adapted.get_base_model().model
    learnt = {value for value in adapted.parameters() if value.requires_grad}
    for layer in decoder.layers:  # to the device one by one: it never holds the whole base
        fully_shard(layer, mesh=mesh, ignored_params=learnt, reshard_after_forward=True)
    # Nothing is left to share here, but the root gathers the next layer while one goes backward.
    whole = {*decoder.embed_tokens.parameters(), *decoder.norm.parameters()}
    fully_shard(decoder, mesh=mesh, ignored_params=learnt | whole)
