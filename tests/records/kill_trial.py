"""Pulls over older files, killed wherever they can be; run by test_appear_together.

Tells what was there before and what after, for each kill; any half file is an AssertionError.
"""

import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from quimbot import pipeline
from quimbot.exceptions import DataError, OutputError
from quimbot.records.jsonl import write_rows
from quimbot.records.manifest import read_manifest
from quimbot.runs import stamp
from quimbot.runs.watch import Silent
from quimbot.sources import pull as command

Work = Callable[[], None]
Files = dict[str, bytes]

OUTPUT = Path("here", "x.jsonl")
INSTANTS, CALLS = 12, 7

tell = sys.stdout.write


def pull(word: str) -> None:
    """Pull the corpus of that name over whatever is there."""
    settings = command.PullSettings(
        source=f"{word}.jsonl", output=OUTPUT, bad_rows="reject", licence=word
    )
    pipeline.perform("pull", settings, command.pull, Silent(), replace=True)


def corpus(word: str, count: int) -> None:
    """So many chats and a bad row."""
    chat = [{"role": "user", "content": word}, {"role": "assistant", "content": "Oh?"}]
    good = ({"messages": chat, "n": number} for number in range(count))
    write_rows(Path(f"{word}.jsonl"), [*good, {"messages": [], "word": word}])


def there() -> Files:
    """The outputs that are there; hidden files are none."""
    return {path.name: path.read_bytes() for path in OUTPUT.parent.glob("[!.]*")}


def after(before: Files, new: Files) -> str:
    """What a kill left: old files, new ones, or a mixture that no seal covers."""
    found = there()
    for name, content in found.items():
        assert content in (before.get(name), new[name]), f"half of {name}"
    if seal := stamp.read_stamp(OUTPUT):
        assert found == (new if seal.settings["licence"] == "new" else before), "sealed mixture"
    if found == before:
        return "old" if before else "none"
    if found == new:
        return "new"
    try:
        read_manifest(OUTPUT)
    except DataError as fault:
        if "run the step that writes" not in str(fault):
            raise
    return "between"


def at(seconds: float, work: Work) -> None:
    """Do the work in a child and kill it so many seconds later."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def dying(call: str, left: int, work: Work) -> Work:
    """The work, in a process that dies of its call of `os.<call>` after so many others."""
    real = getattr(os, call)

    def counted(*arguments: object, **named: object) -> object:
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return real(*arguments, **named)

    def dies() -> None:
        setattr(os, call, counted)
        work()

    return dies


def again() -> None:
    """The new pull, as the user starts it again."""
    pull("new")


def fresh(word: str) -> Files:
    """The folder as it is before the kill."""
    shutil.rmtree(OUTPUT.parent, ignore_errors=True)
    OUTPUT.parent.mkdir()
    if word != "none":
        pull(word)
    return there()


def kill_everywhere() -> None:
    """Kill at random instants, and around every file that appears or goes."""
    chance = random.Random(5)
    new = fresh("new")
    for word in ("old", "none"):
        kills = [(chance.uniform(0.001, 0.15), again) for _ in range(INSTANTS)]
        for call in ("replace", "unlink"):
            kills += [(0.0, dying(call, left, again)) for left in range(CALLS)]
        for seconds, work in kills:
            before = fresh(word)
            at(seconds, work)
            tell(f"{word}:{after(before, new)}\n")
            again()
            assert there() == new
            assert stamp.read_stamp(OUTPUT)
            assert not list(OUTPUT.parent.glob(".*.part")), "a leftover was not swept"


def fill_the_disk() -> None:
    """Pull with less room than the records need."""
    before = fresh("old")
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
    try:
        again()
    except OutputError as fault:
        tell(f"{fault}\n")
    left = list(OUTPUT.parent.glob(".*.part"))
    tell("old" if there() == before and not left else "changed")


def main(folder: str, *what: str) -> None:
    """Run the trial that is asked for in a folder."""
    os.chdir(folder)
    facts = stamp.environment()  # asks git, which takes longer than everything else
    stamp.environment = lambda: facts
    for word in ("old", "new"):
        corpus(word, 1500)
    fill_the_disk() if what else kill_everywhere()


if __name__ == "__main__":
    main(*sys.argv[1:])
