"""Put tutors that answered the same learner turns side by side, two at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from quimbot.evaluate.compare import answers, holm, in_common, paired
from quimbot.evaluate.pairs import Pair, Pairs, as_csv, in_short, pair_of, sentence
from quimbot.evaluate.table import names
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import replacing, write_json
from quimbot.runs.recipe import suggestion
from quimbot.runs.scorecard import Judged, Scorecard, read_judged, read_scorecard
from quimbot.runs.watch import Watch

_EVERY_PAIR = 4
"""So many tutors make six pairs; of more, nobody reads them all."""


@dataclass(frozen=True, kw_only=True)
class CompareSettings:
    """Settings of `quimbot compare`."""

    scores: tuple[Path, ...]
    """Folders that `quimbot score` wrote, all over the same learner turns."""
    output: Path
    """JSON file for the pairs, with the turns that each one won and lost."""
    csv: Path | None = None
    """CSV file for the same pairs, without the turns."""
    runtimes: tuple[str, ...] = ()
    """Addresses to compare, as they were scored; all when left out."""
    against: str = ""
    """Address that every other is compared with; when left out, every pair of up to four, and of
    more each one with the first."""
    measure: str = ""
    """Move or check whose pass rate is compared: recast when left out, or the first that there is
    where none was asked for."""
    seed: int = 0
    """Seed of the bootstrap."""

    def __post_init__(self) -> None:
        """Check that there is something to compare."""
        if not self.scores:
            raise RecipeError("scores is empty; name at least one folder written by `score`")

    def inputs(self) -> tuple[Path, ...]:
        """The scores."""
        return self.scores

    def outputs(self) -> tuple[Path, ...]:
        """The pairs, once or twice."""
        return (self.output, *([self.csv] if self.csv else []))


def compare_tutors(settings: CompareSettings, watch: Watch) -> str:
    """Compare the pairs and write them.

    Raises:
        DataError: the folders hold other turns than each other, or lack a tutor or the measure.
    """
    cards = [(folder, read_scorecard(folder)) for folder in settings.scores]
    _refuse_unlike(cards)
    card = cards[0][1]
    measure = _measure(cards, settings.measure)
    judged = _judged(cards, measure)
    pairs = _pairs(judged, _matches(list(judged), settings), measure, settings.seed)
    short = names([address for pair in pairs for address in (pair.theirs, pair.ours)])
    sentences = tuple(sentence(pair, short, measure, len(pairs)) for pair in pairs)
    found = Pairs(
        suite=card.suite,
        suite_sha256=card.suite_sha256,
        measure=measure,
        seed=settings.seed,
        sentences=sentences,
        pairs=tuple(pairs),
    )
    write_json(settings.output, found)
    if settings.csv:
        with replacing(settings.csv) as file:
            file.write(as_csv(pairs).encode())
    for text in sentences:
        watch.say(text)
    return f"compared {len(short)} tutors by {measure} on {Path(card.suite).stem}: " + "; ".join(
        in_short(pair, short) for pair in pairs
    )


def _pairs(
    judged: Mapping[str, Sequence[Judged]],
    matches: Sequence[tuple[str, str]],
    measure: str,
    seed: int,
) -> list[Pair]:
    results = []
    turns = [in_common(judged[ours], judged[theirs]) for ours, theirs in matches]
    for (ours, theirs), both in zip(matches, turns, strict=True):
        result = paired(both, seed=seed)
        if result is None:
            raise DataError(
                f"{ours} and {theirs} answered no turn in common that counts for {measure}; "
                "score both for it, on the same turns"
            )
        results.append(result)
    adjusted = holm([result.p for result in results])
    return [pair_of(*each) for each in zip(matches, turns, results, adjusted, strict=True)]


def _refuse_unlike(cards: Sequence[tuple[Path, Scorecard]]) -> None:
    """Refuse folders whose replies do not answer the same turns, drawn alike.

    Raises:
        DataError: the turns or the drawing of replies differ.
    """
    first, one = cards[0]
    for folder, other in cards[1:]:
        if other.suite_sha256 != one.suite_sha256:
            raise DataError(
                f"{folder}: scored on {_turns(other)}, but {first} on {_turns(one)}; only replies "
                "to the same turns compare, so score with the same suite and limit"
            )
        if _drawing(other) != _drawing(one):
            raise DataError(
                f"{folder}: scored with {_drawing(other)}, but {first} with {_drawing(one)}; "
                "score both alike"
            )


def _turns(card: Scorecard) -> str:
    return f"{card.turns} of {card.of} turns of {card.suite} ({card.suite_sha256[:8]})"


def _drawing(card: Scorecard) -> str:
    return f"max_tokens {card.max_tokens}, temperature {card.temperature:g}, samples {card.samples}"


def _measure(cards: Sequence[tuple[Path, Scorecard]], asked: str) -> str:
    known = list(dict.fromkeys(score.measure for _, card in cards for score in card.scores))
    if asked and asked not in known:
        raise DataError(
            f"{cards[0][0]}: holds no measure {asked!r}; allowed: {', '.join(known)}"
            f"{suggestion(asked, known)}"
        )
    return asked or cards[0][1].measure


def _judged(cards: Sequence[tuple[Path, Scorecard]], measure: str) -> dict[str, list[Judged]]:
    """Every tutor's replies that count, in the order scored; the first folder that has them wins.

    Raises:
        DataError: one address stands for two adapters.
    """
    rows: dict[str, list[Judged]] = {}
    source: dict[str, tuple[Path, str]] = {}
    for folder, card in cards:
        judged = list(read_judged(folder))
        for score in card.scores:
            first, adapter = source.setdefault(score.address, (folder, score.adapter))
            if adapter != score.adapter:
                raise DataError(
                    f"{folder}: {score.address} had other weights than in {first}; "
                    "it was trained anew between, so score it again"
                )
            if first == folder:
                rows[score.address] = answers(judged, score.address, measure)
    return rows


def _matches(scored: Sequence[str], settings: CompareSettings) -> list[tuple[str, str]]:
    """The pairs to compare, each with the later one first.

    Raises:
        DataError: an address was not scored, or there are not two.
    """
    field = list(dict.fromkeys(settings.runtimes or scored))
    against = settings.against
    for address in [*field, *([against] if against else [])]:
        if address not in scored:
            raise DataError(
                f"{settings.scores[0]}: {address!r} is not among the scores; "
                f"scored: {', '.join(scored)}{suggestion(address, scored)}"
            )
    if not against and len(field) <= _EVERY_PAIR:
        matches = [(later, earlier) for earlier, later in combinations(field, 2)]
    else:
        other = against or field[0]
        matches = [(address, other) for address in field if address != other]
    if not matches:
        raise DataError(
            f"{settings.scores[0]}: only {', '.join(field)} to compare; name two that were scored"
        )
    return matches
