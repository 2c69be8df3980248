"""An inventory as one self-contained page: what a folder holds, how often, and what has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from quimbot.curate.changes import Inventory
from quimbot.curate.counts import Bar, FolderCounts, Spread
from quimbot.records.jsonl import replacing

_MANY = 40
"""Rows of a table that are shown at once; the others unfold."""
_HIGH = 100
_WIDE = 400
_GAP = 2


@dataclass(frozen=True, kw_only=True)
class Share:
    """A name, its count, and its part of the whole in percent."""

    name: str
    count: int
    percent: float


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Counts of one kind, the commonest first."""

    title: str
    about: str
    shares: list[Share]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A bar of a drawn distribution, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    says: str


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Lengths of messages, drawn."""

    title: str
    says: str
    blocks: list[Block]
    highest: int
    """The count of the longest bar."""
    ends: tuple[str, str, str]
    """What stands under the first bar, the middle and the last bar."""


def write_page(path: Path, found: Inventory) -> None:
    """Write the page; it appears whole or not at all."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quimbot.curate", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    counts = found.counts
    html = environment.get_template("inventory.html").render(
        counts=counts,
        changes=found.changes,
        turns=_shares({turn.text: turn.count for turn in counts.commonest_turns}, counts.rows),
        distributions=[
            _distribution("Learner turns", counts.learner_lengths, counts.learner_words),
            _distribution("Replies", counts.reply_lengths, counts.reply_words),
        ],
        rankings=_rankings(counts),
        files=sorted(counts.files, key=lambda file: (-file.rows, file.file)),
        faulty=[(file, fault) for file in counts.files for fault in file.faults],
        many=_MANY,
        wide_units=_WIDE,
        high=_HIGH,
    )
    with replacing(path) as file:
        file.write(html.encode("utf-8", "replace"))


def _rankings(counts: FolderCounts) -> list[Ranking]:
    sampled = sum(counts.languages.values())
    kinds = (
        ("Sources", "Of records; other shapes do not say.", counts.sources),
        ("Licences", "Of records, as the pull was told.", counts.licences),
        ("Languages", f"Told from {sampled:,} chats, spread evenly.", counts.languages),
        ("Moves", "Of lessons: how a reply answers an error.", counts.moves),
        ("Error types", "Of lessons, as ERRANT names them.", counts.error_types),
        ("Roles", "Of messages.", counts.roles),
        ("Shapes", "Of chats: whose columns they have.", counts.shapes),
    )
    return [
        Ranking(title=title, about=about, shares=_shares(of, sum(of.values())))
        for title, about, of in kinds
        if of
    ]


def _shares(counts: Mapping[str, int], whole: int) -> list[Share]:
    return [
        Share(name=name, count=count, percent=100 * count / max(whole, 1))
        for name, count in counts.items()
    ]


def _distribution(title: str, bars: Sequence[Bar], words: Spread) -> Distribution:
    """Bars of one width, drawn from the lower edge."""
    highest = max((bar.count for bar in bars), default=1)
    step = _WIDE / max(len(bars), 1)
    blocks = [
        Block(
            x=place * step,
            y=_HIGH - _HIGH * bar.count / highest,
            width=step - _GAP,
            height=_HIGH * bar.count / highest,
            says=f"{_range(bar)} words: {bar.count:,}",
        )
        for place, bar in enumerate(bars)
    ]
    ends = ("", "", "")
    if bars:
        ends = (_range(bars[0]), _range(bars[len(bars) // 2]), f"{_range(bars[-1])} words")
    return Distribution(
        title=title,
        says=f"{title}: median {words.median} words, 95 in 100 have at most {words.p95}, "
        f"the longest {words.most:,}",
        blocks=blocks,
        highest=highest,
        ends=ends,
    )


def _range(bar: Bar) -> str:
    return f"{bar.least} to {bar.most:,}" if bar.most > bar.least else str(bar.least)
