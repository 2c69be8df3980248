"""`generate`: seeds become dialogues by a teacher, and only what is proved is written.

A plan is made before the first call. Rows are kept as they come and known by their place in the
plan, so a campaign killed at any time goes on and ends with the very same file.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from quimbot.exceptions import RecipeError, RuntimeFault
from quimbot.generate.ledger import Ledger, Row
from quimbot.generate.plan import make_plan, move_weights, plan_hash
from quimbot.generate.preview import preview
from quimbot.generate.proof import prove, record_of
from quimbot.generate.rules_teacher import RulesTeacher
from quimbot.generate.teacher import AT_ONCE, Cell, RuntimeTeacher, Teacher
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.inject import injected_seeds
from quimbot.pedagogy.seed import FIRST_LANGUAGES, Seed
from quimbot.records.jsonl import read_records
from quimbot.records.manifest import manifest_path, write_dataset
from quimbot.records.record import Record
from quimbot.records.rejected import Rejected, rejected_path, rejecting, told
from quimbot.records.texts import first_turn
from quimbot.runs.watch import Task, Watch
from quimbot.runtimes.connect import connect
from quimbot.verify.near_duplicates import NearDuplicates

_WINDOW = 64
"""Rows of a plan that the same rows before them decide about."""
_SHOWN = 256
"""Rows between two that are shown."""
_MOST_OF_ONE_REPLY = 0.01  # share of rows that may hold the very same reply
_DRAWN_AGAIN = (1, 2, 4, 8)
"""How many turns are drawn for each one wanted, until enough of them repeat nothing."""
_FEW = 5  # in a small campaign, one reply may come this often


@dataclass(frozen=True, kw_only=True)
class GenerateSettings:
    """What to generate."""

    output: Path
    """Dialogues to write (.jsonl); refused ones go to `<output>.rejected.jsonl`."""
    dialogues: int = 1200
    """How many rows to plan."""
    moves: tuple[str, ...] = ("recast=6", "elicitation=1", "expansion=2", "hint=1")
    """How often each move is asked for, as move=weight."""
    l1: str = ""
    """First language of the learners (es, zh, ar, ko); empty for all of them."""
    injected: float = 0.5
    """Share of learner turns made from correct sentences with errors put in; the rest are drawn
    from the error bank."""
    own: tuple[Path, ...] = ()
    """Files with seeds of your own (.toml), drawn from beside those of the bank."""
    category: str = ""
    """Only seeds of the bank with this kind of error, such as past-tense."""
    level: str = ""
    """Only seeds of the bank of this level: A2, B1 or B2."""
    against: tuple[Path, ...] = ()
    """Records that you have already: no learner turn of theirs comes again."""
    near: float = 1.0
    """Overlap in words from which a turn repeats another, of those files or of the campaign; 1 for
    the same words only."""
    no_error: float = 0.1
    """Share of the bank's learner turns without any error."""
    long: float = 0.3
    """Share of the bank's learner turns with more than one sentence, some with two errors."""
    teacher: str = "rules"
    """Who writes the replies: rules (offline), or the address of a model to ask."""
    at_once: int = AT_ONCE
    """Answers that a model is asked for at the same time."""
    attempts: int = 3
    """Replies asked for one row before it is given up."""
    seed: int = 0
    """Which turns and replies are drawn."""
    dry_run: bool = False
    """Show the plan, its coverage, three prompts and the cost; ask nothing and write nothing."""
    prompt_price: float = 0.0
    """What a million tokens of prompts cost at the teacher, for --dry-run."""
    reply_price: float = 0.0
    """What a million tokens of replies cost at the teacher, for --dry-run."""

    def __post_init__(self) -> None:
        """Check the values."""
        if self.dialogues < 1:
            raise RecipeError(f"dialogues {self.dialogues} must be at least 1")
        for name in ("attempts", "at_once"):
            if (value := getattr(self, name)) < 1:
                raise RecipeError(f"{name} {value} must be at least 1")
        if self.l1 not in ("", *FIRST_LANGUAGES):
            raise RecipeError(f"l1 {self.l1!r}; expected one of {', '.join(FIRST_LANGUAGES)}")
        if min(self.prompt_price, self.reply_price) < 0:
            raise RecipeError("prompt_price and reply_price must be at least 0")
        if not 0 < self.near <= 1:
            raise RecipeError(f"near {self.near} must be above 0 and at most 1")
        for name in ("injected", "no_error", "long"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise RecipeError(f"{name} {share} must be between 0 and 1")
        move_weights(self.moves)

    def inputs(self) -> tuple[Path, ...]:
        """The seeds of your own and the records you have; all else ships with the package."""
        return (*self.own, *self.against)

    def outputs(self) -> tuple[Path, ...]:
        """The dialogues, their manifest, and the refused rows; nothing when only looked at."""
        if self.dry_run:
            return ()
        return (self.output, manifest_path(self.output), rejected_path(self.output))


def generate(settings: GenerateSettings, watch: Watch) -> str:
    """Write the planned dialogues, each proved to perform its move.

    Raises:
        OutputError: the rows cannot be written.
        RecipeError: the bank does not hold so many distinct turns.
        RuntimeFault: the teacher does not answer; run again to go on.
    """
    cells = make_plan(_seeds(settings), move_weights(settings.moves), settings.l1)
    plan = plan_hash(cells, settings.teacher, str(settings.attempts), str(settings.seed))
    if settings.dry_run:
        return preview(
            cells,
            plan,
            teacher=settings.teacher,
            attempts=settings.attempts,
            prompt_price=settings.prompt_price,
            reply_price=settings.reply_price,
            at_once=settings.at_once,
        )
    ledger = Ledger(settings.output, plan)
    with (
        _teacher(settings) as teacher,
        watch.task("generate", len(cells), done=len(ledger.rows)) as task,
    ):
        tell = _teller(ledger.rows, task, watch)
        try:
            asyncio.run(_ask(cells, ledger, teacher, settings.attempts, tell))
        except RuntimeFault as fault:
            kept = f"{len(ledger.rows)} of {len(cells)} rows are kept; the same command goes on"
            raise type(fault)(f"{fault}; {kept}") from fault
    summary = _finish(settings, plan, [ledger.rows[cell.index] for cell in cells])
    ledger.close()
    return summary


def _seeds(settings: GenerateSettings) -> list[Seed]:
    """The learner turns of the campaign, none of them a repeat; more are drawn for those left out.

    Raises:
        RecipeError: the bank does not hold so many distinct turns.
    """
    if not settings.against and settings.near == 1:
        return _drawn(settings, settings.dialogues)
    owned = [first_turn(record) for path in settings.against for record in read_records(path)]
    finder = NearDuplicates(threshold=settings.near)
    fresh: list[Seed] = []
    for times in _DRAWN_AGAIN:
        seeds = _drawn(settings, times * settings.dialogues)
        matches = finder.matches([*owned, *(each.learner for each in seeds)], owned=len(owned))
        fresh = [
            each for each, match in zip(seeds, matches[len(owned) :], strict=True) if not match
        ]
        if len(fresh) >= settings.dialogues:
            return fresh[: settings.dialogues]
    raise RecipeError(
        f"only {len(fresh)} of {times * settings.dialogues} turns drawn repeat no other; "
        "ask for fewer dialogues or raise near"
    )


def _drawn(settings: GenerateSettings, count: int) -> list[Seed]:
    """So many learner turns, bank and sentences well mixed, none twice."""
    wanted = round(count * settings.injected)
    bank = shipped_bank().with_own(settings.own)
    drawn = bank.only(category=settings.category, l1=settings.l1, level=settings.level).draw(
        count - wanted,
        seed=settings.seed,
        l1=settings.l1,
        long=settings.long,
        no_error=settings.no_error,
    )
    turns = {seed.learner.lower(): seed for seed in drawn}
    injected = injected_seeds(wanted, settings.seed, settings.l1) if wanted else ()
    turns |= {seed.learner.lower(): seed for seed in injected}
    seeds = list(turns.values())
    Random(settings.seed).shuffle(seeds)  # noqa: S311 - reproducible, nothing secret
    return seeds


@contextmanager
def _teacher(settings: GenerateSettings) -> Iterator[Teacher]:
    if settings.teacher == "rules":
        yield RulesTeacher(settings.seed)
        return
    with connect(settings.teacher) as runtime:
        yield RuntimeTeacher(runtime, seed=settings.seed, at_once=settings.at_once)


async def _ask(
    cells: Sequence[Cell], ledger: Ledger, teacher: Teacher, attempts: int, tell: Callable[[], None]
) -> None:
    """Ask for every cell that has not ended, the teacher's `at_once` of them at a time.

    Each row is kept as it ends: accepted, or refused after so many attempts. When the teacher
    fails, nothing new is asked, and what is under way is still kept.
    """
    worn = _Worn(len(cells))
    worn.advance(ledger.rows)
    waiting = deque(cell for cell in cells if cell.index not in ledger.rows)
    refused: dict[int, list[str]] = defaultdict(list)
    asked: dict[asyncio.Task[str], Cell] = {}
    fault: RuntimeFault | None = None
    while asked or (waiting and not fault):
        while (
            waiting
            and not fault
            and len(asked) < teacher.at_once
            and worn.may_ask(waiting[0].index)
        ):
            cell = waiting.popleft()
            asked[asyncio.ensure_future(teacher.answer(cell, refused[cell.index]))] = cell
        done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        answered: list[tuple[Cell, str]] = []
        for task in sorted(done, key=lambda each: asked[each].index):
            cell = asked.pop(task)
            try:
                answered.append((cell, task.result()))
            except RuntimeFault as failed:
                fault = fault or failed
        records = [record_of(cell, reply, teacher.name) for cell, reply in answered]
        ended = []
        for (cell, reply), (record, found) in zip(answered, prove(records), strict=True):
            reason = found or ("worn-out" if reply in worn.at(cell.index) else "")
            if reason:
                refused[cell.index].append(reason)
            if not reason or len(refused[cell.index]) == attempts:
                ended.append(Row(index=cell.index, record=record, reason=reason))
            else:
                waiting.appendleft(cell)
        if ended:
            ledger.append(ended)
            worn.advance(ledger.rows)
            tell()
    if fault:
        raise fault


class _Worn:
    """Replies that have been used often enough, for each window of the plan.

    A window is judged by the rows up to the last but one before it: then a row is the same in
    whatever order rows end, and a window may be asked while the one before it is finishing.
    """

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._most = max(_FEW, int(cells * _MOST_OF_ONE_REPLY) - 1)
        self._said: Counter[str] = Counter()
        self._complete = 0
        self._at: dict[int, frozenset[str]] = {0: frozenset(), 1: frozenset()}

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
            self._at[self._complete + 1] = frozenset(often)


def reply_of(record: Record) -> str:
    """The tutor's words."""
    return record.messages[-1].content


def _teller(rows: dict[int, Row], task: Task, watch: Watch) -> Callable[[], None]:
    """Advances the bar by the rows that have ended, and shows one now and then."""
    told = len(rows)
    passed = sum(not row.reason for row in rows.values())

    def tell() -> None:
        nonlocal told, passed
        fresh = list(islice(reversed(rows.values()), len(rows) - told))
        passed += sum(not row.reason for row in fresh)
        shown = len(rows) // _SHOWN > told // _SHOWN
        told = len(rows)
        task.advance(len(fresh), passed=f"{passed / told:.1%}")
        if shown and not fresh[0].reason:
            record = fresh[0].record
            watch.say(f"{record.messages[1].content} -> {reply_of(record)}")

    return tell


def _finish(settings: GenerateSettings, plan: str, rows: Sequence[Row]) -> str:
    """Part the accepted rows from the refused, and sum up."""
    accepted = [row.record for row in rows if not row.reason]
    coverage = Counter(
        f"{lesson.move}/{record.tags['category']}"
        for record in accepted
        for lesson in record.lessons
    )
    with rejecting(settings.output) as rejected:
        for row in rows:
            if row.reason:
                rejected.add(Rejected(reason=row.reason, check="generate", record=row.record))
    manifest = write_dataset(
        settings.output,
        accepted,
        settings=settings,
        facts={
            "plan": plan,
            "planned": len(rows),
            "rejected": rejected.reasons,
            "coverage": dict(sorted(coverage.items())),
        },
    )
    counts = [f"{count} {move}" for move, count in sorted(manifest.moves.items())]
    counts.append(f"{manifest.rows - sum(manifest.moves.values())} without an error")
    told_moves = ", ".join(counts)
    return (
        f"{manifest.rows} of {len(rows)} planned dialogues written, each proved ({told_moves})"
        f"{told(rejected.reasons)}"
    )
