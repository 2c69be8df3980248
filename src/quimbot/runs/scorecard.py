"""What evaluation leaves in a run folder, for whoever comes after: reports, model cards, the chat.

scores.replies.jsonl  every answer as it came, appended (resume reads it)
scores/             with a folder for each suite when there are several
    judged.jsonl    one `Judged` a reply that came: the chat and its verdict
    scores.json     one `Scorecard`
perplexity.json     one `Perplexities`
picked.json         one `Picked`
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_rows
from quimbot.records.record import Message, Move, Record, Strict, Verdict
from quimbot.runs.wilson import wilson

T = TypeVar("T")

Check = Literal["move", "tone", "flow", "no_error", "answer"]
"""What a reply is checked for: its move on the learner's errors, a friendly tone, a talk that goes
on, no invented correction, or a right answer."""

SCORES = "scores.json"
JUDGED = "judged.jsonl"
PICKED = "picked.json"


class Rate(Strict, frozen=True, kw_only=True):
    """So many of so many, with its 95 % Wilson interval."""

    passed: int
    n: int
    low: float
    high: float

    @classmethod
    def of(cls, passed: int, n: int) -> "Rate":
        """The rate with its interval."""
        low, high = wilson(passed, n)
        return cls(passed=passed, n=n, low=low, high=high)

    @property
    def value(self) -> float:
        """The share that passed; 0 when there was nothing to pass."""
        return self.passed / self.n if self.n else 0.0


class Score(Strict, frozen=True, kw_only=True):
    """How one runtime did with one check (and move), over the replies that came."""

    address: str
    adapter: str
    """SHA-256 of the adapter's weights; empty for a model without one."""
    step: int | None
    check: Check = "move"
    move: Move | None
    """The move asked for; none where another check decides."""
    asked: int
    failed: int
    """Requests that got no reply: counted here and nowhere else."""
    verified: Rate
    """Replies that pass the check; where that is a move, over turns that hold an error."""
    recast: Rate
    """Replies that say every error right, in its context; over turns that hold an error."""
    recast_any: Rate
    """Replies that say at least one error right; over turns that hold an error."""
    form_only: Rate
    """A corrected word appears, but no error is recast; over turns that hold an error."""
    repeats: Rate
    """Replies that say the learner's error back; over turns that hold an error."""
    red_pen: Rate
    """Replies with red-pen language (`you should say`, `mistake`, ...); over all replies."""
    question: Rate
    """Replies that ask the learner something; over all replies."""
    median_words: float
    by_type: dict[str, Rate]
    """ERRANT type -> `verified` over the turns that hold such an error."""
    by_kind: dict[str, Rate]
    """What a turn is about -> `verified` over the turns that say it."""
    by_l1: dict[str, Rate]
    """First language -> `verified` over the turns that say whose they are."""

    @property
    def measure(self) -> str:
        """What is measured: the move, or the check where there is none."""
        return self.move.value if self.move else self.check


class Scorecard(Strict, frozen=True, kw_only=True):
    """What `quimbot score` found, and with what."""

    suite: str
    suite_sha256: str
    turns: int
    """Learner turns asked about."""
    of: int
    """Learner turns in the suite."""
    max_tokens: int
    temperature: float
    seed: int
    samples: int = 1
    """Replies drawn for each question, with seeds from `seed` on."""
    quimbot: str
    """The version that asked and judged."""
    scores: tuple[Score, ...]

    @property
    def measure(self) -> str:
        """What a table of this suite shows first: recasts, where they were asked for."""
        measures = [score.measure for score in self.scores]
        return Move.RECAST if Move.RECAST in measures else measures[0]


