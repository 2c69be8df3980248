"""Many learners talk with `quimbot serve` at once: nothing is lost, mixed up, or kept for ever.

    python benchmarks/learners.py scripted:echo --minutes 10
    python benchmarks/learners.py runs/demo --minutes 10 --bare

Each of `--learners` holds conversations of `--turns` turns with time to think between them, over
loopback, and says in every turn who is speaking. A reply is checked to be the learner's own:
`scripted:echo` has to say the turn back byte for byte; of a model, the reply must name no other
learner, its id must never have been seen, and with the learner's API, where everybody is a person
with a key, the conversation that is kept must be the one that was held. A refusal (429) is tried
again after as long as it says. With `--bare` the same learners then talk to the engine alone, on
its own HTTP servers: what the time to the first words is there is what the machine can do.

When the time is over everybody leaves, whatever they wait for: an engine that refuses nobody has a
queue as long as there are learners, and would otherwise answer it for minutes more. A turn that was
under way is unfinished; where it had heard nothing, the time to its first words counts as what it
had waited; a percentile that this may have lowered says "or more".
"""

import argparse
import asyncio
import json
import math
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from serving import Bare, served

from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.record import Message
from quimbot.runtimes.chat_format import prompt_text
from quimbot.runtimes.connect import find_local
from quimbot.serve.store.store import Store
from quimbot.serve.tutors import tutor_entries
from quimbot.verify.suite import load_suite

LONGEST_S = 300.0
"""After which a turn counts as lost, waiting included."""
NAME = re.compile(r"\b[A-Z][a-z]{5}\b")
SYLLABLES = re.findall("..", "badefigohukaleminopurasetivozu")


def name_of(number: int) -> str:
    """A name of three syllables; any two differ in two, so nobody is misspelt into another."""
    first, second = divmod(number, len(SYLLABLES))
    third = (first + second) % len(SYLLABLES)
    return (SYLLABLES[first] + SYLLABLES[second] + SYLLABLES[third]).capitalize()


@dataclass
class Seen:
    """What everybody lived through."""

    first_s: list[float] = field(default_factory=list)
    """To the first words, from when the request that was answered was sent."""
    waited_s: list[float] = field(default_factory=list)
    """To the first words, from when the learner had written."""
    silent_s: list[float] = field(default_factory=list)
    """How long those had waited who had heard nothing when the time was over..."""
    silent_sent_s: list[float] = field(default_factory=list)
    """...and since they sent the request that was not answered."""
    unfinished: int = 0
    """Turns that were under way then, theirs included."""
    lost: Counter[str] = field(default_factory=Counter)
    mixed: list[str] = field(default_factory=list)
    refused: int = 0
    ids: set[str] = field(default_factory=set)

    @property
    def turns(self) -> int:
        """That were answered."""
        return len(self.first_s)


class Refused(Exception):  # noqa: N818 - a state, not a fault
    """Come again after so many seconds."""

    def __init__(self, after_s: float) -> None:
        super().__init__()
        self.after_s = after_s


class Lost(Exception):  # noqa: N818 - what is counted
    """The turn was not answered to its end."""


