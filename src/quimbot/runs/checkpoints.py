"""Which checkpoints a training run has finished: the trainer writes them, later stages list them.

<run>/**/<name with a step number>/
    adapter_config.json          makes it an adapter
    adapter_model.safetensors    its weights
    COMPLETE                     written last: without it the folder is half a checkpoint
"""

import hashlib
import re
from pathlib import Path

MARKER = "COMPLETE"
_ADAPTER = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"


def complete_checkpoints(folder: Path) -> list[Path]:
    """The finished checkpoints in a training run, by step; a checkpoint lists itself."""
    found = [
        path.parent
        for path in folder.rglob(_ADAPTER)
        if (path.parent / MARKER).is_file() and not _hidden(path.relative_to(folder))
    ]
    return sorted(found, key=lambda path: (step_of(path.name) or 0, str(path)))


def _hidden(path: Path) -> bool:
    """Whether it lies in a folder that is still being written aside."""
    return any(part.startswith(".") for part in path.parts)


def step_of(address: str) -> int | None:
    """The step that the last part of an address names (`step-000120`, `step_120`, `120`)."""
    match = re.search(r"(?:^|step[-_]?)(\d+)$", Path(address).name)
    return int(match[1]) if match else None


def adapter_hash(folder: Path) -> str:
    """SHA-256 of an adapter's weights; empty when the folder holds none."""
    weights = folder / _WEIGHTS
    if not weights.is_file():
        return ""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
