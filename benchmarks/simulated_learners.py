"""Learners with a known truth: what they know, how they forget, and what kind of help helps them.

The truth is none of the policy's own models. Knowledge is a strength, not known-or-not; it fades
exponentially with a half-life of its own (the curve of Settles and Meeder 2016), not by FSRS; a
world says how much each level of help teaches. `docs/design/adaptivity.md` tells which number has
a source and which is our assumption. Run by `adaptivity.py`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from quimbot.pedagogy.events import Began, Moved, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner, Profile
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.policy import Limits, choose

DAY = 86400.0
KINDS = tuple(Kind)
SESSIONS, TURNS, DAYS, LATER = 10, 12, 28, 30
"""Sessions of so many turns over so many days, and the test so many days after the last."""

_GUESS, _SLIP = 0.15, 0.08
_TAUGHT = 0.12
"""Share of what is missing that one fully effective move adds."""
_PRACTISED = 0.03
"""The same for a right use."""
_HALF_LIFE = 4.0
"""Days until half of what was just learnt is gone."""
_LONGEST = 274.0
"""Settles and Meeder's longest half-life, in days."""
_SPACED = 1.5
"""A use after all is forgotten multiplies the half-life by two to this; one at once, by nothing."""
_KNOWN = {"A2": -1.0, "B1": -0.5, "B2": 0.1}
"""Mean knowledge at the start, in logits."""
_INVITED = 0.7
"""How often a learner who is invited to use a kind does so."""
_TRIES = {Level.RECAST: 0.35, Level.FOCUSED: 0.5, Level.PROMPT: 0.85, Level.CLUE: 0.85}
"""How often the next turn tries the form again."""
_REPAIRED = {Level.RECAST: 0.6, Level.FOCUSED: 0.55, Level.PROMPT: 0.45, Level.CLUE: 0.4}
"""How often a try is right where uptake tells nothing."""

Effect = Callable[[Level, float, "Person", Kind], float]
"""How much a level of help teaches, 0 to 1: level, knowledge of the kind, who, which kind."""


@dataclass(frozen=True, kw_only=True)
class World:
    """One answer to the question what helps."""

    name: str
    says: str
    effect: Effect
    half_life: float = _HALF_LIFE
    uptake_tells: bool = True
    """Whether help that teaches more is also repaired more often at once."""


def _table(*values: float) -> Effect:
    return lambda level, _known, _who, _kind: values[level - 1]


def _matching(level: Level, known: float, who: "Person", _kind: Kind) -> float:
    need = 4.0 - 3.0 * known + who.offset
    return math.exp(-((level - need) ** 2) / 2)


def _giving(level: Level, known: float, who: "Person", _kind: Kind) -> float:
    """Reformulations where little is known, prompts where much is."""
    asks = level >= Level.PROMPT
    fit = known + 0.2 * who.offset
    return min(max(fit if asks else 1 - fit, 0.1), 1.0) * (0.8 if level == Level.RECAST else 1.0)


def _by_proficiency(level: Level, known: float, who: "Person", _kind: Kind) -> float:
    """Prompts for everyone, recasts only for those who know much."""
    if level >= Level.PROMPT:
        return 0.9
    return min(max(0.35 + 0.6 * known + 0.1 * who.offset, 0.1), 0.9)


_EXPLICIT = _table(0.35, 0.5, 0.8, 1.0)
_IMPLICIT = _table(1.0, 0.75, 0.35, 0.2)
_SOME = (_matching, _EXPLICIT, _IMPLICIT)


def _mixed(level: Level, known: float, who: "Person", kind: Kind) -> float:
    return _SOME[who.group](level, known, who, kind)


def _by_kind(level: Level, known: float, who: "Person", kind: Kind) -> float:
    """Half of the kinds learn from recasts, half from explanation; which, depends on the person."""
    effect = _EXPLICIT if (KINDS.index(kind) + who.group) % 2 else _IMPLICIT
    return effect(level, known, who, kind)


