"""The offline teacher: replies made by rules, all four moves, from what a seed says of itself."""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from random import Random

from quimbot.exceptions import RuntimeFault
from quimbot.generate.frames import frames
from quimbot.generate.teacher import Answer, Cell
from quimbot.pedagogy.asides import without_asides
from quimbot.pedagogy.gap import gap, key
from quimbot.pedagogy.say_back import say_back, sentence
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Move

_LONGEST = 40
_ASIDE_WORDS = 3  # a sentence shorter than this is a greeting or the like
_WHOLE = 30  # words up to which a turn is said back whole; of a longer one, what changed
_ASKS_BACK = re.compile(r"\b(?:and you|(?:what|how) about you)\W*$", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")
_TIDY = re.compile(r"(?!.*\bi\b)[A-Z](?![A-Z]).*[.!?]")  # as in print: safe to say back unmended


AUTHOR = "rules-teacher"


class RulesTeacher:
    """Answers at once and always the same for the same seed, cell and number of refusals."""

    at_once = 64  # proved together, which is faster
    given_up: RuntimeFault | None = None

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def session(self) -> AbstractAsyncContextManager[None]:
        """Nothing is held open."""
        return nullcontext()

    def ready(self) -> bool:
        """Always."""
        return True

    def rest(self) -> float | None:
        """It needs none."""
        return None

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Answer:
        """A reply that performs the cell's move."""
        rng = Random(f"rules:{self._seed}:{cell.index}:{len(refused)}")  # noqa: S311 - reproducible
        return Answer(text=write_reply(cell.seed, cell.move, rng), author=AUTHOR)


def moves_for(seed: Seed) -> frozenset[Move]:
    """The moves that rules can perform on a seed."""
    if not seed.corrections:
        return frozenset({Move.RECAST})
    moves = {Move.RECAST, Move.ELICITATION}
    if seed.details:
        moves.add(Move.EXPANSION)
    if seed.hint or _typed_hints(seed):
        moves.add(Move.HINT)
    return frozenset(moves)


def write_reply(seed: Seed, move: Move, rng: Random) -> str:
    """A reply to the seed's turn by a move; talk without an error is just answered."""
    if not seed.corrections:
        return _talk(seed, rng)
    match move:
        case Move.RECAST:
            return _recast(seed, rng)
        case Move.EXPANSION:
            return _expansion(seed, rng)
        case Move.ELICITATION:
            return _elicitation(seed, rng)
        case Move.HINT:
            return _hint(seed, rng)


def _recast(seed: Seed, rng: Random) -> str:
    return _short(_echo(seed, rng), _of_me(seed, rng), _follow_up(seed, rng))


def _expansion(seed: Seed, rng: Random) -> str:
    echo = _echo(seed, rng)
    detail = "" if _asks(seed) else rng.choice(seed.details)
    return _short(echo, detail, _of_me(seed, rng), _follow_up(seed, rng))


def _elicitation(seed: Seed, rng: Random) -> str:
    lines = frames().elicitation
    clause = clauses(seed)[0]
    blanked, word = gap(seed.learner, clause), key(seed.learner, clause)
    ways = [lines.gap_question if blanked.endswith("?") else lines.gap] * 3 if blanked else []
    ways += [lines.key] * 2 if word else []
    line = rng.choice(rng.choice([*ways, lines.plain]))
    said = say_back(blanked)
    return line.format(gap=said, Gap=sentence(said, ""), key=word)


def _hint(seed: Seed, rng: Random) -> str:
    lines = frames().hint
    nudge = seed.hint or rng.choice(_typed_hints(seed))
    parts = (rng.choice(lines.before), nudge, rng.choice(lines.after))
    return " ".join(part for part in parts if part)


def _talk(seed: Seed, rng: Random) -> str:
    """A reply to a turn without an error: said back where it is tidy, else just answered.

    Saying it back all the same spares a small model the decision whether there is an error.
    """
    if _TIDY.fullmatch(seed.learner):
        return _recast(seed, rng)
    lines = frames().talk
    reactions = {"glad": lines.glad, "sorry": lines.sorry}.get(seed.tone, lines.plain)
    asked = seed.learner.rstrip().endswith("?") and not _ASKS_BACK.search(seed.learner)
    pool = seed.details or (frames().recast.answers if asked else reactions)
    return _short(rng.choice(pool), _of_me(seed, rng), _follow_up(seed, rng))


def clauses(seed: Seed) -> tuple[str, ...]:
    """The corrected clauses worth saying back: the seed's own, or the sentences that changed."""
    if seed.echoes:
        return seed.echoes
    kept = {_bare(part) for part in _SENTENCE.findall(seed.learner)}
    parts = [part for part in _SENTENCE.findall(seed.corrections[0]) if part.strip()]
    changed = [part for part in parts if _bare(part) not in kept] or parts
    return tuple(_core(part, _bare(seed.learner)) for part in changed)


def _core(part: str, learner: str) -> str:
    """A corrected sentence without greeting and the like, where those held no error."""
    core = without_asides(part)
    start = part.find(core)
    around = (part[:start], part[start + len(core) :])
    return core if all(_bare(text) in learner for text in around) else part.strip().rstrip(".! ")


def _echo(seed: Seed, rng: Random) -> str:
    """The corrected turn inside a natural reaction; a question comes back with an answer."""
    lines = frames().recast
    first, *more = said = _said(seed)
    answer = rng.choice(seed.details or lines.answers) if said[-1].endswith("?") else ""
    if not first.endswith("?"):
        pool = {"glad": lines.glad, "sorry": lines.sorry}.get(seed.tone, lines.plain)
        first = rng.choice(_fitting(pool, first)).format(you=first, You=sentence(first, ""))
    return " ".join([sentence(first), *map(sentence, more), answer]).strip()


def _said(seed: Seed) -> list[str]:
    """The sentences of the corrected turn said back; of a long one, those that changed."""
    text = (seed.corrections or (seed.learner,))[0]
    if seed.corrections and len(text.split()) > _WHOLE:
        return [say_back(clause) for clause in clauses(seed)]
    learner = _bare(seed.learner)
    parts = [part.strip() for part in _SENTENCE.findall(text) if part.strip()]
    kept = [part for part in parts if not (_is_aside(part) and _bare(part) in learner)] or parts
    return [say_back(_core(kept[0], learner)), *(say_back(part.rstrip(".! ")) for part in kept[1:])]


def _is_aside(part: str) -> bool:
    """A greeting, thanks or "And you?" that needs no saying back."""
    return (len(part.split()) < _ASIDE_WORDS and not re.search(r"\w\?", part)) or bool(
        _ASKS_BACK.fullmatch(part)
    )


def _fitting(pool: Sequence[str], said: str) -> Sequence[str]:
    """The frames for a clause: one with a capital of its own goes first."""
    if not said[:1].isupper() or re.match(r"I\b", said):
        return pool
    return [line for line in pool if line.startswith("{You}")]


def _asks(seed: Seed) -> bool:
    return clauses(seed)[-1].endswith("?")


def _of_me(seed: Seed, rng: Random) -> str:
    """What the tutor says of itself when asked back."""
    return rng.choice(frames().recast.me) if _ASKS_BACK.search(seed.learner) else ""


def _follow_up(seed: Seed, rng: Random) -> str:
    return rng.choice(seed.follow_ups or frames().recast.follow_ups)


def _typed_hints(seed: Seed) -> Sequence[str]:
    """Hints for the seed's first error, by the most precise name of its type."""
    known = frames().hint.types
    for kind in seed.error_types:
        name = kind.partition(":")[2]
        while name and name not in known:
            name = name.rpartition(":")[0]
        if name:
            return known[name]
    return ()


def _bare(text: str) -> str:
    """A sentence without what typing changes: case, apostrophes, spaces, stops."""
    return re.sub(r"[\W_]", "", text).lower()


def _short(*parts: str) -> str:
    """The parts as one reply; where it grows too long, those in the middle give way."""
    said = [part for part in parts if part]
    while said[1:-1] and len(" ".join(said).split()) > _LONGEST:
        del said[-2]
    return " ".join(said)
