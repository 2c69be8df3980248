"""The funnel as a picture: one SVG that follows the reader's light or dark mode.

Bars and a table of numbers, each as wide as its count: nothing here needs a charting library.
"""

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

from quimbot.curate.funnel import Funnel, listed, share, shown
from quimbot.records.jsonl import replacing

_SVG = "http://www.w3.org/2000/svg"
_WIDTH = 960
_EDGE = 20
_BARS = 220
"""Where bars begin; names stand left of it."""
_LONGEST = 490
"""A bar of every row read."""
_STEP = 48
_ROW = 26
_CHARACTER = 6.6
"""Width of a small letter, at most, in the fonts that readers have."""
_STYLE = """
svg { color-scheme: light dark; background: #fff; --ink: #1b1f24; --quiet: #59636e;
  --kept: #2f6fb2; --lost: #c8453b; --rule: #d8dee4; }
@media (prefers-color-scheme: dark) { svg { background: #14181d; --ink: #e8ecf0; --quiet: #9aa5b1;
  --kept: #6aa7e8; --lost: #f0796f; --rule: #333b44; } }
text { font: 13px system-ui, "Liberation Sans", sans-serif; fill: var(--ink);
  font-variant-numeric: tabular-nums; }
.title { font-size: 16px; font-weight: 600; } .quiet { fill: var(--quiet); font-size: 12px; }
.right { text-anchor: end; } .kept { fill: var(--kept); } .lost { fill: var(--lost); }
.rule { stroke: var(--rule); }
"""


def funnel_path(output: Path) -> Path:
    """Where the picture of a filter with that output is."""
    return output.with_suffix(".funnel.svg")


def write_picture(path: Path, funnel: Funnel, name: str) -> None:
    """Draw the funnel of the file of that name.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(path) as file:
        file.write(picture(funnel, name).encode())


def picture(funnel: Funnel, name: str) -> str:
    """The SVG: a bar a check, what it took out in another colour, and a table by source."""
    ET.register_namespace("", _SVG)
    read, kept = funnel.read.total(), funnel.kept.total()
    says = f"{name}: {kept:,} of {read:,} records kept, {share(kept, read)}"
    root = ET.Element(f"{{{_SVG}}}svg", {"role": "img", "aria-label": says})
    ET.SubElement(root, f"{{{_SVG}}}style").text = _STYLE
    _text(root, _EDGE, 32, _fitting(says, _WIDTH - 2 * _EDGE, 9), "title")
    y = _bars(root, funnel, 54)
    y = _sources(root, funnel, y + 30)
    root.attrib |= {"viewBox": f"0 0 {_WIDTH} {y}", "width": str(_WIDTH), "height": str(y)}
    return ET.tostring(root, encoding="unicode") + "\n"


def _bars(root: ET.Element, funnel: Funnel, y: int) -> int:
    """A bar a check, under each other; where the next thing may stand."""
    read = funnel.read.total()
    wide = _LONGEST / max(read, 1)
    _text(root, _EDGE, y + 13, "read")
    _bar(root, _BARS, y, read * wide, "kept", says=f"{read:,} read")
    _text(root, _WIDTH - _EDGE, y + 13, f"{read:,}", "right")
    for step in funnel.steps():
        y += _STEP
        lost = step.entered - step.left
        why = ", ".join(listed(step.reasons))
        _text(root, _EDGE, y + 13, _fitting(step.check, _BARS - _EDGE - 8))
        _bar(root, _BARS, y, step.left * wide, "kept", says=f"{step.check}: {step.left:,} passed")
        _bar(root, _BARS + step.left * wide, y, lost * wide, "lost", says=f"{step.check}: {why}")
        passed = f"{step.left:,}  ({share(step.left, step.entered)})"
        _text(root, _WIDTH - _EDGE, y + 13, passed, "right")
        _text(root, _BARS, y + 34, _fitting(why, _WIDTH - _BARS - _EDGE), "quiet")
    return y + _STEP


def _sources(root: ET.Element, funnel: Funnel, y: int) -> int:
    """Rows taken out of each source by each check; the redder a cell, the larger their share."""
    counts = shown(funnel)
    if not counts:
        return y
    heads = ["read", *(check.name.partition(":")[0] for check in funnel.checks), "kept"]
    column = (_WIDTH - _BARS + 40 - _EDGE) / len(heads)
    places = [_BARS - 40 + column * (at + 1) for at in range(len(heads))]
    _text(root, _EDGE, y, "taken out, by source", "quiet")
    for x, head in zip(places, heads, strict=True):
        _text(root, x - 6, y, _fitting(head, column - 4, 6), "quiet right")
    line = {"x1": f"{_EDGE}", "x2": f"{_WIDTH - _EDGE}", "y1": f"{y + 8}", "y2": f"{y + 8}"}
    ET.SubElement(root, f"{{{_SVG}}}line", {"class": "rule", **line})
    for source, left in counts.items():
        y += _ROW
        _text(root, _EDGE, y, _fitting(source, _BARS - 40 - _EDGE))
        lost = [before - after for before, after in pairwise(left)]
        for x, fell, entered in zip(places[1:], lost, left, strict=False):
            red = fell / entered if entered else 0.0
            box = _bar(root, x - column + 2, y - 16, column - 2, "lost", says=share(fell, entered))
            box.set("opacity", f"{0.6 * red:.3f}")
        cells = [f"{left[0]:,}", *(f"{fell:,}" for fell in lost), share(left[-1], left[0])]
        for x, cell in zip(places, cells, strict=True):
            _text(root, x - 6, y, cell, "right")
    return y + _EDGE


def _bar(root: ET.Element, x: float, y: float, width: float, kind: str, *, says: str) -> ET.Element:
    places = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{max(width, 0):.1f}", "height": "20"}
    bar = ET.SubElement(root, f"{{{_SVG}}}rect", {"class": kind, **places})
    ET.SubElement(bar, f"{{{_SVG}}}title").text = says
    return bar


def _text(root: ET.Element, x: float, y: float, text: str, kind: str = "") -> None:
    places = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
    ET.SubElement(root, f"{{{_SVG}}}text", {"class": kind, **places}).text = text


def _fitting(text: str, width: float, character: float = _CHARACTER) -> str:
    """The text, cut where it would be wider than there is room; what no SVG may hold is a `?`."""
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    most = max(int(width / character), 2)
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