TUNED = (
    World(name="Z", says="help that matches need", effect=_matching),
    World(name="E", says="the more explicit the better", effect=_EXPLICIT),
    World(name="R", says="only implicit help works", effect=_IMPLICIT),
    World(name="M", says="a third of the learners each", effect=_mixed),
    World(name="F", says="the same, forgetting twice as fast", effect=_mixed, half_life=2.0),
)
"""Worlds that the policy was developed on."""
HELD_OUT = (
    World(name="P", says="prompts; recasts only for the proficient", effect=_by_proficiency),
    World(name="S", says="the form where little is known", effect=_giving),
    World(name="K", says="every kind has its own answer", effect=_by_kind),
    World(
        name="U",
        says="as M, recasts are repaired best whatever they teach",
        effect=_mixed,
        uptake_tells=False,
    ),
)
"""Worlds that were written down before and looked at once, after."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who learns: drawn once, the same for every policy and world."""

    seed: int
    level: str
    known: tuple[float, ...]
    """Lasting knowledge of each kind at the start."""
    group: int
    """Which of the mixed population's worlds they live in."""
    offset: float
    """How many levels more help than usual they need."""
    tries: float
    """How readily they try a form again, against the average."""
    sessions: tuple[float, ...]
    """When they come, in seconds."""


def person(seed: int) -> Person:
    """A learner drawn by chance."""
    chance = Random(seed)
    level = chance.choice(tuple(_KNOWN))
    able = chance.gauss(_KNOWN[level], 0.5)
    easy = [Random(kind).gauss(0.0, 0.5) for kind in KINDS]  # the same kinds are hard for all
    days = sorted(chance.uniform(0, DAYS) for _ in range(SESSIONS))
    return Person(
        seed=seed,
        level=level,
        known=tuple(_logistic(able + each + chance.gauss(0.0, 0.7)) for each in easy),
        group=chance.randrange(len(_SOME)),
        offset=chance.gauss(0.0, 0.6),
        tries=chance.uniform(0.7, 1.15),
        sessions=tuple(day * DAY for day in days),
    )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a course led to."""

    later: float
    """Accuracy at the delayed test."""
    soon: float
    """Accuracy right after the last session."""
    asked: float
    """Share of the turns that asked for a repair."""
    moves: float
    """Share of the turns that helped at all."""


class Mind:
    """What a person knows at each moment, in a world."""

    def __init__(self, who: Person, world: World) -> None:
        self.who, self.world = who, world
        self.gained = dict.fromkeys(KINDS, 0.0)
        self.half_life = dict.fromkeys(KINDS, world.half_life)
        self.last = dict.fromkeys(KINDS, 0.0)

    def known(self, kind: Kind, at: float) -> float:
        """Strength of a kind, 0 to 1."""
        lasting = self.who.known[KINDS.index(kind)]
        return lasting + (1 - lasting) * self.gained[kind] * self._left(kind, at)

    def right(self, kind: Kind, at: float) -> float:
        """The probability of a right use."""
        return _GUESS + (1 - _GUESS - _SLIP) * self.known(kind, at)

    def use(self, kind: Kind, at: float) -> None:
        """A right use: a little practice, and a longer memory if it was some time ago."""
        self._learn(kind, at, _PRACTISED, 1.0)

    def help(self, kind: Kind, level: Level, at: float) -> float:
        """A move that aims at the kind; how effective it was, 0 to 1."""
        effect = self.world.effect(level, self.known(kind, at), self.who, kind)
        self._learn(kind, at, _TAUGHT * effect, effect)
        return effect

    def repairs(self, level: Level, effect: float) -> tuple[float, float]:
        """How likely the next turn tries the form again, and is right if so."""
        tries = min(_TRIES[level] * self.who.tries, 1.0)
        return tries, 0.2 + 0.6 * effect if self.world.uptake_tells else _REPAIRED[level]

    def score(self, at: float) -> float:
        """Accuracy over all kinds, as a long test would find it."""
        return sum(self.right(kind, at) for kind in KINDS) / len(KINDS)

    def _left(self, kind: Kind, at: float) -> float:
        return 2.0 ** (-(at - self.last[kind]) / DAY / self.half_life[kind])

    def _learn(self, kind: Kind, at: float, share: float, weight: float) -> None:
        left = self._left(kind, at)
        gained = self.gained[kind] * left
        self.gained[kind] = gained + share * (1 - gained)
        longer = self.half_life[kind] * 2.0 ** (_SPACED * weight * (1 - left))
        self.half_life[kind] = min(longer, _LONGEST)
        self.last[kind] = at


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a turn has occasion for, and its luck, drawn before: all policies meet the same."""

    kinds: tuple[Kind, ...]
    luck: tuple[float, ...]
    """One number for each occasion."""
    invited: float
    tries: float
    repairs: float


def _turns(who: Person) -> Iterator[list[Turn]]:
    """The turns of each session."""
    chance = Random(who.seed + 1_000_003)
    weights = [1 / (place + 3) for place in range(len(KINDS))]
    for _ in who.sessions:
        session = []
        for _ in range(TURNS):
            kinds = dict.fromkeys(chance.choices(KINDS, weights, k=chance.choice((1, 1, 2))))
            luck = [chance.random() for _ in range(5)]
            session.append(
                Turn(
                    kinds=tuple(kinds),
                    luck=tuple(luck[:2]),
                    invited=luck[2],
                    tries=luck[3],
                    repairs=luck[4],
                )
            )
        yield session


