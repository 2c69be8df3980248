"""Slots filled: an entry and a chance make one learner turn with its correction."""

from random import Random

from quimbot.pedagogy.bank.entry import SLOT, Entry, Slots, Turn
from quimbot.pedagogy.seed import Seed

TALK = "bank:talk"
"""Origin of a turn without an error."""
Values = dict[str, tuple[str, str]]
"""For each slot, what the learner writes and what is right."""


def fill_entry(entry: Entry, shared: Slots, rng: Random, l1: str = "") -> Seed:
    """One sentence with the error of the entry, without capital or final stop.

    `l1` is taken where the entry lists it; else one of its own is drawn.
    """
    values = _choose((entry.learner, entry.correction), {**shared, **entry.slots}, rng)
    correction = _put(entry.correction, values, 1)
    return Seed(
        learner=_put(entry.learner, values, 0),
        corrections=(correction,),
        error_types=tuple(entry.types[0].split()) if entry.types else (),
        category=entry.category,
        l1=l1 if l1 in entry.l1 else rng.choice(("", *entry.l1)),
        level=entry.level,
        family=entry.family or entry.id,
        origin=f"bank:{entry.id}",
        echoes=(correction,),
        follow_ups=tuple(_put(text, values, 1) for text in entry.follow_ups),
        details=tuple(_capital(_put(text, values, 1)) for text in entry.details),
        hint=rng.choice(entry.hints),
        tone=entry.tone,
    )


def fill_turn(turn: Turn, shared: Slots, rng: Random) -> Seed:
    """A learner turn without an error."""
    values = _choose((turn.text,), shared, rng)
    return Seed(
        learner=_put(turn.text, values, 1),
        level="A2",
        family=f"talk:{turn.text}",
        origin=TALK,
        follow_ups=tuple(_put(text, values, 1) for text in turn.follow_ups),
        details=turn.reply,
        tone=turn.tone,
    )


def _choose(texts: tuple[str, ...], slots: Slots, rng: Random) -> Values:
    """A value for every slot of the texts, and for the slots inside those values."""
    values: Values = {}
    open_texts = list(texts)
    while open_texts:
        for name in SLOT.findall(open_texts.pop()):
            if name in values:
                continue
            choice = rng.choice(list(slots[name]))
            values[name] = (choice, choice) if isinstance(choice, str) else choice
            open_texts += values[name]
    return values


def _put(text: str, values: Values, side: int) -> str:
    """The text with its slots filled, one side of each pair; slots nest at most one deep."""
    for _ in range(2):
        text = SLOT.sub(lambda match: values.get(match[1], ("", ""))[side], text)
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
