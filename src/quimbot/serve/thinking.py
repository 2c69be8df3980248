"""A tutor may think before it speaks; the learner never sees it."""

_OPEN = "<think>"
_CLOSE = "</think>"


class Thinking:
    """Takes `<think>…</think>` out of a reply that arrives in pieces.

    A tag may be split over pieces in any way; a block that never ends hides the rest.
    """

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._spoken = False

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
        keep = 0 if last else _open_end(self._held, _CLOSE if self._inside else _OPEN)
        if not self._inside:
            out.append(self._held[: len(self._held) - keep])
        self._held = self._held[len(self._held) - keep :] if keep else ""
        text = "".join(out)
        if not self._spoken:  # the blank lines after a block are part of it
            text = text.lstrip()
            self._spoken = bool(text)
        return text


def _open_end(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    for size in range(min(len(tag) - 1, len(text)), 0, -1):
        if tag.startswith(text[-size:]):
            return size
    return 0
