"""A recipe → its commands in order, each skipped when nothing that it depends on has changed."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from quimbot.exceptions import DataError, OutputError, RecipeError
from quimbot.records.jsonl import together, write_json
from quimbot.runs.recipe import Recipe, build_settings, filled, suggestion
from quimbot.runs.stamp import (
    Settings,
    ended,
    environment,
    make_stamp,
    plain,
    read_stamp,
    stamp_path,
    write_stamp,
)
from quimbot.runs.watch import Watch

Work = Callable[[Any, Watch], str]

COMMANDS = {
    "pull": "Read a corpus from a file, a folder or the hub as records.",
    "bank": "List, check and expand the error bank, with seeds of your own.",
    "generate": "Write dialogues with a teacher over the error bank, each one proved.",
    "filter": "Keep the records that pass the named checks; every rejected one has a reason.",
    "dedup": "Drop exact and near duplicates.",
    "decontaminate": "Drop what gives a suite's or a held-out learner turn away.",
    "design": "Tell what a Stage-2 corpus is worth: criteria, register, overlap, ratios, a recipe.",
    "split": "Part records into training and held-out, no family of learner turns on both sides.",
    "mix": "Blend files by share into one training mix.",
    "inventory": "Count what a folder of chat files holds, and what is wrong with it.",
    "card": "Write the page that a data set is published with, told from its manifests.",
    "train": "Train a LoRA adapter, from the base model or from an earlier checkpoint.",
    "perplexity": "Measure perplexity on held-out assistant tokens.",
    "score": "Let tutors answer a suite of learner turns and verify every reply.",
    "compare": "Put scored tutors side by side: who is better, and how surely.",
    "blind make": "Write a page on which people compare replies without knowing whose they are.",
    "blind open": "Count what they saved: who was preferred, and how far the raters agree.",
    "label make": "Write a page on which people answer, reply by reply, what the verifier answers.",
    "label open": "Hold what they saved against the verifier, and against each other.",
    "judge": "Ask any model for a second opinion on scored replies; nothing is chosen by it.",
    "select": "Pick a checkpoint by a stated rule, and say why.",
    "report": "Write one HTML page about a run.",
    "export": "Turn a checkpoint into other programs' formats, or a run into a vLLM server.",
    "doctor": "Tell what this machine can train, and what is in its way.",
    "serve": "Serve tutors over an OpenAI-compatible API, with a chat page.",
    "invite": "Make a link by which a learner, an instructor or an owner comes in.",
    "key make": "Make a key with which a program uses the API.",
    "key list": "List the keys, for whom they stand and when they were last used.",
    "key revoke": "Make a key open nothing any more.",
    "people list": "List who there is on a server, and when they last spoke.",
    "people delete": "Forget a person and all that is theirs, without asking.",
}
"""Every command that can do its work unattended, in data order, and what it does."""

FAMILIES = {
    "blind": "Let people compare tutors without knowing who is who.",
    "label": "Let people check the verifier itself.",
    "key": "Let programs use the API of a server.",
    "people": "See who there is on a server, and forget somebody.",
}
"""What the commands of two words have in common, by their first word."""


Found = tuple[type[Settings], Work]


def command(name: str) -> Found:
    """The settings type and the work of a command; only its own module is imported.

    Raises:
        RecipeError: there is no such command.
    """
    for group in (_making, _telling, _training, _measuring, _asking, _serving):
        if found := group(name):
            return found
    raise RecipeError(
        f"unknown command {name!r}; allowed: {', '.join(COMMANDS)}{suggestion(name, COMMANDS)}"
    )


def _making(name: str) -> Found | None:  # noqa: PLR0911 - one case a command
    """What writes records, and what keeps or lets fall."""
    match name:
        case "pull":
            from quimbot.sources.pull import PullSettings, pull

            return PullSettings, pull
        case "bank":
            from quimbot.pedagogy.bank.browse import BankSettings, bank

            return BankSettings, bank
        case "generate":
            from quimbot.generate.campaign import GenerateSettings, generate

            return GenerateSettings, generate
        case "filter":
            from quimbot.curate.filter import FilterSettings, filter_records

            return FilterSettings, filter_records
        case "dedup":
            from quimbot.curate.dedup import DedupSettings, dedup

            return DedupSettings, dedup
        case "decontaminate":
            from quimbot.curate.decontaminate import DecontaminateSettings, decontaminate

            return DecontaminateSettings, decontaminate
        case "split":
            from quimbot.curate.split import SplitSettings, split

            return SplitSettings, split
        case "mix":
            from quimbot.curate.mix import MixSettings, mix

            return MixSettings, mix
    return None


def _telling(name: str) -> Found | None:
    """What tells of data, and of what can be done with them."""
    match name:
        case "inventory":
            from quimbot.curate.inventory import InventorySettings, inventory

            return InventorySettings, inventory
        case "card":
            from quimbot.curate.data_card import CardSettings, data_card

            return CardSettings, data_card
        case "design":
            from quimbot.curate.design import DesignSettings, design

            return DesignSettings, design
        case "doctor":
            from quimbot.train.doctor import DoctorSettings, doctor

            return DoctorSettings, doctor
    return None


def _training(name: str) -> Found | None:
    """What makes an adapter, and takes it elsewhere."""
    match name:
        case "train":
            from quimbot.train.loop import train
            from quimbot.train.settings import TrainSettings

            return TrainSettings, train
        case "export":
            from quimbot.export.export import ExportSettings, export

            return ExportSettings, export
    return None


def _measuring(name: str) -> Found | None:  # noqa: PLR0911 - one case a command
    """What measures and chooses."""
    match name:
        case "perplexity":
            from quimbot.evaluate.perplexity import PerplexitySettings, perplexity

            return PerplexitySettings, perplexity
        case "score":
            from quimbot.evaluate.score import ScoreSettings, score

            return ScoreSettings, score
        case "compare":
            from quimbot.evaluate.versus import CompareSettings, compare_tutors

            return CompareSettings, compare_tutors
        case "judge":
            from quimbot.evaluate.judge import JudgeSettings, judge

            return JudgeSettings, judge
        case "select":
            from quimbot.evaluate.select import SelectSettings, select

            return SelectSettings, select
        case "report":
            from quimbot.evaluate.report import ReportSettings, report

            return ReportSettings, report
    return None


def _asking(name: str) -> Found | None:
    """What people are asked."""
    match name:
        case "blind make":
            from quimbot.evaluate.blind.make import BlindMakeSettings, make

            return BlindMakeSettings, make
        case "blind open":
            from quimbot.evaluate.blind.open import BlindOpenSettings, open_

            return BlindOpenSettings, open_
        case "label make":
            from quimbot.evaluate.label.make import LabelMakeSettings, label_make

            return LabelMakeSettings, label_make
        case "label open":
            from quimbot.evaluate.label.open import LabelOpenSettings, label_open

            return LabelOpenSettings, label_open
    return None


def _serving(name: str) -> Found | None:  # noqa: PLR0911 - one case a command
    """What brings tutors to learners."""
    match name:
        case "serve":
            from quimbot.serve.server import ServeSettings, serve

            return ServeSettings, serve
        case "invite":
            from quimbot.serve.invite import InviteSettings, invite

            return InviteSettings, invite
        case "key make":
            from quimbot.serve.keys import KeyMakeSettings, key_make

            return KeyMakeSettings, key_make
        case "key list":
            from quimbot.serve.keys import KeyListSettings, key_list

            return KeyListSettings, key_list
        case "key revoke":
            from quimbot.serve.keys import KeyRevokeSettings, key_revoke

            return KeyRevokeSettings, key_revoke
        case "people list":
            from quimbot.serve.people import PeopleListSettings, people_list

            return PeopleListSettings, people_list
        case "people delete":
            from quimbot.serve.people import PeopleDeleteSettings, people_delete

            return PeopleDeleteSettings, people_delete
    return None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a step ended."""

    step: str
    status: Literal["done", "skipped"]
    summary: str
    seconds: float