class Talk(Protocol):
    """One conversation with whoever answers."""

    def say(self, text: str) -> AsyncIterator[str]:
        """The reply in pieces."""
        ...

    async def kept(self) -> list[tuple[str, str]] | None:
        """The conversation as the other side has it, if it keeps one."""
        ...


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """What an event stream tells."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Refused(float(answer.headers["Retry-After"]))
    if not answer.ok:
        raise Lost(f"status {answer.status}")
    async for line in answer.content:
        if line.startswith(b"data: {"):
            event = json.loads(line[6:])
            if "error" in event:
                raise Lost(event["error"].get("code") or "error event")
            yield event


class OpenAITalk:
    """A conversation over `/v1`: the client keeps it."""

    def __init__(self, client: aiohttp.ClientSession, url: str, model: str, seen: Seen) -> None:
        """With a tutor."""
        self._client, self._url, self._model, self._seen = client, url, model, seen
        self.messages: list[dict[str, str]] = []

    async def say(self, text: str) -> AsyncIterator[str]:
        """The reply in pieces."""
        said = [*self.messages, {"role": "user", "content": text}]
        body = {"model": self._model, "messages": said, "stream": True}
        ids, parts, ended = set(), [], False
        async with self._client.post(f"{self._url}/chat/completions", json=body) as answer:
            async for event in events(answer):
                ids.add(event["id"])
                for choice in event["choices"]:
                    if piece := choice["delta"].get("content"):
                        parts.append(piece)
                        yield piece
                    ended = ended or choice["finish_reason"] is not None
        if not ended:
            raise Lost("broke off")
        if len(ids) != 1 or ids & self._seen.ids:
            self._seen.mixed.append(f"ids {ids}")
        self._seen.ids |= ids
        self.messages = [*said, {"role": "assistant", "content": "".join(parts)}]

    async def kept(self) -> list[tuple[str, str]] | None:
        """Nothing is kept there."""
        return None


class PageTalk:
    """A conversation over the learner's API, which keeps it."""

    def __init__(self, client: aiohttp.ClientSession, url: str, tutor: str, key: str) -> None:
        """With a tutor, as the person of a key; it begins with the first turn."""
        self._client, self._tutor = client, tutor
        self._who = {"Authorization": f"Bearer {key}"}
        self._url = f"{url.removesuffix('/v1')}/api/conversations"
        self._id = ""
        self._again = False

    async def say(self, text: str) -> AsyncIterator[str]:
        """The reply in pieces."""
        if not self._id:
            async with self._client.post(
                self._url, json={"tutor": self._tutor}, headers=self._who
            ) as answer:
                if not answer.ok:
                    raise Lost(f"status {answer.status} at the beginning")
                self._id = (await answer.json())["id"]
        body = {"text": text, "again": self._again}
        self._again = True  # until it has been answered
        state = ""
        turns = f"{self._url}/{self._id}/turns"
        async with self._client.post(turns, json=body, headers=self._who) as answer:
            async for event in events(answer):
                if "text" in event:
                    yield event["text"]
                else:
                    state = event["done"]["state"]
        if state != "whole":
            raise Lost(f"ended {state or 'without a word'}")
        self._again = False

    async def kept(self) -> list[tuple[str, str]] | None:
        """The turns as they are kept."""
        async with self._client.get(f"{self._url}/{self._id}", headers=self._who) as answer:
            turns = (await answer.json())["turns"]
        return [(turn["role"], turn["text"]) for turn in turns]


class BareTalk:
    """A conversation with the engine alone, its prompts written as the tutor's are."""

    def __init__(self, client: aiohttp.ClientSession, url: str, ask: "Asking") -> None:
        """At one of its workers."""
        self._client, self._url, self._ask = client, url, ask
        self._messages: list[Message] = []

    async def say(self, text: str) -> AsyncIterator[str]:
        """The reply in pieces."""
        said = [*self._messages, Message(role="user", content=text)]
        parts = []
        body = self._ask.body(said)
        async with self._client.post(f"{self._url}/v1/completions", json=body) as answer:
            async for event in events(answer):
                for choice in event["choices"]:
                    if choice["text"]:
                        parts.append(choice["text"])
                        yield choice["text"]
        reply = Message(role="assistant", content="".join(parts))
        self._messages = [*said, reply]

    async def kept(self) -> list[tuple[str, str]] | None:
        """Nothing is kept there."""
        return None


class Asking:
    """How the engine alone is asked what `quimbot serve` asks it for a tutor."""

    def __init__(self, run: str, tutor: str, tokens: int) -> None:
        """For a tutor of a run."""
        entry = next(one for one in tutor_entries(run) if one.name == tutor)
        self.address = entry.address
        local = find_local(entry.address)
        self._tokenizer = local.base.tokenizer()
        self._style = local.base.style_with(local.adapter)
        self._prompt = tutor_prompt(entry.move, entry.l1)
        self._more = {
            "max_tokens": tokens,
            "temperature": 0.3,
            "stream": True,
            "lora": [{"id": 0, "scale": 1.0}] if local.adapter else [],
        }

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        """The request for a conversation."""
        text = prompt_text([self._prompt, *messages], self._style)
        return {"prompt": self._tokenizer.encode(text, add_special_tokens=False), **self._more}


@dataclass
class Turn:
    """One turn of a learner, from when it was written."""

    wrote: float
    sent: float | None = None
    """When the request was sent that is not answered yet."""
    parts: list[str] = field(default_factory=list)


