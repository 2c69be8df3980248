"""The folder of tutor files: read as a whole, changed one at a time, nothing in it ever lost.

A shelf may also be one file alone: nothing beside it is read.

Beside `cafe.toml`, the tutor `cafe`, lies `history/` with the file as it was before each change:
`cafe.1.toml`, `cafe.2.toml`, …
"""

import hashlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import quimbot
from quimbot.exceptions import DataError, QuimbotError
from quimbot.records.jsonl import replacing
from quimbot.serve.tutor_file import TutorError, TutorFile, check_name, read_tutor, toml_of

FILE = ".toml"
"""How the name of a tutor's file ends; what is before it is the tutor's."""


class Changed(QuimbotError):  # noqa: N818 - a state, not a fault
    """Somebody else changed the tutor meanwhile."""


class Shelf:
    """The tutor files of one folder; several people may change them at the same time.

    Without a folder there are none.
    """

    def __init__(self, place: Path | None) -> None:
        alone = place is not None and place.suffix == FILE and place.is_file()
        self._alone = place if alone else None
        self.folder = self._alone.parent if self._alone else place or Path(os.devnull)
        self.there = place is not None
        """Whether tutors can be kept."""
        self.files: Mapping[str, TutorFile] = {}
        """Every tutor by name, as they were refreshed or saved last; never changed in place."""
        self._changing = threading.Lock()

    def read(self) -> Mapping[str, TutorFile]:
        """Every tutor by name as its file is now.

        Raises:
            DataError: a file is not what it must be, or the folder is none.
        """
        if self.there and self.folder.exists() and not self.folder.is_dir():
            raise DataError(f"{self.folder}: is no folder; name a folder of tutor files")
        paths = [self._alone] if self._alone else sorted(self.folder.glob(f"*{FILE}"))
        return {path.stem: read_tutor(path) for path in paths}

    def refresh(self) -> None:
        """Read them all; when one is broken, all stay as they were.

        Raises:
            DataError: as `read`.
        """
        with self._changing:
            self.files = self.read()

    def tutor(self, name: str) -> TutorFile | None:
        """One tutor as it stands in its file now, if it has one.

        Raises:
            DataError: its file is not what it must be.
        """
        path = self.path(name)
        return read_tutor(path) if path.is_file() else None

    def path(self, name: str) -> Path:
        """Where a tutor's file is, or would be.

        Raises:
            TutorError: it is no name of a tutor.
        """
        check_name(name)
        return self.folder / f"{name}{FILE}"

    def told(self, name: str, fault: TutorError) -> DataError:
        """What is wrong with a tutor as one line that names its file and place."""
        path = self.path(name)
        return fault.at(path, path.read_text("utf-8"))

    def version(self, name: str) -> str:
        """What a tutor's file says, in short; empty where it has none."""
        path = self.path(name)
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""

    def save(self, name: str, file: TutorFile, version: str) -> str:
        """Write a tutor over the version that was read; gives the new one.

        Raises:
            Changed: the file is not that version any more.
            OutputError: it cannot be written.
        """
        with self._changing:
            self._put_by(name, version)
            with replacing(self.path(name)) as written:
                written.write(toml_of(file).encode())
            self.files = {**self.files, name: file}
            return self.version(name)

    def remove(self, name: str, version: str) -> None:
        """Take a tutor's file off the shelf, into its history.

        Raises:
            Changed: the file is not that version any more.
            OutputError: its history cannot be written.
        """
        with self._changing:
            self._put_by(name, version)
            self.path(name).unlink(missing_ok=True)
            self.files = {key: file for key, file in self.files.items() if key != name}

    def history(self, name: str) -> dict[int, Path]:
        """The earlier versions by number, the first one first."""
        check_name(name)
        paths = (self.folder / "history").glob(f"{name}.*.toml")
        numbered = {path.name.split(".")[1]: path for path in paths}
        return {int(key): numbered[key] for key in sorted(numbered, key=int)}

    def _put_by(self, name: str, version: str) -> None:
        """Keep the present version in the history."""
        if self.version(name) != version:
            raise Changed(f"{name}: changed meanwhile; open it again, then change it")
        path = self.path(name)
        if path.is_file():
            number = max(self.history(name), default=0) + 1
            with replacing(self.folder / "history" / f"{name}.{number}.toml") as kept:
                kept.write(path.read_bytes())


def folder_of(address: str) -> Path | None:
    """Where the tutors of a run are kept; None where the address is no run folder."""
    run = Path(address)
    is_run = any((run / name).is_file() for name in ("tutors.json", "picked.json"))
    return run / "tutors" if is_run else None


def shipped_tutors() -> Mapping[str, TutorFile]:
    """The example tutors that come with the package, by name."""
    package = Path(quimbot.__path__[0])
    for folder in (package / "recipes", package.parents[1] / "recipes"):
        if (folder / "tutors").is_dir():
            return Shelf(folder / "tutors").read()
    return {}
