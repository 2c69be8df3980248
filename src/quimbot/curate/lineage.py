"""Where data files come from: their manifests, those of their parents, and so on to the sources."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from quimbot.records.manifest import Manifest, Parent, file_sha256, manifest_path
from quimbot.runs.stamp import read_stamp

Known = Literal["as-written", "no-manifest", "changed"]


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """A file that the data were made from, or the data themselves."""

    path: Path
    sha256: str
    known: Known
    """Whether its manifest is there and describes that very file."""
    manifest: Manifest | None = None
    """Only when it is as written."""
    step: str = ""
    """The command that wrote it, where its stamp says so."""

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path.name

    def told(self) -> dict[str, object]:
        """What the manifest of a descendant keeps of it."""
        known: dict[str, object] = {"file": str(self.path), "known": self.known}
        if self.manifest is None:
            return known
        facts = {name: fact for name, fact in self.manifest.facts.items() if name != "lineage"}
        parents = [parent.path for parent in self.manifest.parents]
        return {**known, "rows": self.manifest.rows, "facts": facts, "parents": parents}


def lineage(files: Iterable[Path]) -> list[Ancestor]:
    """The files and all that they were made from, each once, parents before children.

    Raises:
        DataError: one of `files` is missing.
    """
    found: dict[Path, Ancestor] = {}
    for file in files:
        own = _read(Parent(path=str(file), sha256=file_sha256(file)), file)
        _walk(own, found, frozenset())
    return list(found.values())


def _walk(child: Ancestor, found: dict[Path, Ancestor], below: frozenset[Path]) -> None:
    """Add all ancestors of a file and then the file, each path once.

    A circle of manifests, which only an edited one can make, ends where it closes.
    """
    below |= {child.path.resolve()}
    for parent in child.manifest.parents if child.manifest else ():
        ancestor = _read(parent, child.path)
        place = ancestor.path.resolve()
        if place not in found and place not in below:
            _walk(ancestor, found, below)
    found[child.path.resolve()] = child


def _read(parent: Parent, child: Path) -> Ancestor:
    """A parent as its child's manifest names it; when it is gone, it is sought beside the child.

    The file itself may be gone: its manifest is enough.
    """
    named = Path(parent.path)
    path = named
    if not named.exists() and not manifest_path(named).exists():
        path = child.with_name(named.name)
    try:
        manifest = msgspec.json.decode(manifest_path(path).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError):
        return Ancestor(path=named, sha256=parent.sha256, known="no-manifest")
    if manifest.sha256 != parent.sha256:
        return Ancestor(path=named, sha256=parent.sha256, known="changed")
    return Ancestor(
        path=path, sha256=parent.sha256, known="as-written", manifest=manifest, step=_step(path)
    )


def _step(path: Path) -> str:
    """The command that wrote a file, without the name that a recipe gave the step."""
    stamp = read_stamp(path)
    return stamp.step.partition(":")[0] if stamp else ""


def relative(path: Path, folder: Path) -> str:
    """A path as it is written in a file of that folder."""
    return Path(os.path.relpath(path, folder)).as_posix()
