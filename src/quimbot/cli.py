"""Every command, in data order: the only file that knows the command-line library and that prints.

A command's flags are the fields of its settings; `--recipe` supplies what no flag gives.
"""

import os

# Read once, when torch's thread library loads: waiting threads sleep instead of spinning. Beside
# other jobs a spinning pair made a training step 20 times slower.
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import asyncio
import errno
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, ArgumentCollection, CycloptsError, Parameter
from cyclopts.config import Dict
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from quimbot import pipeline
from quimbot.commands import COMMANDS, FAMILIES, command
from quimbot.exceptions import OutOfCredit, QuimbotError
from quimbot.runs.recipe import load_recipe, shipped_recipes
from quimbot.runs.watch import Task, Watch

INTERRUPTED = 130
FAILED = 1
MISUSED = 2
OUT_OF_CREDIT = 3

RECIPE = Parameter(help="Recipe that gives what no flag gives.", show_default=False)
SET = Parameter(
    name="--set",
    negative=(),
    help="A text of the recipe's \\[vars], as name=text; may be repeated.",
    show_default=False,
)
FORCE = Parameter(help="Do it anew and replace what is there.", negative=(), show_default=False)

_SILENCE_S = 60.0
"""Longest time without a line in a log."""
_SCORES = ("model", "verified", "any recast", "red pen", "question", "perplexity")

_talk = "Talk with a tutor in the terminal."
_COMMANDS = """\
/review    what you said here, how it can be said, and what returns
/why       why the tutor answered as it did
/progress  how it went in all your conversations
/new       begin another conversation
/quit      leave"""
_run = "Do a whole recipe, step by step; what is done and unchanged is skipped."

out = Console()
err = Console(stderr=True)


class Bars:
    """Draws progress bars with an ETA on a terminal, and a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def task(self, name: str, total: int, *, done: int = 0) -> Iterator[Task]:
        """A bar that lives as long as its block; a total of 0 is one that nobody knows."""
        if not self._console.is_terminal:
            yield _Lines(self._console, name, total, done)
            return
        with Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[facts]}", style="dim"),
            console=self._console,
            transient=True,
        ) as progress:
            yield _Bar(
                progress, progress.add_task(name, total=total or None, completed=done, facts="")
            )

    def say(self, text: str) -> None:
        """A line above the bar; what models wrote is shown as it is, never as markup."""
        self._console.print(Text("  " + text, style="italic"))


class _Bar:
    """A bar of `rich`."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, by: int = 1, **facts: float | str) -> None:
        self._progress.update(self._task, advance=by)
        if facts:
            self._progress.update(self._task, facts=_facts(facts))


class _Lines:
    """A line every tenth of the way, and every so many seconds, for logs."""

    def __init__(self, console: Console, name: str, total: int, done: int) -> None:
        self._console, self._name, self._total, self._done = console, name, total, done
        self._facts = ""
        self._first, self._began = done, time.monotonic()
        self._told = self._began

    def advance(self, by: int = 1, **facts: float | str) -> None:
        before = self._done * 10 // max(self._total, 1)
        self._done += by
        self._facts = _facts(facts) or self._facts
        now = time.monotonic()
        tenth = self._done * 10 // max(self._total, 1) > before
        if self._total and (tenth or now - self._told > _SILENCE_S):
            self._told = now
            left_s = (
                (now - self._began) / max(self._done - self._first, 1) * (self._total - self._done)
            )
            eta = f"eta {timedelta(seconds=round(left_s))}  " if self._done < self._total else ""
            line = f"  {self._name} {self._done}/{self._total}  {eta}{self._facts}"
            self._console.print(line.rstrip(), markup=False, highlight=False)


def _facts(facts: dict[str, float | str]) -> str:
    """`loss 0.512  tokens/s 231`."""
    return "  ".join(
        f"{name.replace('_per_', '/')} {value:.4g}"
        if isinstance(value, float)
        else f"{name} {value}"
        for name, value in facts.items()
    )


