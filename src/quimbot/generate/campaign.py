"""`generate`: seeds become dialogues by a teacher, and only what is proved is written.

A plan is made before the first call. Rows are kept as they come and known by their place in the
plan, so a campaign killed at any time goes on and ends with the very same file.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import msgspec

from quimbot.exceptions import RecipeError, RuntimeFault
from quimbot.generate.asking import ask_all, most_of_one_reply, reply_of
from quimbot.generate.budget import Budget, Spending
from quimbot.generate.ledger import Ledger, Row
from quimbot.generate.plan import make_plan, move_weights, plan_hash
from quimbot.generate.preview import preview
from quimbot.generate.rules_teacher import RulesTeacher
from quimbot.generate.teacher import AT_ONCE, RuntimeTeacher, Teacher
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.inject import injected_seeds
from quimbot.pedagogy.seed import FIRST_LANGUAGES, Seed
from quimbot.records.jsonl import read_records
from quimbot.records.manifest import manifest_path, write_dataset
from quimbot.records.rejected import Rejected, rejected_path, rejecting, told
from quimbot.records.texts import first_turn
from quimbot.runs.watch import Task, Watch
from quimbot.runtimes.connect import connect
from quimbot.verify.near_duplicates import NearDuplicates

_SHOWN = 256
"""Rows between two that are shown."""
_LIMITS = (("prompt_price", 0), ("reply_price", 0), ("max_cost", 0), ("max_minutes", 0))
_DRAWN_AGAIN = (1, 2, 4, 8)
"""How many turns are drawn for each one wanted, until enough of them repeat nothing."""


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
    """What a million tokens of prompts cost at the teacher."""
    reply_price: float = 0.0
    """What a million tokens of replies cost at the teacher."""
    max_cost: float = 0.0
    """Most money that the campaign may cost, earlier runs of it counted; 0 for no limit."""
    max_minutes: float = 0.0
    """How long this run may take; 0 for no limit."""

    def __post_init__(self) -> None:
        """Check the values."""
        for name, least in (("dialogues", 1), ("attempts", 1), ("at_once", 1), *_LIMITS):
            if (value := getattr(self, name)) < least:
                raise RecipeError(f"{name} {value} must be at least {least}")
        if self.l1 not in ("", *FIRST_LANGUAGES):
            raise RecipeError(f"l1 {self.l1!r}; expected one of {', '.join(FIRST_LANGUAGES)}")
        if self.max_cost and not self.budget.priced:
            raise RecipeError("max_cost needs prompt_price or reply_price; give what tokens cost")
        if not 0 < self.near <= 1:
            raise RecipeError(f"near {self.near} must be above 0 and at most 1")
        for name in ("injected", "no_error", "long"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise RecipeError(f"{name} {share} must be between 0 and 1")
        move_weights(self.moves)

    @property
    def budget(self) -> Budget:
        """Its limits and prices."""
        return Budget(
            prompt_price=self.prompt_price,
            reply_price=self.reply_price,
            cost=self.max_cost,
            minutes=self.max_minutes,
        )

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
        OutOfCredit: its account or the budget is spent.
    """
    cells = make_plan(_seeds(settings), move_weights(settings.moves), settings.l1)
    plan = plan_hash(cells, settings.teacher, str(settings.attempts), str(settings.seed))
    if settings.dry_run:
        return preview(
            cells,
            plan,
            teacher=settings.teacher,
            attempts=settings.attempts,
            budget=settings.budget,
            at_once=settings.at_once,
        )
    ledger = Ledger(settings.output, plan)
    with (
        _teacher(settings) as teacher,
        watch.task("generate", len(cells), done=len(ledger.rows)) as task,
    ):
        spending = Spending(settings.budget)
        work = ask_all(
            cells,
            ledger,
            teacher,
            attempts=settings.attempts,
            spending=spending,
            tell=_teller(ledger.rows, spending, task, watch),
        )
        try:
            asyncio.run(work)
        except RuntimeFault as fault:
            kept = f"{len(ledger.rows)} of {len(cells)} rows are kept; the same command goes on"
            raise type(fault)(f"{fault}; {kept}") from fault
    rows = _worn_out([ledger.rows[cell.index] for cell in cells])
    summary = _finish(settings, plan, rows, spending)
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


def _worn_out(rows: Sequence[Row]) -> list[Row]:
    """The rows in the order of the plan, those refused whose reply came too often before."""
    said: Counter[str] = Counter()
    judged = []
    for row in rows:
        reply = reply_of(row.record)
        worn = not row.reason and said[reply] >= most_of_one_reply(len(rows))
        said[reply] += not row.reason
        judged.append(msgspec.structs.replace(row, reason="worn-out") if worn else row)
    return judged


def _teller(
    rows: dict[int, Row], spending: Spending, task: Task, watch: Watch
) -> Callable[[], None]:
    """Advances the bar by the rows that have ended, and shows one now and then."""
    told = len(rows)
    passed = sum(not row.reason for row in rows.values())

    def tell() -> None:
        nonlocal told, passed
        fresh = list(islice(reversed(rows.values()), len(rows) - told))
        passed += sum(not row.reason for row in fresh)
        shown = len(rows) // _SHOWN > told // _SHOWN
        told = len(rows)
        cost = {"cost": f"{spending.cost:.4g}"} if spending.budget.priced else {}
        task.advance(len(fresh), passed=f"{passed / told:.1%}", **cost)
        if shown and not fresh[0].reason:
            record = fresh[0].record
            watch.say(f"{record.messages[1].content} -> {reply_of(record)}")

    return tell


def _finish(settings: GenerateSettings, plan: str, rows: Sequence[Row], spending: Spending) -> str:
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
        }
        | ({"spent": spending.told()} if spending.told() else {}),
    )
    counts = [f"{count} {move}" for move, count in sorted(manifest.moves.items())]
    counts.append(f"{manifest.rows - sum(manifest.moves.values())} without an error")
    told_moves = ", ".join(counts)
    return (
        f"{manifest.rows} of {len(rows)} planned dialogues written, each proved ({told_moves})"
        f"{told(rejected.reasons)}" + (f"; {spending.told()}" if spending.told() else "")
    )
