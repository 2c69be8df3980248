"""A campaign's client beside its peers: share of a server's slots kept busy, CPU a row.

    python benchmarks/campaign.py --slots 8 64
    python benchmarks/campaign.py --slots 256 --latency 1
    python benchmarks/campaign.py --slots 32 --peer VENV/bin/python SCRIPT

The server stands on the loopback in a process of its own, answers after a fixed time and holds a
fixed number of answers at once; it counts for how long each slot was held. All clients have the
same prompts to ask, as many under way as there are slots. Ours asks, keeps, syncs and orders rows
as `generate` does; the proof of the replies is left out, `benchmarks/verifier.py` times it. The
bare loop is asyncio and httpx2 with one client, and syncs each answer to a file; it does nothing
else. A peer, one of `benchmarks/peers/*_chats.py`, runs in an environment of
its own, named by its interpreter.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import httpx2
import msgspec

from quimbot.generate import asking
from quimbot.generate.budget import Budget, Spending
from quimbot.generate.chain import open_chain
from quimbot.generate.ledger import Ledger
from quimbot.generate.plan import make_plan, read_moves
from quimbot.generate.prompts import read_prompts
from quimbot.generate.teacher import Brief, Cell
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.records.record import Move

_REPLY = "Oh, that sounds lovely! And you went there with your sister? What did you two eat then?"
_BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": _REPLY},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
).encode()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

BRIEF = Brief(prompts=read_prompts(), samplings=read_moves(["recast=1"])[1])


@dataclass(frozen=True)
class Server:
    """A model that always says the same, after a fixed time."""

    url: str
    slots: int
    held: "Synchronized[float]"
    """Seconds for which slots were held, summed over the slots."""


@contextmanager
def server(slots: int, latency: float) -> Iterator[Server]:
    """A server in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    held = multiprocessing.Value("d", 0.0)
    process = multiprocessing.Process(target=_serve, args=(port, slots, latency, held), daemon=True)
    process.start()
    time.sleep(1.0)
    yield Server(f"http://127.0.0.1:{port}/v1", slots, held)
    process.kill()


def _serve(port: int, slots: int, latency: float, held: "Synchronized[float]") -> None:
    async def main() -> None:
        gate = asyncio.Semaphore(slots)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    size = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                    await reader.readexactly(int(size or 0))
                    async with gate:
                        start = time.perf_counter()
                        await asyncio.sleep(latency)
                        held.value += time.perf_counter() - start
                    writer.write(_HEAD % len(_BODY) + _BODY)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        await (await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)).serve_forever()

    asyncio.run(main())


def ours(cells: Sequence[Cell], server: Server, folder: Path) -> tuple[float, float]:
    """Seconds of wall clock and of CPU for all rows."""
    asking.prove = lambda records: iter([(record, "") for record in records])
    wall, cpu = time.perf_counter(), time.process_time()
    ledger = Ledger(folder / "ours.jsonl", "plan", len(cells))
    with open_chain([f"{server.url}#m at_once={server.slots}"], BRIEF) as chain:
        work = asking.ask_all(
            cells, ledger, chain, attempts=1, spending=Spending(Budget()), tell=lambda _: None
        )
        asyncio.run(work)
    return time.perf_counter() - wall, time.process_time() - cpu


def bare(cells: Sequence[Cell], server: Server, folder: Path) -> tuple[float, float]:
    """The same for the bare loop."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)

    async def main() -> None:
        gate = asyncio.Semaphore(server.slots)
        with (folder / "bare.jsonl").open("ab") as file:
            async with httpx2.AsyncClient(limits=limits, timeout=60.0) as client:

                async def one(cell: Cell) -> None:
                    body = {"model": "m", "messages": chat(cell)}
                    async with gate:
                        answer = await client.post(f"{server.url}/chat/completions", json=body)
                    file.write(json.dumps({"row": cell.index, "text": answer.text}).encode())
                    file.flush()
                    os.fsync(file.fileno())

                async with asyncio.TaskGroup() as group:
                    for cell in cells:
                        group.create_task(one(cell))

    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(main())
    return time.perf_counter() - wall, time.process_time() - cpu


def peer(
    command: Sequence[str], cells: Sequence[Cell], server: Server, folder: Path
) -> tuple[float, float]:
    """The same for a script that takes address, file of chats and slots, and prints both."""
    chats = folder / "chats.jsonl"
    lines = [json.dumps({m["role"]: m["content"] for m in chat(cell)}) for cell in cells]
    chats.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [*command, server.url, str(chats), str(server.slots)], stdout=subprocess.PIPE, check=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    if told["rows"] != len(cells):
        raise SystemExit(f"{command[-1]} gave {told['rows']} of {len(cells)} rows")
    return told["wall_s"], told["cpu_s"]


def chat(cell: Cell) -> list[dict[str, str]]:
    """What is asked for a cell."""
    return [msgspec.to_builtins(message) for message in BRIEF.messages(cell)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--slots", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--latency", type=float, default=0.1, help="seconds an answer takes")
    parser.add_argument("--rounds", type=int, default=100, help="answers of each slot")
    parser.add_argument("--peer", nargs=2, action="append", default=[], metavar="PYTHON SCRIPT")
    asked = parser.parse_args()
    print(f"{'slots':>5} {'rows':>6}  {'client':24} {'busy':>6} {'rows/s':>7} {'CPU ms/row':>10}")
    for slots in asked.slots:
        rows = slots * asked.rounds
        cells = make_plan(list(shipped_bank().draw(rows, seed=1, long=0.5)), {Move.RECAST: 1}, "")
        ways = {"quimbot": ours, "asyncio + httpx2": bare}
        ways |= {
            Path(script).stem: (lambda *job, command=(python, script): peer(command, *job))
            for python, script in asked.peer
        }
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder, server(slots, asked.latency) as model:
                wall, cpu = way(cells, model, Path(folder))
                busy = model.held.value / (slots * wall)
            cost = f"{1000 * cpu / rows:10.2f}"
            print(f"{slots:>5} {rows:>6}  {name:24} {busy:6.1%} {rows / wall:7.0f} {cost}")


if __name__ == "__main__":
    main()
