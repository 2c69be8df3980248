"""What has changed in a folder since it was counted before."""

from pathlib import Path

import msgspec

from quimbot.curate.counts import FileCounts, FolderCounts
from quimbot.records.record import Strict


class FileChange(Strict, frozen=True, kw_only=True):
    """A file whose bytes are others than they were."""

    file: str
    rows_before: int
    rows: int
    bad_before: int
    bad: int
    new_faults: tuple[str, ...]
    """Faults that no line of it had before."""


class Changes(Strict, frozen=True, kw_only=True):
    """Two counts of a folder held against each other."""

    since: str
    """When the earlier one was taken."""
    rows: int
    """Chats more than before; below zero for fewer."""
    distinct: int
    bad: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[FileChange, ...]

    @property
    def nothing(self) -> bool:
        """Every file is as it was."""
        return not (self.added or self.removed or self.changed)


class Inventory(Strict, frozen=True, kw_only=True):
    """What `inventory` writes."""

    counts: FolderCounts
    changes: Changes | None
    """None when the folder was not counted before."""


def read_before(path: Path) -> FolderCounts | None:
    """The counts that an earlier inventory left there; none where there are no readable ones."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Inventory).counts
    except (OSError, msgspec.MsgspecError):
        return None


def changes(before: FolderCounts, now: FolderCounts) -> Changes:
    """What is new, gone or different, file by file."""
    old = {file.file: file for file in before.files}
    new = {file.file: file for file in now.files}
    return Changes(
        since=before.taken,
        rows=now.rows - before.rows,
        distinct=now.distinct - before.distinct,
        bad=now.bad - before.bad,
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(
            _change(old[name], file)
            for name, file in new.items()
            if name in old and old[name].sha256 != file.sha256
        ),
    )


def _change(before: FileCounts, now: FileCounts) -> FileChange:
    known = {fault.text for fault in before.faults}
    return FileChange(
        file=now.file,
        rows_before=before.rows,
        rows=now.rows,
        bad_before=before.bad,
        bad=now.bad,
        new_faults=tuple(fault.text for fault in now.faults if fault.text not in known),
    )