class Rival:
    """A way to choose the level of help; what to aim at and when to return is the policy's for all.

    This one is the policy itself.
    """

    def __init__(self, name: str, cap: Level, *, revisit: bool = True, held: bool = True) -> None:
        self.name, self.cap, self.revisit, self.held = name, cap, revisit, held
        """`held`: no two turns in a row ask for a repair."""

    def begin(self, seed: int) -> None:
        """Another learner comes."""

    def level(self, chosen: Level) -> Level:
        """The level in place of the policy's."""
        return chosen

    def repaired(self, level: Level, *, right: bool) -> None:
        """What a try to repair after help of a level led to."""

    def used(self, level: Level, *, right: bool) -> None:
        """How the first use after help of a level went."""


class Course:
    """One learner, one world, one policy, from the first session to the test."""

    def __init__(self, who: Person, world: World, rival: Rival) -> None:
        self.mind, self.rival, self.who = Mind(who, world), rival, who
        self.learner = Learner(profile=Profile(level=who.level, cap=rival.cap))
        self.limits = Limits(cap=rival.cap)
        self.helped: dict[Kind, Level] = {}
        self.last: tuple[Kind, Level, float] | None = None
        """Kind, level and effect of the last turn's help."""
        self.invited: Kind | None = None
        self.asked = self.moves = 0
        self.at = 0.0
        rival.begin(who.seed)

    def run(self) -> Outcome:
        """All sessions, and what they led to."""
        for start, session in zip(self.who.sessions, _turns(self.who), strict=True):
            self.at = max(start, self.at + 3600.0)
            self.learner = self.learner.after(Began(at=self.at))
            self.last = self.invited = None
            for turn in session:
                self.at += 60.0
                self._react(turn)
                self._answer(self._write(turn))
        turns = SESSIONS * TURNS
        return Outcome(
            later=self.mind.score(self.at + LATER * DAY),
            soon=self.mind.score(self.at),
            asked=self.asked / turns,
            moves=self.moves / turns,
        )

    def _react(self, turn: Turn) -> None:
        """Uptake of the last turn's help."""
        if not self.last:
            return
        kind, level, effect = self.last
        tries, repairs = self.mind.repairs(level, effect)
        outcome = "none"
        if turn.tries < tries:
            right = turn.repairs < repairs
            self.rival.repaired(level, right=right)
            outcome = "repair" if right else "needs-repair"
        self.learner = self.learner.after(TookUp(at=self.at, kind=kind, outcome=outcome))

    def _write(self, turn: Turn) -> list[Kind]:
        """The learner's turn; the kinds that went wrong in it."""
        kinds = turn.kinds
        if self.invited and self.invited not in kinds and turn.invited < _INVITED:
            kinds = (self.invited, *kinds[1:])  # in place of another occasion, not beside it
        wrong = []
        for kind, luck in zip(kinds, turn.luck, strict=False):
            right = luck < self.mind.right(kind, self.at)
            if kind in self.helped:
                self.rival.used(self.helped.pop(kind), right=right)
            if right:
                self.mind.use(kind, self.at)
                self.learner = self.learner.after(Used(at=self.at, kind=kind, words=""))
            else:
                wrong.append(kind)
                self.learner = self.learner.after(
                    Noticed(at=self.at, kind=kind, wrong="", right="", said="", correction="")
                )
        return wrong

    def _answer(self, wrong: Sequence[Kind]) -> None:
        """The tutor's turn."""
        choice = choose(self.learner, wrong, limits=self.limits, at=self.at)
        kind, level = choice.kind, Level.PASS
        if kind:
            level = self.rival.level(choice.level)
            if self.rival.held and min(level, self.learner.last_level) >= Level.PROMPT:
                level = Level.FOCUSED
        self.last = self.invited = None
        if kind and level:
            self.last = kind, level, self.mind.help(kind, level, self.at)
            self.helped[kind] = level
            self.moves += 1
            self.asked += level >= Level.PROMPT
        elif not wrong and self.rival.revisit:
            self.invited = next(iter(self.learner.due(self.at)), None)
        aimed = kind if level else None
        move = Moved(at=self.at, kind=aimed, level=level, reason=choice.reason)
        self.learner = self.learner.after(move)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