class Judged(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """One reply with its verdict; what was found in it can be read off."""

    address: str
    adapter: str = ""
    """SHA-256 of the adapter's weights; empty for a model without one."""
    item: str
    """Id of the learner turn in the suite."""
    group: str
    check: Check = "move"
    move: Move | None = None
    """The move asked for; none where another check decides."""
    sample: int = 0
    """Which of several replies to the same question."""
    kind: str = ""
    l1: str = ""
    record: Record
    verdict: Verdict

    @property
    def measure(self) -> str:
        """What is measured: the move, or the check where there is none."""
        return self.move or self.check

    @property
    def earlier(self) -> tuple[Message, ...]:
        """What learner and tutor said before that, without the tutor's prompt."""
        return tuple(said for said in self.record.messages[:-2] if said.role != "system")

    @property
    def learner(self) -> str:
        """What the learner wrote last."""
        return self.record.messages[-2].content

    @property
    def reply(self) -> str:
        """What the tutor answered."""
        return self.record.messages[-1].content

    @property
    def corrections(self) -> tuple[str, ...]:
        """How the learner's turn could have been right; empty where nothing was wrong."""
        return self.record.lessons[0].corrections if self.record.lessons else ()

    @property
    def error_types(self) -> tuple[str, ...]:
        """ERRANT types of the turn's errors."""
        return self.record.lessons[0].error_types if self.record.lessons else ()

    @property
    def erroneous(self) -> bool:
        """Whether the turn holds an error beyond spacing, case and punctuation."""
        return self.verdict.score is not None

    @property
    def counts(self) -> bool:
        """Whether the reply can pass or fail: for a move, the turn must hold an error."""
        return self.check != "move" or self.erroneous

    @property
    def verified(self) -> bool:
        """Whether the reply passes the check."""
        return self.verdict.passed

    @property
    def recast(self) -> bool:
        """Whether every error is said right, in its context."""
        return self.verdict.score == 1

    @property
    def recast_any(self) -> bool:
        """Whether at least one error is."""
        return bool(self.verdict.score)

    @property
    def form_only(self) -> bool:
        """Whether a corrected word appears without any recast."""
        return self.verdict.score == 0 and self.shows("form")

    def shows(self, label: str) -> bool:
        """Whether the verdict has such evidence: `error`, `red_pen`, `question`, ..."""
        return any(span.label == label for span in self.verdict.evidence)


class Surprise(Strict, frozen=True, kw_only=True):
    """How unexpected the assistant's words were: sums, so that parts add up."""

    records: int
    tokens: int
    """Assistant tokens, the end of each turn included."""
    bytes: int
    """UTF-8 bytes of the replies."""
    nats: float
    """Sum of the negative log-probabilities of those tokens."""
    perplexity: float
    """exp(nats / tokens): comparable between models that share a tokenizer."""
    byte_perplexity: float
    """exp(nats / bytes): comparable between any two models."""


class Perplexity(Strict, frozen=True, kw_only=True):
    """One runtime on held-out dialogues."""

    address: str
    adapter: str
    step: int | None
    overall: Surprise
    sources: dict[str, Surprise]


class Perplexities(Strict, frozen=True, kw_only=True):
    """What `quimbot perplexity` found, and on what."""

    data: str
    data_sha256: str
    records: int
    """Records measured."""
    records_sha256: str
    """Of their ids in order: equal where the same dialogues were measured."""
    leaked: int | None
    """Records left out, as their family of learner turns is in training; unknown without it."""
    leaked_share: float | None
    """The same as a share of all in the data."""
    runtimes: tuple[Perplexity, ...]


class Picked(Strict, frozen=True, kw_only=True):
    """The checkpoint chosen, by which rule and why."""

    address: str
    adapter: str
    step: int | None
    base: str
    of: int = 1
    """How many checkpoints it was chosen from."""
    rule: str
    sentence: str
    measure: str = Move.RECAST
    """What the choice went by: a move, or a check."""
    n: int
    verified: Rate
    red_pen: Rate
    question: Rate
    perplexity: float | None
    over_base: tuple[float, float, float]
    """Difference in verified rate to the base model, and its 95 % interval: so wide that those
    of all checkpoints it was chosen from hold at once."""
    over_next: tuple[float, float, float] | None
    """The same to the runner-up, when there is one."""
    next: str = ""
    aside: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Address of a checkpoint -> why the rule set it aside; the choice's own, too, when no
    checkpoint keeps to the limits."""


def score_folders(named: Path) -> list[Path]:
    """The folder itself, or, where several suites were scored into it, the folder of each."""
    parts = sorted(path.parent for path in named.glob(f"*/{SCORES}"))
    return parts if parts and not (named / SCORES).is_file() else [named]


def read_scorecard(folder: Path) -> Scorecard:
    """The scorecard that `quimbot score` left in a folder.

    Raises:
        DataError: there is none, or it is not one.
    """
    return _read(folder / SCORES, Scorecard, "quimbot score")


def read_judged(folder: Path) -> Iterator[Judged]:
    """The judged replies that `quimbot score` left in a folder.

    Raises:
        DataError: there are none, or a line is not one.
    """
    return read_rows(folder / JUDGED, Judged)


def read_perplexities(path: Path) -> Perplexities:
    """What `quimbot perplexity` wrote.

    Raises:
        DataError: the file is missing or something else.
    """
    return _read(path, Perplexities, "quimbot perplexity")


def read_picked(path: Path) -> Picked:
    """What `quimbot select` wrote.

    Raises:
        DataError: the file is missing or something else.
    """
    return _read(path, Picked, "quimbot select")


def _read(path: Path, kind: type[T], command: str) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{path}: no such file; `{command}` writes it") from None
    except msgspec.MsgspecError as fault:
        raise DataError(f"{path}: {fault}; `{command}` writes it anew") from None
