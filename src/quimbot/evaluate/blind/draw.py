"""Which replies are compared: turns spread over the suite, and pairs that test the raters."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from msgspec import structs

from quimbot.evaluate.blind.sheet import Kind, Pair, Reply
from quimbot.records.record import Message
from quimbot.runs.scorecard import Judged

IDENTICAL = 5
ATTENTION = 2
AGAIN = 0.1
"""Share of the pairs that are met again."""

Lot = Callable[..., str]
"""Parts -> hex digits that nobody can work out without the scores."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One learner turn that all the runtimes answered, in the order of their addresses."""

    item: str
    group: str
    measure: str
    earlier: tuple[Message, ...]
    learner: str
    rows: tuple[Judged, ...]

    @property
    def alike(self) -> bool:
        """Whether two of the replies are equal."""
        return len({_text(row) for row in self.rows}) < len(self.rows)


def lots(secret: bytes) -> Lot:
    """Draws that depend on the secret and on nothing else."""
    key = hashlib.blake2b(secret, digest_size=32).digest()

    def lot(*parts: object) -> str:
        text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=key, digest_size=6).hexdigest()

    return lot


def turns(rows: Iterable[Judged], addresses: Sequence[str]) -> list[Turn]:
    """The turns that all the runtimes answered alike asked, each learner's words once.

    Where several replies were drawn, the first counts.
    """
    answers: dict[tuple[str, str], dict[str, Judged]] = defaultdict(dict)
    for row in rows:
        answers[row.item, row.measure].setdefault(row.address, row)
    found: dict[tuple[object, ...], Turn] = {}
    for (item, measure), by in answers.items():
        if by.keys() >= set(addresses):
            first = by[addresses[0]]
            turn = Turn(
                item=item,
                group=first.group or item,
                measure=measure,
                earlier=first.earlier,
                learner=first.learner.strip(),
                rows=tuple(by[address] for address in addresses),
            )
            found.setdefault((turn.learner, turn.earlier, measure), turn)
    return list(found.values())


def draw(field: Sequence[Turn], count: int, lot: Lot) -> list[Pair]:
    """`count` pairs that count, and among them those that test the raters, in no telling order."""
    spread = _spread(field, lot)
    counted = list(islice((turn for turn in spread if not turn.alike), count))
    taken = {id(turn) for turn in counted}
    rest = [turn for turn in spread if id(turn) not in taken]
    pairs = [_pair(turn, Kind.COUNTS, turn.rows, lot) for turn in counted]
    drawn = sorted(pairs, key=lambda pair: lot("again", pair.id))
    again = [_once_more(pair, lot) for pair in drawn[: max(1, round(AGAIN * count))]]
    attention = list(islice(_attention(rest, lot), ATTENTION))
    used = {pair.item for pair in attention}
    free = [turn for turn in rest if turn.item not in used]
    free.sort(key=lambda turn: not turn.alike)
    identical = [_identical(turn, lot) for turn in free[:IDENTICAL]]
    return sorted([*pairs, *again, *attention, *identical], key=lambda pair: pair.id)


def _spread(field: Sequence[Turn], lot: Lot) -> list[Turn]:
    """By lot, one turn of every dialogue before the second of any."""
    before: Counter[str] = Counter()
    ranked = []
    for turn in sorted(field, key=lambda turn: lot("turn", turn.item, turn.measure)):
        ranked.append((before[turn.group], turn))
        before[turn.group] += 1
    return [turn for _, turn in sorted(ranked, key=lambda entry: entry[0])]


def _pair(turn: Turn, kind: Kind, rows: Sequence[Judged], lot: Lot) -> Pair:
    """The rows as a pair; the order in which the page lists them is by lot."""
    name = lot("pair", kind, turn.item, turn.measure)
    replies = [
        Reply(id=lot("reply", name, place), address=row.address, text=_text(row))
        for place, row in enumerate(rows)
    ]
    return Pair(
        id=name,
        kind=kind,
        item=turn.item,
        group=turn.group,
        measure=turn.measure,
        earlier=turn.earlier,
        learner=turn.learner,
        replies=tuple(sorted(replies, key=lambda reply: reply.id)),
        again="",
        right="",
    )


def _once_more(pair: Pair, lot: Lot) -> Pair:
    """The same with other ids, its replies in the same order: the page turns that round."""
    name = lot("pair", Kind.AGAIN, pair.item, pair.measure)
    replies = (structs.replace(reply, id=lot("reply", name, reply.id)) for reply in pair.replies)
    return structs.replace(pair, id=name, kind=Kind.AGAIN, replies=tuple(replies), again=pair.id)


def _identical(turn: Turn, lot: Lot) -> Pair:
    row = min(turn.rows, key=lambda row: lot("one", turn.item, row.address))
    return _pair(turn, Kind.IDENTICAL, [row] * len(turn.rows), lot)


def _attention(rest: Sequence[Turn], lot: Lot) -> Iterator[Pair]:
    """Pairs of a proved reply and proved replies to others, who spoke of something else."""
    proved = {id(turn): [row for row in turn.rows if row.verified and row.recast] for turn in rest}
    for turn in rest:
        for right in proved[id(turn)][:1]:
            said = _words(turn.learner) | _words(right.reply)
            strangers = {
                _text(row): row
                for other in rest
                for row in proved[id(other)]
                if not said & (_words(other.learner) | _words(row.reply))
            }
            wrong = sorted(strangers.values(), key=lambda row: lot("stranger", turn.item, row.item))
            if len(wrong) >= len(turn.rows) - 1:
                rows = [right, *wrong[: len(turn.rows) - 1]]
                pair = _pair(turn, Kind.ATTENTION, rows, lot)
                yield structs.replace(pair, right=lot("reply", pair.id, 0))


def _words(text: str) -> set[str]:
    """Words long enough to say what a text is about."""
    return set(re.findall(r"\w{4,}", text.lower()))


def _text(row: Judged) -> str:
    return row.reply.strip()
