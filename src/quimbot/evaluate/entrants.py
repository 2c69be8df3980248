"""Who is evaluated: addresses as given, with a training run standing for all its checkpoints.

A run folder where a choice was made (`picked.json`) stands for that choice alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.exceptions import ModelError
from quimbot.runs.checkpoints import adapter_hash, complete_checkpoints, step_of
from quimbot.runs.scorecard import PICKED, read_picked
from quimbot.runs.stamp import content_hash

_SETTINGS = "adapter_config.json"


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """One model or adapter under evaluation."""

    address: str
    adapter: str = ""
    """SHA-256 of the adapter's weights, so that a result is never taken for another's."""
    files: str = ""
    """Hash of what else decides how it answers: an adapter's settings, or a model's folder."""
    step: int | None = None


def entrants(addresses: Sequence[str]) -> tuple[Entrant, ...]:
    """The entrants behind the addresses, in order, each once.

    Raises:
        ModelError: a training run has no finished checkpoint.
    """
    found: dict[str, Entrant] = {}
    for address in addresses:
        for entrant in _behind(address):
            found.setdefault(entrant.address, entrant)
    return tuple(found.values())


def local_folder(address: str) -> Path | None:
    """The folder that an address names, behind its runtime's prefix if it has one."""
    for text in (address, address.partition(":")[2]):
        if text and Path(text).is_dir():
            return Path(text)
    return None


def _behind(address: str) -> list[Entrant]:
    folder = local_folder(address)
    if folder is None:
        return [Entrant(address=address)]
    if (folder / "config.json").is_file():
        return [Entrant(address=address, files=content_hash(folder))]
    if (folder / PICKED).is_file():
        return _behind(read_picked(folder / PICKED).address)
    if (folder / _SETTINGS).is_file():
        return [_adapter(address, folder)]
    prefix = address.removesuffix(str(folder)) if address.endswith(str(folder)) else ""
    checkpoints = complete_checkpoints(folder)
    if not checkpoints:
        raise ModelError(
            f"{address}: no finished checkpoint in this folder; train first, "
            "or name a model or an adapter"
        )
    return [_adapter(f"{prefix}{path}", path) for path in checkpoints]


def _adapter(address: str, folder: Path) -> Entrant:
    return Entrant(
        address=address,
        adapter=adapter_hash(folder),
        files=content_hash(folder / _SETTINGS),
        step=step_of(folder.name),
    )
