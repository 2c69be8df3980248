"""The access log: one JSON object a line and request, without words, keys, names or addresses."""

import datetime as dt
import logging
from logging.handlers import WatchedFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from quimbot.exceptions import OutputError


class AccessLog:
    """A file that lines are added to; one that was moved away by a log rotation is begun anew.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = WatchedFileHandler(path, encoding="utf-8")
        except OSError as fault:
            raise OutputError(
                f"{path}: the access log cannot be written ({fault.strerror or fault}); "
                "choose another with --access-log"
            ) from None
        self._file.setFormatter(logging.Formatter("%(message)s"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def note(
        self,
        *,
        method: str,
        route: str,
        status: int,
        reason: str | None,
        milliseconds: float,
        size: int,
    ) -> None:
        """One request; `route` is the pattern that it met, since a path may hold a secret."""
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "method": method,
            "route": route,
            "status": status,
            "reason": reason,
            "milliseconds": milliseconds,
            "bytes": size,
        }
        text = msgspec.json.encode(line).decode()
        self._file.handle(logging.LogRecord("access", logging.INFO, "", 0, text, None, None))
