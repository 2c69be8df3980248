"""A campaign's client against a bare loop: share of a server's slots kept busy, CPU a row.

    python benchmarks/campaign.py --slots 8 64 256

The server stands on the loopback in a process of its own, answers after a fixed time and holds a
fixed number of answers at once. The bare loop is asyncio and httpx2 with one shared client, and
syncs each answer to a file; it does nothing else. Ours asks, keeps and orders rows as `generate`
does; the proof of each reply is timed apart and taken off. Answers go on while one is proved, so it
may seem busier than it can be.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2

from quimbot.generate import asking
from quimbot.generate.budget import Budget, Spending
from quimbot.generate.chain import open_chain
from quimbot.generate.ledger import Ledger
from quimbot.generate.plan import make_plan, read_moves
from quimbot.generate.prompts import read_prompts
from quimbot.generate.proof import prove
from quimbot.generate.teacher import Brief, Cell
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.records.record import Move

_SAID = {"content": "Oh, nice! Can you tell me more?"}
_BODY = json.dumps(
    {
        "model": "m",
        "choices": [{"message": _SAID, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10},
    }
).encode()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

BRIEF = Brief(prompts=read_prompts(), samplings=read_moves(["recast=1"])[1])


def serve(port: int, slots: int, latency: float) -> None:
    """Answer every request with the same reply."""

    async def main() -> None:
        gate = asyncio.Semaphore(slots)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    size = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                    await reader.readexactly(int(size))
                    async with gate:
                        await asyncio.sleep(latency)
                    writer.write(_HEAD % len(_BODY) + _BODY)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
        await server.serve_forever()

    asyncio.run(main())


def ours(cells: Sequence[Cell], address: str, slots: int, folder: Path) -> tuple[float, float]:
    """Seconds of wall clock and of CPU for all rows, their proof taken off."""
    proofs = [0.0, 0.0]

    def timed(records):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as prove has it
        wall, cpu = time.perf_counter(), time.process_time()
        found = list(prove(records))
        proofs[0] += time.perf_counter() - wall
        proofs[1] += time.process_time() - cpu
        return found

    asking.prove = timed
    ledger = Ledger(folder / "ours.jsonl", "plan", len(cells))
    wall, cpu = time.perf_counter(), time.process_time()
    with open_chain([f"{address} at_once={slots}"], BRIEF) as chain:
        work = asking.ask_all(
            cells, ledger, chain, attempts=1, spending=Spending(Budget()), tell=lambda _: None
        )
        asyncio.run(work)
    return time.perf_counter() - wall - proofs[0], time.process_time() - cpu - proofs[1]


def bare(cells: Sequence[Cell], address: str, slots: int, folder: Path) -> tuple[float, float]:
    """The same for the bare loop."""
    url = f"{address.partition('#')[0]}/chat/completions"
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)

    async def main() -> None:
        gate = asyncio.Semaphore(slots)
        with (folder / "bare.jsonl").open("ab") as file:
            async with httpx2.AsyncClient(limits=limits, timeout=60.0) as client:

                async def one(cell: Cell) -> None:
                    chat = [
                        {"role": message.role, "content": message.content}
                        for message in BRIEF.messages(cell)
                    ]
                    async with gate:
                        answer = await client.post(url, json={"model": "m", "messages": chat})
                    file.write(json.dumps({"row": cell.index, "text": answer.text}).encode())
                    file.flush()
                    os.fsync(file.fileno())

                async with asyncio.TaskGroup() as group:
                    for cell in cells:
                        group.create_task(one(cell))

    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(main())
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--slots", type=int, nargs="+", default=[8, 64, 256])
    parser.add_argument("--latency", type=float, default=0.1, help="seconds an answer takes")
    parser.add_argument("--rounds", type=int, default=20, help="answers of each slot")
    asked = parser.parse_args()
    print(f"{'slots':>5} {'rows':>6}  {'busy':>12}  {'CPU ms a row':>14}   (ours, bare)")
    for slots in asked.slots:
        rows = slots * asked.rounds
        seeds = list(shipped_bank().draw(rows, seed=1, long=0.5))
        cells = make_plan(seeds, {Move.RECAST: 1}, "")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = multiprocessing.Process(
            target=serve, args=(port, slots, asked.latency), daemon=True
        )
        server.start()
        time.sleep(1.0)
        address = f"http://127.0.0.1:{port}/v1#m"
        with tempfile.TemporaryDirectory() as folder:
            found = [way(cells, address, slots, Path(folder)) for way in (ours, bare)]
        server.kill()
        ideal = rows * asked.latency / slots
        busy = "  ".join(f"{ideal / wall:5.0%}" for wall, _ in found)
        spent = "  ".join(f"{1000 * cpu / rows:6.2f}" for _, cpu in found)
        print(f"{slots:>5} {rows:>6}  {busy:>12}  {spent:>14}")


if __name__ == "__main__":
    main()
