"""Random adapters for any base, saved by PEFT as a training run saves them, and chats to ask."""

import warnings
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from quimbot.records.record import Message

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
CHATS = [
    [
        Message(role="system", content="You are a friendly English tutor."),
        Message(role="user", content=learner),
    ]
    for learner in (
        "Yesterday I go to the store with my brother.",
        "She like music.",
        "I have two dog at home since 2019, they is old.",
    )
]


def write_lora(
    folder: Path, base: Path, *, seed: int = 0, std: float = 0.1, **settings: object
) -> Path:
    """A random adapter on every matrix of the base; `std` 0 makes one that changes nothing."""
    torch.manual_seed(seed)
    config = LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": MODULES} | settings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=std)
            elif "lora_magnitude" in name:
                parameter.data *= 1 + std * torch.randn_like(parameter)
        model.save_pretrained(folder)
    return folder
