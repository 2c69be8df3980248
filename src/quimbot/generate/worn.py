"""Replies that have been used often enough: none may stand in more than a hundredth of the rows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from quimbot.generate.ledger import Ledger, Row
from quimbot.records.record import Record
from quimbot.records.texts import fingerprint

_WINDOW = 64
"""Rows of a plan that the same rows before them decide about."""
_MOST_OF_ONE_REPLY = 0.01  # share of rows that may hold the very same reply
_AHEAD = 10  # the part of a plan, one in so many, that may be asked before the rows before it end
_FEW = 5  # in a small campaign, one reply may come this often


class Worn:
    """The worn replies for each window of the plan.

    A window is judged by the rows some windows before it: then a row is the same in whatever order
    rows end, and later windows may be asked while earlier ones are finishing. The longer the plan,
    the more may be under way.
    """

    def __init__(self, cells: int, ledger: Ledger) -> None:
        self._cells = cells
        self._most = _most_of_one_reply(cells)
        self._lag = max(1, cells // _WINDOW // _AHEAD)
        self._said: Counter[int] = Counter()
        self._often: set[int] = set()
        self._ended: defaultdict[int, list[int | None]] = defaultdict(list)
        self._complete = 0
        self._at: dict[int, frozenset[int]] = dict.fromkeys(range(self._lag + 1), frozenset())
        for row in ledger.rows():
            self.add(row)

    def may_ask(self, index: int) -> bool:
        """Whether enough rows before that one have ended."""
        return index // _WINDOW in self._at

    def has(self, index: int, reply: str) -> bool:
        """Whether this row may not have that reply."""
        return fingerprint(reply) in self._at[index // _WINDOW]

    def add(self, row: Row) -> None:
        """Take in a row that has ended, and the windows that are complete by now."""
        self._ended[row.index // _WINDOW].append(None if row.reason else fingerprint(reply_of(row)))
        while self._complete * _WINDOW < self._cells:
            size = min(_WINDOW, self._cells - self._complete * _WINDOW)
            if len(self._ended[self._complete]) < size:
                return
            for known in self._ended.pop(self._complete):
                if known is not None:
                    self._said[known] += 1
                    if self._said[known] >= self._most:
                        self._often.add(known)
            self._complete += 1
            self._at[self._complete + self._lag] = frozenset(self._often)
            self._at.pop(self._complete - 1)


def worn_out(rows: Iterable[Row], cells: int) -> Iterator[Row]:
    """The rows in the order of the plan, those refused whose reply came too often before."""
    said: Counter[int] = Counter()
    for row in rows:
        known = fingerprint(reply_of(row))
        worn = not row.reason and said[known] >= _most_of_one_reply(cells)
        said[known] += not row.reason
        yield msgspec.structs.replace(row, reason="worn-out") if worn else row


def reply_of(row: Row | Record) -> str:
    """The tutor's words."""
    record = row.record if isinstance(row, Row) else row
    return record.messages[-1].content


def _most_of_one_reply(cells: int) -> int:
    """How many rows of a campaign may hold the very same reply."""
    return max(_FEW, int(cells * _MOST_OF_ONE_REPLY) - 1)
