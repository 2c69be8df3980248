"""A judge is known by its family's name, and an adapter by its base."""

import json
from pathlib import Path

import pytest

from quimbot.evaluate.kin import kin

JUDGED = ["smollm2-135m", "Qwen/Qwen3-8B", "https://gpu.example.edu/v1#qwen3-8b-tutor"]


@pytest.mark.parametrize(
    ("judge", "own"),
    [
        ("https://openrouter.ai/api/v1#qwen/qwen3-235b", JUDGED[1:]),
        ("tinker:Qwen/Qwen3-8B", JUDGED[1:]),
        ("torch:HuggingFaceTB/SmolLM2-1.7B-Instruct", JUDGED[:1]),
        ("https://api.example.com/v1#gpt-5", []),
        ("https://api.example.com/v1#123", []),
    ],
)
def test_families_are_told_by_name(judge: str, own: list[str]) -> None:
    assert kin(judge, [*JUDGED, *JUDGED]) == tuple(own)


def test_an_adapter_is_of_the_family_of_its_base(tmp_path: Path) -> None:
    folder = tmp_path / "step-000010"
    folder.mkdir()
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": "Qwen/Qwen3-8B",
        "r": 8,
        "lora_alpha": 8,
        "target_modules": ["q_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    assert kin("https://host/v1#qwen-max", [str(folder)]) == (str(folder),)
    assert kin(f"torch:{folder}", ["Qwen/Qwen3-8B"]) == ("Qwen/Qwen3-8B",)
