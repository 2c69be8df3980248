"""A tutor may think before it speaks; the learner never sees it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

from quimbot.runtimes.chat_format import Style, thinks
from quimbot.runtimes.drawn import Drawn
from quimbot.runtimes.runtime import Delta

_OPEN = "<think>"
_CLOSE = "</think>"


class Thinking:
    """Takes `<think>…</think>` out of a reply that arrives in pieces.

    A tag may be split over pieces in any way; a block that never ends hides the rest. A reply may
    begin `inside` a block, which the prompt opened. The tokens of a reply are heard with their
    text: those of thoughts, and of a stop string that ended the reply, never are.
    """

    def __init__(self, *, inside: bool = False) -> None:
        self._held = ""
        self._inside = inside
        self._spoken = False
        self._tags = 0
        self._drawn: tuple[Drawn, ...] = ()

    def heard(self, piece: Delta) -> Delta:
        """A piece of a reply without what is not shown; it may be left without text."""
        if len(piece.drawn) > 1 and "".join(one.text for one in piece.drawn) == piece.text:
            parts = [self.heard(Delta(text=one.text, drawn=(one,))) for one in piece.drawn]
            parts.append(self.heard(replace(piece, text="", drawn=())))
            text = "".join(part.text for part in parts)
            return replace(piece, text=text, drawn=tuple(chain(*(part.drawn for part in parts))))
        tags = self._tags
        text = self.shown(piece.text, last=piece.finish is not None)
        passed = self._tags > tags
        if passed:
            self._drawn = ()
        if text:
            told = () if passed and len(piece.drawn) > 1 else (*self._drawn, *piece.drawn)
            self._drawn = ()
            unchanged = text == piece.text and told == piece.drawn  # nearly always, and cheaper
            return piece if unchanged else replace(piece, text=text, drawn=told)
        silent = passed or self._inside or (piece.text and not self._held)
        self._drawn = () if silent else (*self._drawn, *piece.drawn)
        return replace(piece, text=text, drawn=())

    def shown(self, piece: str, *, last: bool = False) -> str:
        """What can be shown now that `piece` has come; `last` gives up what was held back."""
        self._held += piece
        out: list[str] = []
        while True:
            tag = _CLOSE if self._inside else _OPEN
            before, found, after = self._held.partition(tag)
            if not found:
                break
            if not self._inside:
                out.append(before)
            self._held = after
            self._inside = not self._inside
            self._tags += 1
        keep = 0 if last else _open_end(self._held, _CLOSE if self._inside else _OPEN)
        if not self._inside:
            out.append(self._held[: len(self._held) - keep])
        self._held = self._held[len(self._held) - keep :] if keep else ""
        text = "".join(out)
        if not self._spoken:  # the blank lines after a block are part of it
            text = text.lstrip()
            self._spoken = bool(text)
        return text


def hiding(style: Style) -> Callable[[Delta], Delta]:
    """What makes the pieces of one reply in a style into what is heard of it, in order."""
    if not thinks(style):
        return lambda piece: piece
    return Thinking(inside=style == "qwen3-thinking-only").heard


def _open_end(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    for size in range(min(len(tag) - 1, len(text)), 0, -1):
        if tag.startswith(text[-size:]):
            return size
    return 0
