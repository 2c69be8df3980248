"""`generate`: seeds become dialogues by a teacher, and only what is proved is written.

A plan is made before the first call. Rows are kept as they come and known by their place in the
plan, so a campaign killed at any time goes on and ends with the very same file.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

from quimbot.exceptions import RecipeError, RuntimeFault
from quimbot.generate.asking import ask_all
from quimbot.generate.budget import Budget, Spending
from quimbot.generate.chain import open_chain
from quimbot.generate.coverage import coverage_path
from quimbot.generate.ledger import Ledger, Row
from quimbot.generate.outcome import write_outcome
from quimbot.generate.plan import make_plan, plan_hash, read_moves
from quimbot.generate.preview import preview
from quimbot.generate.prompts import read_prompts
from quimbot.generate.provider import read_terms
from quimbot.generate.rules_teacher import RulesTeacher, moves_for
from quimbot.generate.shelf import Shelf
from quimbot.generate.teacher import Brief, Teacher
from quimbot.generate.worn import reply_of
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.inject import injected_seeds
from quimbot.pedagogy.seed import FIRST_LANGUAGES
from quimbot.records.jsonl import once_there, read_records
from quimbot.records.manifest import manifest_path
from quimbot.records.record import Move
from quimbot.records.rejected import rejected_path
from quimbot.records.texts import fingerprint, first_turn
from quimbot.runs.watch import Task, Watch
from quimbot.verify.near_duplicates import NearDuplicates

_SHOWN = 256
"""Rows between two that are shown."""
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
    """How often each move is asked for, as move=weight. Options for a model follow: temperature=0.8
    top_p=0.95 tokens=96."""
    block: int = 1
    """How many rows of one move follow each other; with 1, a run cut short holds all moves."""
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
    teacher: tuple[str, ...] = ("rules",)
    """Who writes the replies: rules (offline), or addresses of models, asked in that order. Options
    follow an address: at_once=16 per_minute=20 timeout=120 prompt_price=0.1 reply_price=0.4 (of a
    million tokens) max_cost=5 models=other,names key=VARIABLE."""
    prompts: Path | None = None
    """Folder with recast.md, elicitation.md, expansion.md and hint.md of your own."""
    attempts: int = 3
    """Replies asked for one row before it is given up."""
    seed: int = 0
    """Which turns and replies are drawn."""
    dry_run: bool = False
    """Show the plan, its coverage, three prompts and the cost; ask nothing and write nothing."""
    max_cost: float | None = None
    """Most money that the campaign may cost, earlier runs of it counted."""
    max_tokens: int | None = None
    """Most tokens of prompts and replies, earlier runs of the campaign counted."""
    max_minutes: float | None = None
    """How long this run may take."""

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("dialogues", "attempts", "block"):
            if (value := getattr(self, name)) < 1:
                raise RecipeError(f"{name} {value} must be at least 1")
        if self.l1 not in ("", *FIRST_LANGUAGES):
            raise RecipeError(f"l1 {self.l1!r}; expected one of {', '.join(FIRST_LANGUAGES)}")
        for name in ("max_cost", "max_tokens", "max_minutes"):
            limit = getattr(self, name)
            if limit is not None and limit <= 0:
                raise RecipeError(f"{name} {limit} buys nothing; leave it out for no limit")
        if not 0 < self.near <= 1:
            raise RecipeError(f"near {self.near} must be above 0 and at most 1")
        for name in ("injected", "no_error", "long"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise RecipeError(f"{name} {share} must be between 0 and 1")
        read_moves(self.moves)
        self._check_teachers()

    def _check_teachers(self) -> None:
        if "rules" in self.teacher and not self.offline:
            raise RecipeError("teacher rules stands alone; it is never out of reach")
        if not self.offline:
            priced = [read_terms(text)[1].priced for text in self.teacher]
            if self.max_cost and not all(priced):
                raise RecipeError(
                    "max_cost needs prompt_price and reply_price after each teacher's address"
                )

    @property
    def budget(self) -> Budget:
        """Its limits."""
        return Budget(cost=self.max_cost, tokens=self.max_tokens, minutes=self.max_minutes)

    @property
    def offline(self) -> bool:
        """Whether rules write the replies."""
        return self.teacher == ("rules",)

    def inputs(self) -> tuple[Path, ...]:
        """Your own seeds and prompts and the records you have; all else ships with the package."""
        prompts = [self.prompts / f"{move}.md" for move in Move] if self.prompts else []
        return (*self.own, *self.against, *prompts)

    def outputs(self) -> tuple[Path, ...]:
        """Dialogues, manifest, refused rows, page of coverage; nothing when only looked at."""
        if self.dry_run:
            return ()
        output = self.output
        return (output, manifest_path(output), rejected_path(output), coverage_path(output))


def generate(settings: GenerateSettings, watch: Watch) -> str:
    """Write the planned dialogues, each proved to perform its move.

    Raises:
        OutputError: the rows cannot be written.
        RecipeError: the bank does not hold so many distinct turns.
        RuntimeFault: the teacher does not answer; run again to go on.
        OutOfCredit: its account or the budget is spent.
    """
    weights, samplings = read_moves(settings.moves)
    brief = Brief(prompts=read_prompts(settings.prompts), samplings=samplings, seed=settings.seed)
    plan = make_plan(
        _seeds(settings, watch),
        weights,
        settings.l1,
        block=settings.block,
        able=moves_for if settings.offline else lambda _: tuple(Move),
    )
    digest = plan_hash(plan, *_facts(settings, brief))
    if settings.dry_run:
        return preview(
            plan, digest, teachers=settings.teacher, attempts=settings.attempts, brief=brief
        )
    ledger = Ledger(settings.output, digest, len(plan))
    spending = Spending(settings.budget)
    with (
        _teacher(settings, brief) as teacher,
        watch.task("generate", len(plan), done=len(ledger)) as task,
    ):
        work = ask_all(
            plan,
            ledger,
            teacher,
            attempts=settings.attempts,
            spending=spending,
            tell=_teller(ledger, spending, task, watch),
        )
        try:
            asyncio.run(work)
        except RuntimeFault as fault:
            kept = f"{len(ledger)} of {len(plan)} rows are kept; the same command goes on"
            raise type(fault)(f"{fault}; {kept}") from fault
    summary = write_outcome(
        settings.output, plan, ledger, spent=spending.told(), digest=digest, settings=settings
    )
    once_there(ledger.close)
    return summary


def _facts(settings: GenerateSettings, brief: Brief) -> Iterator[str]:
    """What decides the rows besides the cells; models may change while a campaign is under way."""
    yield from (str(settings.attempts), str(settings.seed))
    if settings.offline:
        yield "rules"
        return
    yield from (brief.prompts[move] for move in Move)
    yield from (f"{move} {sampling}" for move, sampling in sorted(brief.samplings.items()))


def _seeds(settings: GenerateSettings, watch: Watch) -> Shelf:
    """The learner turns of the campaign, none of them a repeat; more are drawn for those left out.

    Raises:
        RecipeError: the bank does not hold so many distinct turns.
    """
    if not settings.against and settings.near == 1:
        return _drawn(settings, settings.dialogues, watch)
    owned = [first_turn(record) for path in settings.against for record in read_records(path)]
    finder = NearDuplicates(threshold=settings.near)
    fresh: list[int] = []
    for times in _DRAWN_AGAIN:
        seeds = _drawn(settings, times * settings.dialogues, watch)
        matches = finder.matches([*owned, *(each.learner for each in seeds)], owned=len(owned))
        fresh = [place for place, match in enumerate(matches[len(owned) :]) if not match]
        if len(fresh) >= settings.dialogues:
            seeds.keep(fresh[: settings.dialogues])
            return seeds
    raise RecipeError(
        f"only {len(fresh)} of {times * settings.dialogues} turns drawn repeat no other; "
        "ask for fewer dialogues or raise near"
    )


def _drawn(settings: GenerateSettings, count: int, watch: Watch) -> Shelf:
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
    injected = injected_seeds(wanted, settings.seed, settings.l1) if wanted else ()
    shelf = Shelf()
    places: dict[int, int] = {}
    with watch.task("plan", count) as task:
        for seed in chain(drawn, injected):
            turn = fingerprint(seed.learner.lower())
            shelf.put(seed, places.get(turn))
            places.setdefault(turn, len(shelf) - 1)
            task.advance()
    shelf.shuffle(Random(settings.seed))  # noqa: S311 - reproducible, nothing secret
    return shelf


@contextmanager
def _teacher(settings: GenerateSettings, brief: Brief) -> Iterator[Teacher]:
    if settings.offline:
        yield RulesTeacher(settings.seed)
        return
    with open_chain(settings.teacher, brief) as chain:
        yield chain


def _teller(
    ledger: Ledger, spending: Spending, task: Task, watch: Watch
) -> Callable[[Sequence[Row]], None]:
    """Advances the bar by the rows that have ended, and shows one now and then."""
    before = len(ledger)

    def tell(ended: Sequence[Row]) -> None:
        done = len(ledger)
        facts: dict[str, float | str] = {
            "rows_per_s": (done - before) / max(time.monotonic() - spending.began, 1e-9),
            "passed": f"{ledger.tally.accepted / done:.1%}",
        }
        if spending.cost:
            facts["cost"] = f"{spending.cost:.4g}"
        task.advance(len(ended), **facts)
        last = ended[-1]
        if done // _SHOWN > (done - len(ended)) // _SHOWN and not last.reason:
            watch.say(f"{last.record.messages[1].content} -> {reply_of(last)}")

    return tell
