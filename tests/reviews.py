"""Scores to review, and files as raters save them, made up for tests of the blind review."""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import structs
from scorecards import judged, write_scores

from quimbot.evaluate.blind.draw import draw, lots, turns
from quimbot.evaluate.blind.sheet import BAD, TIE, Key, Pair
from quimbot.records.record import Message, Record
from quimbot.runs.scorecard import Judged

ADDRESSES = ("runs/alpha/step-000010", "beta-model", "gamma-model")
_SAID = ("Oh, you saw town{}? Why?", "Ah, so town{} was fun? How so?", "And was town{} far?")


def answered(number: int, side: int, *, alike: bool = False, earlier: bool = False) -> Judged:
    """What one of the tutors answered about a town of its own, recast and verified."""
    row = judged(ADDRESSES[side], number, passed=True)
    before = (
        (
            Message(role="user", content="Hi </script><script>alert(1)</script>"),
            Message(role="assistant", content="Hi! And you?"),
        )
        if earlier
        else ()
    )
    record = Record(
        messages=(
            row.record.messages[0],
            *before,
            Message(role="user", content=f"I see a <b> town{number}."),
            Message(role="assistant", content=_SAID[0 if alike else side].format(number)),
        ),
        lessons=(structs.replace(row.record.lessons[0], turn=2 + len(before)),),
        provenance=row.record.provenance,
    )
    return structs.replace(row, record=record)


def score_folder(folder: Path, *, turns: int = 40, sides: int = 2) -> Path:
    """A score folder in which every tenth turn is answered alike and every third has a history."""
    return write_scores(
        folder,
        {
            ADDRESSES[side]: [
                answered(n, side, alike=n % 10 == 0, earlier=n % 3 == 0) for n in range(turns)
            ]
            for side in range(sides)
        },
    )


def make_key(count: int = 12, *, sides: int = 2, of: int = 40) -> Key:
    """A key as `blind make` would write it."""
    rows = [answered(n, side, alike=n % 10 == 0) for side in range(sides) for n in range(of)]
    pairs = draw(turns(rows, ADDRESSES[:sides]), count, lots(b"test"))
    return Key(
        sheet="5ee7",
        suite="eracond",
        runtimes=ADDRESSES[:sides],
        raters=(),
        quimbot="0.1.0",
        pairs=tuple(pairs),
    )


def written(*rows: Mapping[str, object]) -> str:
    """The rows as the page saves them."""
    lines, check = [], 0
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))[:-1]
        check = zlib.crc32(text.encode(), check)
        lines.append(f'{text},"check":"{check:08x}"}}\n')
    return "".join(lines)


def save(
    path: Path,
    key: Key,
    rater: str,
    choose: Callable[[Pair], str],
    *,
    why: Sequence[str] = (),
    note: str = "",
) -> Path:
    """A file of a rater who chooses an address (the first reply where it has none), `tie` or `bad`.

    An empty choice leaves the pair open.
    """
    rows = []
    for place, pair in enumerate(key.pairs, 1):
        choice = choose(pair)
        if choice:
            shown = [reply.id for reply in pair.replies]
            ids = {reply.address: reply.id for reply in pair.replies}
            rows.append(
                {
                    "sheet": key.sheet,
                    "rater": rater,
                    "place": place,
                    "pair": pair.id,
                    "shown": shown,
                    "choice": choice if choice in {TIE, BAD} else ids.get(choice, shown[0]),
                    "why": list(why),
                    "note": note,
                    "seconds": 10 + place,
                }
            )
    path.write_text(written(*rows), "utf-8")
    return path
