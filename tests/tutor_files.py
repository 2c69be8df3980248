"""Tutor files as people write them."""

import json
from pathlib import Path


def write(folder: Path, name: str, **keys: object) -> Path:
    """A file of these keys, each on its line."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()))
    return path
