"""A sentence of the tutor's beside one of the learner's, and where the two differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from quimbot.pedagogy.words import is_content
from quimbot.verify.alongside import Step, alongside
from quimbot.verify.mends import ARTICLES, OBJECTS, may_add
from quimbot.verify.turns import OPENERS, Turn

_MOVED_BY = 3  # words that a word may pass when the order is put right


@dataclass(frozen=True)
class Difference:
    """Words of the learner that come back as others; places are those of the turns."""

    start: int
    end: int
    put_start: int
    put_end: int
    own: tuple[str, ...]
    put: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def moves(self) -> bool:
        """Whether the same words come back in another order."""
        return len(self.own) > 1 and sorted(self.own) == sorted(self.put)

    def near(self, other: "Difference", reach: int) -> bool:
        """Whether at most so many words lie between the two, on both sides."""
        return (
            max(self.start - other.end, other.start - self.end) <= reach
            and max(self.put_start - other.put_end, other.put_start - self.put_end) <= reach
        )


@dataclass(frozen=True, eq=False)
class Part:
    """The words of one sentence of a turn."""

    turn: Turn
    places: range

    @classmethod
    def of(cls, turn: Turn, sentence: int) -> "Part":
        """The sentence with that number."""
        first = turn.sentences.index(sentence)
        return cls(turn, range(first, first + turn.sentences.count(sentence)))

    def word(self, place: int | None) -> str:
        """The word at a place of the turn, or nothing outside the sentence."""
        return self.turn.said[place] if place is not None and place in self.places else ""

    def before(self, place: int, reach: int) -> tuple[str, ...]:
        """The last words of the sentence before a place."""
        return self.turn.said[max(place - reach, self.places.start) : place]

    @cached_property
    def said(self) -> tuple[str, ...]:
        """Its words."""
        return self.turn.said[self.places.start : self.places.stop]

    @cached_property
    def first(self) -> int:
        """The place of the first word that is no opener, or the end."""
        words = (at for at in self.places if self.turn.said[at] not in OPENERS)
        return next(words, self.places.stop)

    @cached_property
    def size(self) -> int:
        """How many words there are from the first one on."""
        return self.places.stop - self.first

    @property
    def asks(self) -> bool:
        """Whether it ends with a question mark."""
        return self.turn.sentences[self.places.start] in self.turn.asks


class Echo:
    """Two sentences, the stretch that they share, and the differences in it."""

    def __init__(self, own: Part, put: Part) -> None:
        self.own, self.put = own, put
        first, other = own.places.start, put.places.start
        aligned = [
            Step(None if at is None else first + at, None if to is None else other + to)
            for at, to in alongside(own.said, put.said)
        ]
        self.steps = self._ended(self._opened(aligned))
        self.shared = [own.word(step.own) for step in self.steps if self._same(step)]
        self.paired = sum(None not in step for step in self.steps)
        self.differences = tuple(self._differences())

    def _same(self, step: Step) -> bool:
        return None not in step and self.own.word(step.own) == self.put.word(step.put)

    def _opened(self, steps: list[Step]) -> list[Step]:
        """With a small word that one side has before the stretch, where its sentence starts."""
        if not steps or steps[0].own is None or steps[0].put is None:
            return steps
        mine, theirs = steps[0].own - self.own.first, steps[0].put - self.put.first
        if (mine, theirs) == (0, 1) and may_add(self.put.word(self.put.first)):
            return [Step(None, self.put.first), *steps]
        if (mine, theirs) == (1, 0) and self.own.word(self.own.first) in ARTICLES:
            return [Step(self.own.first, None), *steps]
        return steps

    def _ended(self, steps: list[Step]) -> list[Step]:
        """With an object that only the tutor says after the stretch, where both sentences end."""
        if not steps or steps[-1].own is None or steps[-1].put is None:
            return steps
        mine, theirs = steps[-1].own + 1, steps[-1].put + 1
        last = (self.own.places.stop, self.put.places.stop - 1) == (mine, theirs)
        word = self.put.word(theirs)
        left = {self.own.word(step.own) for step in steps[-_MOVED_BY - 1 :] if step.put is None}
        if last and (word in left or (word in OBJECTS and is_content(self.own.word(mine - 1)))):
            return [*steps, Step(None, theirs)]
        return steps

    def _differences(self) -> Iterator[Difference]:
        """Runs of steps that are not the same on both sides; a word that moved is one with them."""
        at = 0
        while at < len(self.steps):
            end = at
            while end < len(self.steps) and not self._same(self.steps[end]):
                if moved := self._moved(end):
                    if at < end:
                        yield self._made(at, end)
                    at, end = end, moved
                    break
                end += 1
            if at < end:
                yield self._made(at, end)
            at = max(end, at + 1)

    def _moved(self, at: int) -> int:
        """The place after the step where a word comes back that this one takes out, or puts in."""
        step = self.steps[at]
        for to in range(at + 1, min(at + _MOVED_BY + 2, len(self.steps))):
            other = self.steps[to]
            if step.put is None and other.own is None:
                back = self.own.word(step.own) == self.put.word(other.put)
            elif step.own is None and other.put is None:
                back = self.put.word(step.put) == self.own.word(other.own)
            else:
                back = False
            if back:
                return to + 1
            if not self._same(other):
                break
        return 0

    def _made(self, first: int, last: int) -> Difference:
        run = tuple(self.steps[first:last])
        start, end = self._span(first, last, 0)
        put_start, put_end = self._span(first, last, 1)
        return Difference(
            start=start,
            end=end,
            put_start=put_start,
            put_end=put_end,
            own=self.own.turn.said[start:end],
            put=self.put.turn.said[put_start:put_end],
            steps=run,
        )

    def _span(self, first: int, last: int, side: int) -> tuple[int, int]:
        """The places of a run on one side; where it has none, the gap that it stands in."""
        places = [at for step in self.steps[first:last] if (at := step[side]) is not None]
        if places:
            return places[0], places[-1] + 1
        before = [at for step in self.steps[:first] if (at := step[side]) is not None]
        if before:
            return before[-1] + 1, before[-1] + 1
        start = next(at for step in self.steps[last:] if (at := step[side]) is not None)
        return start, start

    def opens(self, each: Difference) -> bool:
        """Whether nothing of the stretch stands before it."""
        return each.steps[0] is self.steps[0]

    def ends(self, each: Difference) -> bool:
        """Whether nothing of the stretch stands after it."""
        return each.steps[-1] is self.steps[-1]
