"""A Stage-2 design as one self-contained page, and as tables for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import jinja2

from quimbot.curate.design_report import Criterion, Design, Variant
from quimbot.curate.inventory_page import Share
from quimbot.records.jsonl import replacing
from quimbot.runs.scorecard import Rate
from quimbot.verify.manner import TRUSTED

_SMALLEST = 0.0005

Table = list[tuple[str, ...]]


def write_page(path: Path, found: Design) -> None:
    """Write the page; it appears whole or not at all."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quimbot.curate", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("design.html").render(
        found=found,
        percent=percent,
        portraits=list(_portraits(found)),
        overlaps=_overlaps(found),
        trust=_trust(),
    )
    with replacing(path) as file:
        file.write(html.encode("utf-8", "replace"))


def tables(found: Design) -> Iterator[Table]:
    """The criteria, those of each variant, and the parts of each mix, under heads."""
    yield _criteria("check", found.criteria)
    for one in found.variants:
        if one.checks:
            yield _criteria(f"then for {one.name}", one.checks)
    for one in found.variants:
        yield _parts(one)


def percent(share: float) -> str:
    """A share in per cent; what is there is never 0."""
    if 0 < share < _SMALLEST:
        return "<0.1\u202f%"
    return f"{100 * share:.1f}\u202f%"


def _criteria(head: str, criteria: Sequence[Criterion]) -> Table:
    rows: Table = [(head, "takes out alone", "in", "out", "most of it")]
    for one in criteria:
        reason, count = next(iter(one.reasons.items()), ("", 0))
        most = f"{count:,} {reason}" if reason else ""
        alone = f"{one.alone.passed:,} ({_plain(one.alone)})"
        rows.append((one.check, alone, f"{one.entered:,}", f"{one.left:,}", most))
    return rows


def _parts(one: Variant) -> Table:
    rows: Table = [(f"mix {one.name}", "share", "rows", "there are", "rests on")]
    for part in one.parts:
        there = f"{part.available:,}" + (f" x{part.times}" if part.times > 1 else "")
        rows.append((part.name, f"{part.share:.0%}", f"{part.rows:,}", there, part.basis))
    return [*rows, ("in all", "100%", f"{one.size:,}", "", "")]


def _plain(rate: Rate) -> str:
    return percent(rate.value).replace("\u202f", "")


def _portraits(found: Design) -> Iterator[tuple[str, str, list[Share]]]:
    looked = f"Of {found.looked_at:,} chats looked at."
    yield "Languages", looked, _shares(found.languages)
    yield (
        "Talk or task",
        "Code, lists and very long replies in any language.",
        _shares(found.shape.kinds),
    )
    yield "Exchanges", "Learner turns of a chat.", _shares(found.shape.exchanges)
    if (register := found.register) is not None:
        about = f"Of {register.chats:,} chats not surely in another language."
        for side, name in (("learner", "Learners"), ("reply", "Replies")):
            yield f"{name} address", about, _shares(register.address[side])
            yield (
                f"{name} sound",
                "By lists of words; most hold none.",
                _shares(register.style[side]),
            )
        yield (
            "Ease of reading",
            "Replies of ten words or more, INFLESZ.",
            _shares(register.readability),
        )


def _overlaps(found: Design) -> list[tuple[str, int]]:
    overlap = found.overlap
    return [
        ("say what Stage 1 says, word for word", overlap.exact),
        ("nearly say what Stage 1 says", overlap.near),
        ("begin with a learner turn that Stage 1 teaches on, or a near one", overlap.families),
        ("say what another row says, word for word", overlap.copies),
        ("nearly say what another row says", overlap.near_copies),
    ]


def _trust() -> str:
    told = []
    for name, what in (
        ("address", "forms of address"),
        ("switching", "switches to English"),
        ("task", "orders for a text"),
    ):
        right, named, there = TRUSTED[name]
        told.append(f"{right} of the {named} {what} they named were right, of {there} there are")
    return (
        "The rules are lists and endings, measured on sentences written for this and not used to "
        f"make them: {'; '.join(told)}. So what they name can mostly be trusted, and they miss "
        "much: each share is a lower bound."
    )


def _shares(counts: Mapping[str, int]) -> list[Share]:
    whole = sum(counts.values())
    return [
        Share(name=name, count=count, percent=100 * count / max(whole, 1))
        for name, count in counts.items()
    ]
