"""Where the rows of a file come from: every manifest before it, and what each step took out."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from quimbot.records.manifest import Manifest, file_sha256, manifest_path
from quimbot.records.record import Strict

State = Literal["as-written", "changed", "no-manifest"]


class Ancestor(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A file that others were made from, by its own manifest."""

    file: str
    state: State
    """Whether it is what the next step read: `changed` since, or without a manifest to tell."""
    rows: int = 0
    facts: dict[str, object] = msgspec.field(default_factory=dict)
    """What the step that wrote it told: rows read, funnel, rejected by reason."""
    parents: tuple[str, ...] = ()


def lineage(files: Iterable[Path]) -> tuple[Ancestor, ...]:
    """The files and all that they were made from, each once and before its parents.

    Raises:
        DataError: one of `files` is missing.
    """
    found: dict[str, Ancestor] = {}
    waiting = [(str(path), file_sha256(path)) for path in files]
    while waiting:
        file, sha256 = waiting.pop(0)
        if file not in found:
            found[file] = _ancestor(file, sha256, waiting)
    return tuple(found.values())


def _ancestor(file: str, sha256: str, waiting: list[tuple[str, str]]) -> Ancestor:
    """A file by its manifest; its parents join those that wait."""
    try:
        manifest = msgspec.json.decode(manifest_path(Path(file)).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError):
        return Ancestor(file=file, state="no-manifest")
    if manifest.sha256 != sha256:
        return Ancestor(file=file, state="changed")
    waiting += [(parent.path, parent.sha256) for parent in manifest.parents]
    return Ancestor(
        file=file,
        state="as-written",
        rows=manifest.rows,
        facts={name: fact for name, fact in manifest.facts.items() if name != "lineage"},
        parents=tuple(parent.path for parent in manifest.parents),
    )
