"""What pages for people's judgements share: one HTML file that holds all, and the file it gives.

A page asks for a name, shows one thing after another and keeps every answer in the browser; what a
rater saves at the end is JSON Lines, each line closed by a checksum of all before it in the file:
a line that was changed, added or taken away is noticed.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from markupsafe import Markup

from quimbot.evaluate.templates import source, template
from quimbot.exceptions import DataError
from quimbot.records.record import Strict

_CHECKED = re.compile(rb'(.*),"check":"([0-9a-f]{8})"\}')
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Some editors put it before text that was pasted."""


class Given(Strict, frozen=True, kw_only=True):
    """What every line of a rater's file tells, whatever was judged."""

    sheet: str
    """Id of the page that was answered."""
    rater: str
    place: int
    """As the how-manieth it was met, from 1."""
    note: str
    seconds: int
    """How long it was in sight."""
    check: str


T = TypeVar("T", bound=Given)


def review_page(name: str, sheet: object, raters: Sequence[str], **words: object) -> str:
    """The page from `name`.html, .css and .js and what is shared; nothing outside it is loaded.

    `sheet` is what the page's script reads; only texts that a rater may see belong in it.
    """
    css, js = (
        "\n".join(source(f"{part}.{ending}") for part in ("review", name))
        for ending in ("css", "js")
    )
    data = msgspec.json.encode(sheet).decode().replace("<", "\\u003c")  # no text ends the script
    return template(f"{name}.html").render(
        css=Markup(css),  # noqa: S704 - our own file
        js=Markup(js),  # noqa: S704 - our own file
        sheet=Markup(data),  # noqa: S704 - JSON without an opening bracket
        style_hash=_integrity(css),
        script_hash=_integrity(js),
        raters=raters,
        **words,
    )


def read_given(path: Path, kind: type[T], sheet: str = "") -> Iterator[tuple[int, T]]:
    """Line number and content of each line that one rater saved, in order.

    `sheet` is the only page that may be answered; without it, any may.

    Raises:
        DataError: the file is missing or empty, or a line is none of this kind, was changed, or
            belongs to another page or file (file and line are named).
    """
    try:
        text = path.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; name what a rater saved") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; name the files in it") from None
    check, empty = 0, True
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        check, row = _checked(f"{path}:{number}", line.strip(), check, kind)
        if sheet and row.sheet != sheet:
            raise DataError(
                f"{path}:{number}: answers page {row.sheet!r}, but the key is of page {sheet!r}; "
                "name the key that was written with that page"
            )
        empty = False
        yield number, row
    if empty:
        raise DataError(f"{path}: holds no answers; ask the rater to save again")


def _checked(where: str, line: bytes, before: int, kind: type[T]) -> tuple[int, T]:
    """The checksum so far and the row, given the checksum of the lines before."""
    parts = _CHECKED.fullmatch(line)
    if parts is None:
        raise DataError(f"{where}: is no line that a review page saved; name the file as it came")
    check, given = zlib.crc32(parts[1], before), int(parts[2], 16)
    if before and given == zlib.crc32(parts[1]):
        raise DataError(f"{where}: here another file begins; name each file as it was saved")
    if check != given:
        raise DataError(
            f"{where}: it or a line before it was changed, added or taken away after it was saved; "
            "take the file as the rater sent it"
        )
    try:
        return check, msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError as fault:
        raise DataError(f"{where}: {fault}; is it the file of another kind of page?") from None


def _integrity(text: str) -> str:
    """What a content security policy allows an inline text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
