"""Learner turns kept on the disk: a plan of any length needs a few bytes of memory a row."""

import weakref
from array import array
from collections.abc import Iterable, Iterator
from random import Random
from tempfile import TemporaryFile

import msgspec

from quimbot.pedagogy.seed import Seed

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Seed)


class Shelf:
    """Seeds in a nameless temporary file, in an order of their own."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed when nobody holds the shelf
        weakref.finalize(self, self._file.close)
        self._at = array("q")
        self._end = 0

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[Seed]:
        """The seeds in their order, each read from the file."""
        for at in self._at:
            self._file.seek(at)
            yield _decoder.decode(self._file.readline())

    def put(self, seed: Seed, place: int | None = None) -> None:
        """At the end, or in the place of another."""
        line = _encoder.encode(seed) + b"\n"
        self._file.seek(self._end)
        self._file.write(line)
        if place is None:
            self._at.append(self._end)
        else:
            self._at[place] = self._end
        self._end += len(line)

    def shuffle(self, rng: Random) -> None:
        """Put in an order by chance."""
        rng.shuffle(self._at)

    def keep(self, places: Iterable[int]) -> None:
        """Forget all but these, which stand in the order given."""
        self._at = array("q", (self._at[place] for place in places))
