"""Pieces of Markdown, with whatever comes from data made harmless."""

from collections.abc import Iterable, Mapping, Sequence

_MARKS = "\\`*_<>[]|#"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar within a cell does not end it."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells
    )


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def plain(text: str) -> str:
    """Text on one line, without characters that cannot be seen."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def prose(text: str) -> str:
    """Text that Markdown takes as it is; bars are left to the table."""
    return "".join(f"\\{mark}" if mark in _MARKS and mark != "|" else mark for mark in plain(text))


def code(text: str) -> str:
    """Text in the letters of a program."""
    return f"`{plain(text).replace('`', chr(39))}`"


def counted(counts: Mapping[str, int]) -> str:
    """Names with their counts, the commonest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{prose(name) or 'not said'} ({count:,})" for name, count in ranked)


def joined(names: Sequence[str]) -> str:
    """Names as a sentence lists them."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