def perform(
    step: str, settings: Settings, work: Work, watch: Watch, *, replace: bool, force: bool = False
) -> Outcome:
    """Do a step unless its stamp says that this very work is done.

    `replace` allows an output of other settings or inputs to be done anew, as inside a run folder;
    `force` does the work anew whatever is there.

    Raises:
        OutputError: an output of something else is there and may not be replaced.
    """
    outputs = settings.outputs()
    if not outputs:
        return Outcome(step=step, status="done", summary=work(settings, watch), seconds=0.0)
    main, now = outputs[0], make_stamp(step, settings)
    old = read_stamp(main)
    if old and not force and old.holds(now) and all(path.exists() for path in outputs):
        return Outcome(step=step, status="skipped", summary=old.summary, seconds=old.seconds)
    _check_free(outputs, stamped=old is not None, replace=replace or force)
    if not all(path.exists() for path in outputs):
        stamp_path(main).unlink(missing_ok=True)  # it seals nothing
    started = time.monotonic()
    with (
        _set_aside(outputs, stamp_path(main), finished=old is not None or force),
        together(outputs, seal=stamp_path(main)),
    ):
        summary = work(settings, watch)
        seconds = time.monotonic() - started
        write_stamp(main, ended(now, summary=summary, seconds=seconds))
    return Outcome(step=step, status="done", summary=summary, seconds=seconds)


