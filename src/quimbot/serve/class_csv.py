"""What is known of a class as tables for a spreadsheet."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

from quimbot.serve.overview import FEWEST, Overview

_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Of a cell; wide forms of the same signs are read alike, so they are made narrow to look."""
_FEW = f"fewer than {FEWEST}"


def overview_csv(seen: Overview) -> str:
    """Errors by kind and first language, and what became of help; few learners stay untold."""
    heads = ["kind", "errors", *(f"errors: {l1 or 'not told'}" for l1 in seen.l1s)]
    rows = [
        [
            row.kind,
            _told(row.errors),
            *(_told(row.by_l1[l1]) for l1 in seen.l1s),
            _told(row.uptake.repaired if row.uptake else None),
            _told(row.uptake.of if row.uptake else None),
        ]
        for row in seen.rows
    ]
    return written([*heads, "mended after help", "helped"], rows)


def written(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that every spreadsheet opens, with no cell that one would run as a formula."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([_harmless(head) for head in heads])
    table.writerows([_harmless(cell) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    begins = unicodedata.normalize("NFKC", cell[:1] + cell.lstrip(" ")[:1])
    return f"'{cell}" if any(sign in begins for sign in _BEGINS_FORMULA) else cell


def _told(number: int | None) -> object:
    return _FEW if number is None else number
