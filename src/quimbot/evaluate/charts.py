"""Charts as inline SVG: a Vega-Lite specification in, a figure that fits the page out.

Vega-Lite draws here, not in the reader's browser, so that the page needs no script. Colours are the
page's own CSS variables, and so follow its dark mode and its print.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert
from markupsafe import Markup

WIDTH = 330
"""Width of a plot without its axis, in units of the drawing: some 400 with it."""
_ROOM = {"left": 4, "top": 4, "bottom": 4, "right": 14}  # readers' fonts may be wider than ours
_VEGA_LITE = "6.4"
_UNDRAWABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML allows nowhere."""
_SVG = "http://www.w3.org/2000/svg"
_DROPPED = ("role", "pointer-events", "font-family", "font-size", "stroke-miterlimit")

Layer = dict[str, Any]
"""A part of a Vega-Lite specification."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A line of the legend; `look` is a class of the style sheet."""

    name: str
    look: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure of the page."""

    title: str
    says: str
    """The chart in one sentence, for readers who do not see it."""
    about: str
    svg: Markup
    keys: tuple[Key, ...]
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """The chart's numbers as a table, with the number of each row's turns where they are few."""


def svg(spec: Layer, says: str) -> Markup:
    """A Vega-Lite specification drawn: labelled for screen readers, values shown when pointed at.

    The font that widths are measured with comes with the library: the same bytes everywhere.
    """
    drawn = vl_convert.vegalite_to_svg(
        {"background": None, "padding": _ROOM, "config": _config(), **spec}, vl_version=_VEGA_LITE
    )
    ET.register_namespace("", _SVG)
    root = ET.fromstring(drawn)  # noqa: S314 - drawn a line above, no stranger's file
    _lean(root)
    box = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib |= {"viewBox": box, "role": "img", "aria-label": says}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - escaped by ElementTree


def _lean(parent: ET.Element) -> None:
    """Take out what only a script would use; a mark's description becomes its title."""
    for child in list(parent):
        invisible = child.get("opacity") == "0" or child.get("class") in {
            "background",
            "foreground",
        }
        if invisible and not len(child):
            parent.remove(child)
            continue
        label = child.get("aria-label") if child.tag.endswith("path") else None
        for name in [*_DROPPED, *(key for key in child.attrib if key.startswith("aria-"))]:
            child.attrib.pop(name, None)
        _lean(child)
        if label:
            ET.SubElement(child, f"{{{_SVG}}}title").text = label


def _config() -> Layer:
    """The page's look: few lines, quiet numbers, axis titles above their axis."""
    quiet = {"labelColor": "var(--quiet)", "titleColor": "var(--quiet)"}
    return {
        "font": "Liberation Sans",
        "view": {"stroke": None},
        "axis": {
            **quiet,
            "domain": False,
            "ticks": False,
            "labelFontSize": 11.5,
            "labelPadding": 6,
            "titleFontSize": 11.5,
            "titleFontWeight": "normal",
            "gridColor": "var(--rule)",
        },
        "axisX": {
            "grid": False,
            "domain": True,
            "domainColor": "var(--quiet)",
            "tickCount": 6,
            "labelFlush": False,
        },
        "axisY": {
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleBaseline": "bottom",
            "titleX": -30,
            "titleY": -9,
            "tickCount": 5,
        },
        "text": {"fontSize": 11.5, "color": "var(--quiet)"},
    }


def table(values: Sequence[Mapping[str, Any]]) -> Layer:
    """Inline data; characters that no SVG can hold, at which Vega-Lite aborts, are replaced."""
    return {"values": [{key: _drawable(value) for key, value in row.items()} for row in values]}


def _drawable(value: object) -> object:
    return _UNDRAWABLE.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value


def number(field: str, title: str | None = None, **more: Any) -> Layer:  # noqa: ANN401 - any option
    """The encoding of a number."""
    return {"field": field, "type": "quantitative", "title": title, **more}