def _check_free(outputs: tuple[Path, ...], *, stamped: bool, replace: bool) -> None:
    """Nothing is there that may not be replaced; an unfinished folder is one to be continued.

    Raises:
        OutputError: something is.
    """
    for path in outputs:
        unfinished = path.is_dir() and not stamped
        if path.exists() and not unfinished and not replace:
            raise OutputError(
                f"{path}: already there, made from other settings or inputs; "
                "give --force to replace it, or another path"
            )


@contextmanager
def _set_aside(outputs: tuple[Path, ...], stamp: Path, *, finished: bool) -> Iterator[None]:
    """Finished folders of other work stand aside, with their stamp, until the new ones are there.

    Work that fails before it has made a folder gets the old one back.
    """
    olds = {path: path.with_name(f".{path.name.lstrip('.')}.old") for path in (*outputs, stamp)}
    moved = [path for path in outputs if finished and path.is_dir()]
    if moved and stamp.exists():
        moved.append(stamp)
    for path in moved:
        _remove(olds[path])
        path.rename(olds[path])
    try:
        yield
    except BaseException:
        if not any(path.exists() for path in moved):
            for path in moved:
                olds[path].rename(path)
        raise
    for old in olds.values():
        _remove(old)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def steps_of(recipe: Recipe, until: str = "") -> tuple[str, ...]:
    """A recipe's steps, up to and with one of them.

    Raises:
        RecipeError: it has none, or not that one.
    """
    if not recipe.steps:
        raise RecipeError(f'{recipe.path}: [run] names no steps; give steps = ["generate", …]')
    if until and until not in recipe.steps:
        known = ", ".join(recipe.steps)
        raise RecipeError(
            f"{recipe.path}: no step {until!r}; steps: {known}{suggestion(until, recipe.steps)}"
        )
    return tuple(recipe.steps[: recipe.steps.index(until) + 1] if until else recipe.steps)


def run(
    recipe: Recipe,
    watch: Watch,
    *,
    output: Path | None = None,
    until: str = "",
    force: bool = False,
) -> Iterator[Outcome]:
    """Do a recipe's steps in order, one outcome each; what is done and unchanged is skipped.

    All settings are checked before the first step begins.

    Raises:
        RecipeError: a table or a key is not what it must be.
        OutputError: another run is at work in the same folder.
    """
    folder = output or recipe.output
    steps = steps_of(recipe, until)
    for step in recipe.steps:
        _settings(recipe, step, folder)
    with _alone(folder):
        resolved = {step: plain(_settings(recipe, step, folder)[0]) for step in recipe.steps}
        write_json(
            folder / "run.json",
            {"recipe": str(recipe.path), "steps": resolved, "environment": environment()},
        )
        for step in steps:
            settings, work = _settings(recipe, step, folder)
            yield perform(step, settings, work, watch, replace=True, force=force)
        if recipe.tutors and steps == tuple(recipe.steps):
            tutors = [fill(filled(tutor, recipe.vars), folder) for tutor in recipe.tutors]
            write_json(folder / "tutors.json", tutors)


def _settings(recipe: Recipe, step: str, folder: Path) -> tuple[Settings, Work]:
    """The settings of a step as they stand now, and its work."""
    kind, work = command(step.partition(":")[0])
    table = fill(recipe.table(step), folder)
    return build_settings(kind, table, path=recipe.path, step=step), work


def fill(value: Any, folder: Path) -> Any:  # noqa: ANN401 - any TOML value
    """The value with `{run}` and `{picked}` filled in, however deep they stand."""
    value = filled(value, {"run": str(folder)})
    # Looked up only where it is named: a damaged choice must not keep `select` from running.
    return filled(value, {"picked": _picked(folder)}) if "{picked}" in repr(value) else value


def _picked(folder: Path) -> str:
    """The address that `select` wrote, or its placeholder while there is none."""
    path = folder / "picked.json"
    if not path.is_file():
        return "{picked}"
    try:
        return str(msgspec.json.decode(path.read_bytes())["address"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        raise DataError(f"{path}: holds no address; remove it and run select again") from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else works in this run folder meanwhile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as fault:
        raise OutputError(
            f"{folder}: cannot write ({fault.strerror}); name another folder with --output"
        ) from fault
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"{folder}: another run is at work there; wait for it, or give --output"
            ) from None
        yield
