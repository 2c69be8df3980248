"""A plan is asked of a teacher: many answers under way, each row proved and kept as it ends."""

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from quimbot.exceptions import Busy, OutOfCredit, PromptTooLong, RuntimeFault
from quimbot.generate.budget import Spending
from quimbot.generate.ledger import Ledger, Row
from quimbot.generate.plan import Plan
from quimbot.generate.proof import prove, record_of
from quimbot.generate.teacher import Answer, Cell, Teacher
from quimbot.generate.worn import Worn
from quimbot.records.record import Record

FAILED = "failed"
"""The reason of a row for which no reply could be had."""
_FAULTS = 5
"""Times that a cell is asked in vain before it is given up."""
_PAUSE_S = 0.5  # before a cell is asked again after a fault, doubled each time


async def ask_all(
    plan: Plan,
    ledger: Ledger,
    teacher: Teacher,
    *,
    attempts: int,
    spending: Spending,
    tell: Callable[[Sequence[Row]], None],
) -> None:
    """Ask for every cell that has not ended, as many at a time as the teacher takes.

    Each row is kept as it ends: accepted, refused after so many attempts, or failed when no reply
    could be had; `tell` is called with the rows then. When the teacher gives up or the budget is
    spent, nothing new is asked, and what is under way is still kept.

    Raises:
        OutputError: a row cannot be written.
        RuntimeFault: the teacher has given up.
        OutOfCredit: its account, or the budget, is spent.
    """
    job = _Job(plan, ledger, teacher, attempts, spending)
    came: Sequence[_Came] = ()
    async with teacher.session():
        while True:
            stopped = job.stopped()
            if not stopped:  # before replies are judged, so that the teacher never waits for that
                await job.start()
            if came:
                if ended := job.judge(came):
                    ledger.append(ended)
                    tell(ended)
                came = ()
            elif not job.under_way and (stopped or len(ledger) == len(plan)):
                break
            else:
                came = await job.answers()
    if stopped and len(ledger) < len(plan):
        raise stopped


@dataclass
class _Asked:
    """A cell under way, or waiting to be asked again, and what has become of it so far."""

    cell: Cell
    refused: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    in_vain: int = 0


_Came = tuple[_Asked, Answer | RuntimeFault]
"""What has become of a cell asked."""


class _Job:
    """Which cells wait, which are asked, and what becomes of the replies."""

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        teacher: Teacher,
        attempts: int,
        spending: Spending,
    ) -> None:
        self.under_way = 0
        """Cells asked whose answers have not been taken in."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ledger = ledger
        self._teacher = teacher
        self._attempts = attempts
        self._spending = spending
        self._fresh = (cell for cell in plan if cell.index not in ledger)
        self._waiting: deque[_Asked] = deque()
        self._later: list[tuple[float, int, _Asked]] = []
        self._came: asyncio.Queue[_Came] = asyncio.Queue()
        self._worn = Worn(len(plan), ledger)
        spent = ledger.tally
        spending.add(spent.prompt_tokens, spent.reply_tokens, spent.cost)

    def stopped(self) -> RuntimeFault | None:
        """Why nothing more is to be asked."""
        over = self._spending.over()
        return OutOfCredit(over) if over else self._teacher.given_up

    async def start(self) -> None:
        """Ask until as many answers are under way as the teacher takes."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._waiting.appendleft(heapq.heappop(self._later)[2])
        for _ in range(self._teacher.at_once - self.under_way):
            asked = self._next() if self._teacher.ready() else None
            if asked is None:
                return
            task = asyncio.ensure_future(self._ask(asked))
            self._tasks.add(task)  # a task that nobody holds may be collected
            task.add_done_callback(self._tasks.discard)
            self.under_way += 1
            await asyncio.sleep(0)  # it begins, and counts for whether one more may be asked

    async def answers(self) -> list[_Came]:
        """What has come, in the order of the plan; nothing when a pause ended first."""
        came = []
        try:
            async with asyncio.timeout(self._pause()):
                came.append(await self._came.get())
        except TimeoutError:
            return []
        while not self._came.empty():
            came.append(self._came.get_nowait())
        self.under_way -= len(came)
        for _, found in came:
            if isinstance(found, Answer):
                self._spending.add(found.prompt_tokens, found.reply_tokens, found.cost)
        return sorted(came, key=lambda one: one[0].cell.index)

    def judge(self, came: Sequence[_Came]) -> list[Row]:
        """The rows that end with these; the other cells wait again."""
        answered: list[tuple[_Asked, Answer]] = []
        ended = []
        for asked, found in came:
            if isinstance(found, RuntimeFault):
                if row := self._in_vain(asked, found):
                    ended.append(row)
            else:
                asked.answers.append(found)
                answered.append((asked, found))
        records = [record_of(asked.cell, found) for asked, found in answered]
        for (asked, found), (record, fault) in zip(answered, prove(records), strict=True):
            worn = self._worn.has(asked.cell.index, found.text)
            reason = fault or ("worn-out" if worn else "")
            asked.refused += [reason] if reason else []
            if reason and len(asked.refused) < self._attempts:
                self._waiting.appendleft(asked)
            else:
                ended.append(_row(asked, record, reason))
        for row in ended:
            self._worn.add(row)
        return ended

    async def _ask(self, asked: _Asked) -> None:
        try:
            found: Answer | RuntimeFault = await self._teacher.answer(asked.cell, asked.refused)
        except RuntimeFault as fault:
            found = fault
        self._came.put_nowait((asked, found))

    def _next(self) -> _Asked | None:
        """The next cell, if one may be asked."""
        if not self._waiting:
            cell = next(self._fresh, None)
            if cell is None:
                return None
            self._waiting.append(_Asked(cell))
        if not self._worn.may_ask(self._waiting[0].cell.index):
            return None
        return self._waiting.popleft()

    def _pause(self) -> float | None:
        """Seconds until something may be asked that may not be asked now."""
        rest = self._teacher.rest()
        pauses = [] if rest is None else [rest]
        if self._later:
            pauses.append(self._later[0][0] - time.monotonic())
        return max(min(pauses), 0.001) if pauses else None

    def _in_vain(self, asked: _Asked, fault: RuntimeFault) -> Row | None:
        """Its row when no reply is to be had; else it waits to be asked again."""
        asked.faults.append(fault.kind)
        if isinstance(fault, Busy):  # no fault of the cell
            self._waiting.appendleft(asked)
            return None
        asked.in_vain += 1
        if asked.in_vain < _FAULTS and not isinstance(fault, PromptTooLong):
            at = time.monotonic() + _PAUSE_S * 2 ** (asked.in_vain - 1)
            heapq.heappush(self._later, (at, asked.cell.index, asked))
            return None
        record = record_of(asked.cell, Answer(text="", author=""))
        return _row(asked, record, FAILED, str(fault))


def _row(asked: _Asked, record: Record, reason: str, fault: str = "") -> Row:
    """How a cell ended, with what it took to get there."""
    return Row(
        index=asked.cell.index,
        record=record,
        reason=reason,
        fault=fault,
        faults=tuple(asked.faults),
        prompt_tokens=sum(each.prompt_tokens for each in asked.answers),
        reply_tokens=sum(each.reply_tokens for each in asked.answers),
        cost=sum(each.cost for each in asked.answers),
    )