class FromRecipe:
    """Fills what no flag gave from the recipe's table of the command."""

    def __call__(self, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        """Called by the command-line library once the flags are read."""
        given: Any = arguments.get("--recipe", None)
        if given is None or not given.tokens or commands == ("run",):
            return
        recipe = load_recipe(given.tokens[0].value, _known())
        table = pipeline.fill(recipe.table(" ".join(commands)), recipe.output)
        for word in reversed(commands):
            table = {word: table}
        Dict(table, source=str(recipe.path))(app, commands, arguments)


def _known() -> tuple[str, ...]:
    """Every command that may have a recipe table."""
    return (*COMMANDS, "chat")


def build_app(name: str) -> App:
    """The command line with one command's flags in full; the others are only named."""
    app = App(
        name="quimbot",
        help="Train, prove and serve a language tutor that recasts errors inside a natural reply.",
        help_epilogue=f"Recipes that ship: {', '.join(shipped_recipes())}. Try: quimbot run demo",
        version_flags=["--version"],
        config=(FromRecipe(),),
        console=out,
        error_console=err,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.command(run, name="run", help=_run, sort_key=0)
    for place, (other, text) in enumerate(COMMANDS.items(), 1):
        family, _, own = other.rpartition(" ")
        if family and family not in app:
            app.command(App(name=family, help=FAMILIES[family], sort_key=place))
        body = _work(other) if other == name else _named(text)
        (app[family] if family else app).command(body, name=own, help=text, sort_key=place)
    chat = _conversation() if name == "chat" else _named(_talk)
    app.command(chat, name="chat", help=_talk, sort_key=len(COMMANDS) + 1)
    return app


def _named(text: str) -> Callable[[], None]:
    """A command that is only listed."""

    def listed() -> None:
        pass

    listed.__doc__ = text
    return listed


def _work(name: str) -> Callable[..., int]:
    """A command that does its work once."""
    kind, work = command(name)

    def do(
        settings: Any,  # noqa: ANN401 - the real type is set below, once its module is imported
        *,
        recipe: Annotated[str, RECIPE] = "",
        force: Annotated[bool, FORCE] = False,
    ) -> int:
        del recipe  # read by FromRecipe before the settings are built
        done = pipeline.perform(name, settings, work, Bars(err), replace=False, force=force)
        prefix = "already done: " if done.status == "skipped" else ""
        if settings.outputs():
            err.print(prefix + done.summary, markup=False, highlight=False, soft_wrap=True)
        else:  # what is not written is the answer, and may have colours
            out.print(Text.from_ansi(done.summary), soft_wrap=True)
        return 0

    do.__annotations__["settings"] = Annotated[kind, Parameter(name="*")]
    with suppress(TypeError):  # a command that needs no flag at all
        do.__defaults__ = (kind(),)
    return do


def _conversation() -> Callable[..., int]:
    """The terminal chat."""
    from quimbot.serve.chat import ChatSettings, open_chat  # noqa: PLC0415 - only when chatting

    def chat(
        settings: Annotated[ChatSettings, Parameter(name="*")],
        *,
        recipe: Annotated[str, RECIPE] = "",
    ) -> int:
        del recipe
        with ExitStack() as stack:
            with err.status("loading the tutor"):
                talk = stack.enter_context(open_chat(settings))
            _talk_on(talk, stack.enter_context(asyncio.Runner()))
        return 0

    return chat


def _talk_on(talk: Any, runner: asyncio.Runner) -> None:  # noqa: ANN401 - its module is imported only when chatting
    """Read a line, stream the reply, until the learner leaves; Ctrl-C stops the reply only."""
    err.print("[dim]Write in English. /help lists what else you can do, Ctrl-C stops a reply.[/]")
    looks = {"/review": talk.review, "/why": talk.why, "/progress": talk.progress}
    while True:
        try:
            text = out.input("[bold cyan]you[/]   ").strip()
        except EOFError:
            out.print()
            return
        if text == "/quit":
            return
        if text == "/new":
            talk.begin_again()
        elif text in looks:
            out.print(looks[text](), markup=False, highlight=False, soft_wrap=True)
        elif text.startswith("/"):
            err.print(_COMMANDS, markup=False, highlight=False)
        elif text:
            out.print("[bold green]tutor[/] ", end="")
            try:
                runner.run(_reply(talk, text))
            except KeyboardInterrupt:
                out.print(" …", end="")
            out.print()


async def _reply(talk: Any, text: str) -> None:  # noqa: ANN401
    """Show the reply as it comes, or why there is none."""
    from quimbot.serve.wire import ApiError  # noqa: PLC0415 - only when chatting

    try:
        async with aclosing(talk.say(text)) as pieces:
            async for piece in pieces:
                out.print(piece, end="", markup=False, highlight=False, soft_wrap=True)
    except ApiError as fault:
        err.print(f"({fault})", markup=False, highlight=False)


def run(
    recipe: Annotated[str, Parameter(help="A .toml file, or the name of a recipe that ships.")],
    *,
    output: Annotated[Path | None, Parameter(help="Run folder, in place of the recipe's.")] = None,
    until: Annotated[str, Parameter(help="Step after which to stop, such as mix.")] = "",
    set_: Annotated[tuple[str, ...], SET] = (),
    force: Annotated[bool, FORCE] = False,
) -> int:
    """Do a whole recipe, step by step; what is done and unchanged is skipped."""
    plan = load_recipe(recipe, _known()).with_vars(set_)
    watch: Watch = Bars(err)
    total = 0.0
    steps = pipeline.steps_of(plan, until)
    for number, done in enumerate(
        pipeline.run(plan, watch, output=output, until=until, force=force), 1
    ):
        mark = "[green]✓[/]" if done.status == "done" else "[dim]·[/]"
        note = f"{done.seconds:.0f} s" if done.status == "done" else "done before"
        total += done.seconds if done.status == "done" else 0.0
        err.print(f"{mark} {number:>2}/{len(steps)} [bold]{done.step}[/] [dim]{note}[/]", end=" ")
        err.print(done.summary, markup=False, highlight=False)
    whole = plan.tutors and len(steps) == len(plan.steps)
    return _finish(output or plan.output, total) if whole else 0


def _finish(folder: Path, seconds: float) -> int:
    """What a run ends with: replies before and after, and what to do next."""
    from quimbot.evaluate.report import (  # noqa: PLC0415 - only when a run has ended
        before_after,
        final_table,
    )

    if pairs := before_after(folder):
        heads = ("learner", "before", "after")
        _print_table("The same real learner sentences, before and after", heads, pairs, lines=True)
    if scores := final_table(folder):
        rows = [[row[head] for head in _SCORES] for row in scores]
        _print_table("Replies to real learner turns, in per cent", _SCORES, rows)
    if (page := folder / "report.html").is_file():
        out.print(f"Report: {page}   [dim]({seconds / 60:.1f} min of work)[/]")
    out.print(f"Next:   quimbot chat {folder}\n        quimbot serve {folder}")
    return 0


def _print_table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, lines: bool = False
) -> None:
    """A table of plain text; what people and models wrote is never read as markup."""
    table = Table(title=title, show_lines=lines)
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)


