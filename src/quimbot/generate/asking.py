"""A plan is asked of a teacher: many answers under way, each row proved and kept as it ends."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence

from quimbot.exceptions import OutOfCredit, RuntimeFault
from quimbot.generate.budget import Spending
from quimbot.generate.ledger import Ledger, Row
from quimbot.generate.proof import prove, record_of
from quimbot.generate.teacher import Cell, Teacher
from quimbot.records.record import Record
from quimbot.runtimes.runtime import Reply

_WINDOW = 64
"""Rows of a plan that the same rows before them decide about."""
_MOST_OF_ONE_REPLY = 0.01  # share of rows that may hold the very same reply
_AHEAD = 10  # the part of a plan, one in so many, that may be asked before the rows before it end
_FEW = 5  # in a small campaign, one reply may come this often


async def ask_all(
    cells: Sequence[Cell],
    ledger: Ledger,
    teacher: Teacher,
    *,
    attempts: int,
    spending: Spending,
    tell: Callable[[], None],
) -> None:
    """Ask for every cell that has not ended, the teacher's `at_once` of them at a time.

    Each row is kept as it ends: accepted, or refused after so many attempts; `tell` is called then.
    When the teacher fails or the budget is spent, nothing new is asked, and what is under way is
    still kept.

    Raises:
        OutputError: a row cannot be written.
        RuntimeFault: the teacher failed.
        OutOfCredit: its account, or the budget, is spent.
    """
    job = _Job(cells, ledger, teacher, attempts)
    spending.add(ledger.rows.values())
    over = spending.over()
    fault: RuntimeFault | None = OutOfCredit(over) if over else None
    async with teacher.session():
        if not fault:
            job.start()
        while job.asked:
            done, _ = await asyncio.wait(job.asked, return_when=asyncio.FIRST_COMPLETED)
            answered, failed = job.answers(done)
            spending.add(reply for _, reply in answered)
            over = spending.over()
            fault = fault or failed or (OutOfCredit(over) if over else None)
            if job.judge(answered):
                tell()
            if not fault:
                job.start()
    if fault and len(ledger.rows) < len(cells):
        raise fault


def reply_of(record: Record) -> str:
    """The tutor's words."""
    return record.messages[-1].content


class _Job:
    """Which cells wait, which are asked, and what became of their replies so far."""

    def __init__(
        self, cells: Sequence[Cell], ledger: Ledger, teacher: Teacher, attempts: int
    ) -> None:
        self.asked: dict[asyncio.Task[Reply], Cell] = {}
        self._ledger = ledger
        self._teacher = teacher
        self._attempts = attempts
        self._waiting = deque(cell for cell in cells if cell.index not in ledger.rows)
        self._refused: dict[int, list[str]] = defaultdict(list)
        self._replies: dict[int, list[Reply]] = defaultdict(list)
        self._worn = _Worn(len(cells))
        self._worn.advance(ledger.rows)

    def start(self) -> None:
        """Ask until as many answers are under way as the teacher takes."""
        while self._waiting and len(self.asked) < self._teacher.at_once:
            if not self._worn.may_ask(self._waiting[0].index):
                return
            cell = self._waiting.popleft()
            answer = self._teacher.answer(cell, self._refused[cell.index])
            self.asked[asyncio.ensure_future(answer)] = cell

    def answers(
        self, done: set[asyncio.Task[Reply]]
    ) -> tuple[list[tuple[Cell, Reply]], RuntimeFault | None]:
        """The replies that came, in the order of the plan, and the first failure."""
        came: list[tuple[Cell, Reply]] = []
        fault: RuntimeFault | None = None
        for task in sorted(done, key=lambda each: self.asked[each].index):
            cell = self.asked.pop(task)
            try:
                came.append((cell, task.result()))
            except RuntimeFault as failed:
                fault = fault or failed
        return came, fault

    def judge(self, answered: Sequence[tuple[Cell, Reply]]) -> bool:
        """Keep the rows that end with these replies, and let the other cells wait again."""
        records = [record_of(cell, reply.text, self._teacher.name) for cell, reply in answered]
        ended = []
        for (cell, reply), (record, found) in zip(answered, prove(records), strict=True):
            worn = reply.text in self._worn.at(cell.index)
            reason = found or ("worn-out" if worn else "")
            replies, refused = self._replies[cell.index], self._refused[cell.index]
            replies.append(reply)
            if reason:
                refused.append(reason)
            if reason and len(refused) < self._attempts:
                self._waiting.appendleft(cell)
                continue
            ended.append(
                Row(
                    index=cell.index,
                    record=record,
                    reason=reason,
                    prompt_tokens=sum(each.prompt_tokens for each in replies),
                    reply_tokens=sum(each.reply_tokens for each in replies),
                )
            )
            del self._replies[cell.index], self._refused[cell.index]
        if ended:
            self._ledger.append(ended)
            self._worn.advance(self._ledger.rows)
        return bool(ended)


def most_of_one_reply(cells: int) -> int:
    """How many rows of a campaign may hold the very same reply."""
    return max(_FEW, int(cells * _MOST_OF_ONE_REPLY) - 1)


class _Worn:
    """Replies that have been used often enough, for each window of the plan.

    A window is judged by the rows some windows before it: then a row is the same in whatever order
    rows end, and later windows may be asked while earlier ones are finishing. The longer the plan,
    the more may be under way.
    """

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._most = most_of_one_reply(cells)
        self._lag = max(1, cells // _WINDOW // _AHEAD)
        self._said: Counter[str] = Counter()
        self._complete = 0
        self._at: dict[int, frozenset[str]] = dict.fromkeys(range(self._lag + 1), frozenset())

    def may_ask(self, index: int) -> bool:
        """Whether enough rows before that one have ended."""
        return index // _WINDOW in self._at

    def at(self, index: int) -> frozenset[str]:
        """The replies that this row may not have."""
        return self._at[index // _WINDOW]

    def advance(self, rows: Mapping[int, Row]) -> None:
        """Take in the windows that are complete by now."""
        while self._complete * _WINDOW < self._cells:
            first = self._complete * _WINDOW
            window = range(first, min(first + _WINDOW, self._cells))
            if any(index not in rows for index in window):
                return
            self._said.update(
                reply_of(rows[index].record) for index in window if not rows[index].reason
            )
            self._complete += 1
            often = (reply for reply, count in self._said.items() if count >= self._most)
            self._at[self._complete + self._lag] = frozenset(often)
            self._at.pop(self._complete - 1)
