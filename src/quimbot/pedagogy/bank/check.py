"""Whether seeds show the errors that they declare: ERRANT between turn and correction decides."""

from collections.abc import Sequence
from random import Random

from quimbot.pedagogy.bank.entry import Entry, Slots
from quimbot.pedagogy.bank.fill import fill_entry
from quimbot.pedagogy.correction import edits_all

_EXPANSIONS = 2
"""Of each entry that are compared."""


def undeclared(entries: Sequence[Entry], shared: Slots) -> dict[int, str]:
    """What the entries, by index, show that they do not declare; empty when all is well."""
    drawn = [
        (index, fill_entry(entry, shared, Random(f"{entry.id}{draw}")))  # noqa: S311 - reproducible
        for index, entry in enumerate(entries)
        for draw in range(_EXPANSIONS)
    ]
    pairs = [(_sentence(seed.learner), _sentence(seed.corrections[0])) for _, seed in drawn]
    faults: dict[int, str] = {}
    for (index, _), (learner, correction), edits in zip(
        drawn, pairs, edits_all(pairs), strict=True
    ):
        shown = " ".join(edit.type for edit in edits if edit.real)
        if shown not in entries[index].types:
            faults.setdefault(
                index,
                f'"{learner}" → "{correction}" shows {shown or "no error"}, declared is '
                f"{' or '.join(entries[index].types) or 'nothing'}; declare what it shows in "
                "types, or change the text",
            )
    return faults


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