def launch(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; a user's error is one line."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("stamina").setLevel(logging.ERROR)  # it tells that it waits, not for whom
    try:
        status = _shared(lambda: _obey(_asked_for(arguments), arguments))
    except CycloptsError as fault:
        return _fail(str(fault), MISUSED)
    except QuimbotError as fault:
        return _fail(str(fault), OUT_OF_CREDIT if isinstance(fault, OutOfCredit) else FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted; the same command continues where it stopped", INTERRUPTED)
    except OSError as fault:
        if fault.errno != errno.ENOSPC:
            raise
        return _fail(f"{fault.filename or 'disk'}: no space left; free some and run again", FAILED)
    return status if isinstance(status, int) else 0


def _asked_for(arguments: Sequence[str]) -> str:
    """The command that is called: one word, or two of a family."""
    words = [word for word in arguments if not word.startswith("-")]
    two = " ".join(words[:2])
    return two if two in COMMANDS else "".join(words[:1])


def _obey(name: str, arguments: Sequence[str]) -> Any:  # noqa: ANN401 - whatever a command gives
    return build_app(name)(arguments, exit_on_error=False, print_error=False)


def _shared(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    """The work of one process among those that were started together, if there are several."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return work()
    from quimbot.train.together_backend import together  # noqa: PLC0415 - slow to load

    return together(work)


def _fail(text: str, status: int) -> int:
    """One line, and the status."""
    err.print(Text.assemble(("error: ", "bold red"), " ".join(text.split())), soft_wrap=True)
    return status


def main() -> None:
    """The entry point."""
    sys.exit(launch(sys.argv[1:]))
