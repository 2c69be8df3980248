"""How to do a run again: what its steps left beside their outputs, as a recipe."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quimbot.runs.stamp import Stamp, read_stamp, stamp_path


def stamps(folder: Path) -> list[Stamp]:
    """The stamps of the finished steps below a run folder, in the order they ended."""
    ending = stamp_path(Path("x")).name.removeprefix(".x")
    found = (
        read_stamp(path.with_name(path.name.removeprefix(".").removesuffix(ending)))
        for path in folder.rglob(f".*{ending}")
    )
    return sorted((stamp for stamp in found if stamp), key=lambda stamp: stamp.finished)


def recipe(done: Sequence[Stamp], run: Path) -> str:
    """The steps with their resolved settings, as a recipe that `quimbot run` takes.

    The run folder is written `{run}`, so that the run can be done again elsewhere.
    """
    if not done:
        return ""
    parts = [f'[run]\noutput = "runs/again"\nsteps = {_toml([stamp.step for stamp in done])}']
    for stamp in done:
        head = f'["{stamp.step}"]' if ":" in stamp.step else f"[{stamp.step}]"
        lines = [
            f"{key} = {_toml(value)}" for key, value in stamp.settings.items() if value is not None
        ]
        parts.append("\n".join([head, *lines]))
    text = "\n\n".join(parts) + "\n"
    return re.sub(rf"{re.escape(str(run))}(?=[/\"])", "{run}", text) if run.name else text


def facts(done: Sequence[Stamp]) -> list[tuple[str, str]]:
    """Versions, then the hash of every input, each once."""
    versions = dict(pair for stamp in done for pair in stamp.environment.items())
    hashes = dict(pair for stamp in done for pair in stamp.inputs.items())
    return [*versions.items(), *hashes.items()]


def _toml(value: Any) -> str:  # noqa: ANN401 - any value of a settings file
    """A value as TOML; its strings, numbers, booleans and lists are written as in JSON."""
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)
