"""What a finished step leaves beside its first output: from what, with what, and when.

A step whose stamp still holds (same settings, same inputs, outputs there) need not run again.
"""

import dataclasses
import hashlib
import importlib.metadata
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.jsonl import write_json


class Settings(Protocol):
    """What every command's settings can tell."""

    def inputs(self) -> tuple[Path, ...]:
        """Files and folders that are read."""
        ...

    def outputs(self) -> tuple[Path, ...]:
        """Files and folders that are written, the main one first."""
        ...


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a finished step."""

    step: str
    summary: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    """Path → content hash."""
    environment: dict[str, str]
    seconds: float
    finished: str
    """ISO 8601, with microseconds: the order of quick steps shows."""

    def holds(self, other: "Stamp") -> bool:
        """The other would do the same work."""
        return self.settings == other.settings and self.inputs == other.inputs


def make_stamp(step: str, settings: Settings, *, summary: str = "", seconds: float = 0.0) -> Stamp:
    """The stamp that this step would leave now.

    Raises:
        DataError: an input is not there.
    """
    for path in settings.inputs():
        if not path.exists():
            raise DataError(f"{path}: no such file; check the path or run the step that writes it")
    return Stamp(
        step=step,
        summary=summary,
        settings=plain(settings),
        inputs={str(path): content_hash(path) for path in settings.inputs()},
        environment=environment(),
        seconds=round(seconds, 1),
        finished=datetime.now().astimezone().isoformat(),
    )


def ended(stamp: Stamp, *, summary: str, seconds: float) -> Stamp:
    """The stamp of work that has just ended; its inputs are those that it began with."""
    finished = datetime.now().astimezone().isoformat()
    return msgspec.structs.replace(
        stamp, summary=summary, seconds=round(seconds, 1), finished=finished
    )


def stamp_path(output: Path) -> Path:
    """Where the stamp of a step with that main output lies."""
    return output.with_name(f".{output.name}.step.json")


def read_stamp(output: Path) -> Stamp | None:
    """The stamp left beside an output, if there is a readable one."""
    try:
        return msgspec.json.decode(stamp_path(output).read_bytes(), type=Stamp)
    except (OSError, msgspec.MsgspecError):
        return None


def write_stamp(output: Path, stamp: Stamp) -> None:
    """Leave the stamp beside the output."""
    write_json(stamp_path(output), stamp)


def plain(settings: object) -> dict[str, Any]:
    """Settings as plain JSON values; left out is what cannot change a result (`compare=False`)."""
    assert dataclasses.is_dataclass(settings)
    values = {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if field.compare
    }
    plain_values: dict[str, Any] = msgspec.to_builtins(values, enc_hook=str)
    return msgspec.json.decode(msgspec.json.encode(plain_values), type=dict[str, Any])


def content_hash(path: Path) -> str:
    """Hash of a file's bytes, or of a folder's visible files and their bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for file in [path] if path.is_file() else _files(path):
        digest.update(str(file.relative_to(path)).encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _files(folder: Path) -> Sequence[Path]:
    """The files below a folder, hidden ones left out, in a stable order."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def environment() -> dict[str, str]:
    """Versions and revision that a result depends on."""
    facts = versions()
    try:
        revision = subprocess.run(
            ["git", "describe", "--always", "--dirty"],  # noqa: S607 - whichever git the user has
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:  # a machine that has none
        return facts
    if revision.returncode == 0:
        facts["revision"] = revision.stdout.strip()
    return facts


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of the heavy ones, and the machine's kind."""
    facts = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("quimbot", "torch", "transformers", "peft", "xllamacpp", "spacy", "errant"):
        facts[package] = importlib.metadata.version(package)
    return facts