async def answered(
    talk: Talk, text: str, seen: Seen, rng: random.Random, until: float
) -> str | None:
    """The reply to a turn, asked for until it comes; none when it is lost or the time is over."""
    turn = Turn(time.perf_counter())
    try:
        async with asyncio.timeout(until - turn.wrote):
            return await heard_out(talk, text, seen, rng, turn)
    except TimeoutError:
        now = time.perf_counter()
    seen.unfinished += 1
    if not turn.parts:
        seen.silent_s.append(now - turn.wrote)
        if turn.sent is not None:
            seen.silent_sent_s.append(now - turn.sent)
    return None


async def heard_out(
    talk: Talk, text: str, seen: Seen, rng: random.Random, turn: Turn
) -> str | None:
    """The reply to a turn, asked for until it comes; none when it is lost."""
    while time.perf_counter() - turn.wrote < LONGEST_S:
        turn.sent, first = time.perf_counter(), 0.0
        try:
            async for piece in talk.say(text):
                first = first or time.perf_counter()
                turn.parts.append(piece)
        except Refused as refusal:
            seen.refused += 1
            turn.sent = None
            await asyncio.sleep(refusal.after_s * rng.uniform(1, 1.5))
            continue
        except (Lost, aiohttp.ClientError, TimeoutError) as fault:
            seen.lost[str(fault) or type(fault).__name__] += 1
            return None
        if not turn.parts:
            seen.lost["no words"] += 1
            return None
        seen.first_s.append(first - turn.sent)
        seen.waited_s.append(first - turn.wrote)
        return "".join(turn.parts)
    seen.lost["refused for too long"] += 1
    return None


@dataclass(frozen=True, kw_only=True)
class Life:
    """How every learner lives."""

    learners: int
    until: float
    think_s: float
    turns: int
    exact: bool
    """Whether the reply has to be the turn itself."""


async def live(number: int, begin: Callable[[], Talk], life: Life, seen: Seen) -> None:
    """One learner: conversation after conversation, until it is time."""
    rng, name = random.Random(number), name_of(number)
    others = {name_of(other) for other in range(life.learners)} - {name}
    sentences = [turn.learner for turn in load_suite("scaffolding")]
    await asyncio.sleep(rng.uniform(0, life.think_s))
    while time.perf_counter() < life.until:
        talk, held = begin(), []
        for turn in range(life.turns):
            text = f"{rng.choice(sentences)} I am {name} and this is sentence {turn}."
            reply = await answered(talk, text, seen, rng, life.until)
            if reply is None:
                break
            held += [("user", text), ("assistant", reply.rstrip())]  # as it is kept
            if (life.exact and reply != text) or others.intersection(NAME.findall(reply)):
                seen.mixed.append(f"{name} said {text!r} and heard {reply!r}")
            thinks = min(rng.expovariate(1 / life.think_s), 4 * life.think_s)
            left = life.until - time.perf_counter()
            await asyncio.sleep(min(thinks, max(0, left)))
            if thinks >= left:
                break
        kept = await talk.kept() if held else None
        if kept is not None and kept[: len(held)] != held:
            seen.mixed.append(f"{name} held {held} and {kept} is kept")


async def lives(
    learners: int, begin: Callable[[aiohttp.ClientSession, Seen, int], Talk], life: Life, key: str
) -> Seen:
    """What all of them lived through."""
    seen = Seen()
    timeout = aiohttp.ClientTimeout(total=None, sock_read=LONGEST_S)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(timeout=timeout, connector=connector, headers=headers) as client,
        asyncio.TaskGroup() as group,
    ):
        for number in range(learners):

            def one(number: int = number) -> Talk:
                return begin(client, seen, number)

            group.create_task(live(number, one, life, seen))
    return seen


