"""A recipe → its commands in order, each skipped when nothing that it depends on has changed."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from quimbot.commands import Work, command
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