def memory_of(pid: int) -> float:
    """The memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def watched(pid: int, rss: list[float]) -> None:
    """Note the memory of a process every two seconds."""
    while True:
        rss.append(memory_of(pid))
        await asyncio.sleep(2)


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1] if ordered else 0.0


def told(name: str, seen: Seen, seconds: float) -> None:
    """Print what was lived through at one place."""

    def at(values: list[float], silent: list[float]) -> str:
        parts = []
        for percent in (50, 95):
            low = percentile([*values, *silent], percent)
            high = percentile([*values, *(math.inf for _ in silent)], percent)
            parts.append(f"p{percent} {low:.3f} s{' or more' if high > low else ''}")
        return ", ".join(parts)

    print(
        f"{name}: {seen.turns} turns answered ({seen.turns / seconds:.1f}/s), "
        f"{sum(seen.lost.values())} lost {dict(seen.lost)}, {seen.unfinished} unfinished when time "
        f"was over, {len(seen.silent_s)} of them without a word, {len(seen.mixed)} mixed up, "
        f"{seen.refused} told to come again\n"
        f"  first words after sending: {at(seen.first_s, seen.silent_sent_s)}\n"
        f"  first words after writing, refusals included: {at(seen.waited_s, seen.silent_s)}"
    )
    for line in seen.mixed[:5]:
        print(f"  MIXED UP: {line}")


def memory(rss: Sequence[float]) -> str:
    """How the memory went."""
    quarters = [rss[at * len(rss) // 4 : (at + 1) * len(rss) // 4] for at in range(4)]
    means = ", ".join(f"{statistics.mean(part):.0f}" for part in quarters if part)
    return f"memory of the server, in quarters of the time: {means} MB, {max(rss):.0f} at most"


async def at_serve(
    asked: argparse.Namespace, pid: int, url: str, tutor: str, keys: Sequence[str]
) -> Seen:
    """The learners at `quimbot serve`, each with a key where keys are asked for."""

    def begin(client: aiohttp.ClientSession, seen: Seen, number: int) -> Talk:
        if keys:
            return PageTalk(client, url, tutor, keys[number])
        return OpenAITalk(client, url, tutor, seen)

    rss: list[float] = []
    watching = asyncio.create_task(watched(pid, rss))
    seen = await lives(asked.learners, begin, life_of(asked), "none")
    watching.cancel()
    print(memory(rss))
    return seen


async def at_engine(asked: argparse.Namespace, tutor: str) -> Seen:
    """The learners at the engine alone."""
    asking = Asking(asked.address, tutor, asked.tokens)
    with Bare(asking.address, asked.at_once) as engine:

        def begin(client: aiohttp.ClientSession, _: Seen, number: int) -> Talk:
            return BareTalk(client, engine.workers[number % len(engine.workers)], asking)

        return await lives(asked.learners, begin, life_of(asked), engine.key)


def keys_of(place: str, learners: int) -> list[str]:
    """A person in the store for each learner, and their keys."""
    with Store.open(place) as store:
        people = [store.people.add(name_of(number)) for number in range(learners)]
        return [store.keys.make(person.id, "benchmark") for person in people]


def life_of(asked: argparse.Namespace) -> Life:
    """How learners live from now on."""
    return Life(
        learners=asked.learners,
        until=time.perf_counter() + 60 * asked.minutes,
        think_s=asked.think,
        turns=asked.turns,
        exact=asked.api == "v1" and asked.address == "scripted:echo",
    )


def main() -> None:
    """Let them live, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("address", help="scripted:echo, a model, a checkpoint or a run folder")
    parser.add_argument("--tutor", default="", help="which tutor of a run folder")
    parser.add_argument("--api", choices=("v1", "page"), default="v1")
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--think", type=float, default=20, help="mean time to think, in seconds")
    parser.add_argument("--turns", type=int, default=5, help="of a conversation")
    parser.add_argument("--tokens", type=int, default=48, help="the longest reply")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--bare", action="store_true", help="then the engine alone")
    asked = parser.parse_args()
    tutor = asked.tutor or tutor_entries(asked.address)[0].name
    seconds = 60 * asked.minutes
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/store.db"
        keys = keys_of(store, asked.learners) if asked.api == "page" else []
        flags = ("--store", store, *(["--accounts"] if keys else []))
        with served(asked.address, asked.at_once, asked.tokens, *flags) as (process, url):
            seen = asyncio.run(at_serve(asked, process.pid, url, tutor, keys))
    told(f"quimbot serve ({asked.api})", seen, seconds)
    if asked.bare:
        told("the engine alone", asyncio.run(at_engine(asked, tutor)), seconds)
    sys.exit(1 if seen.lost or seen.mixed else 0)


if __name__ == "__main__":
    main()
