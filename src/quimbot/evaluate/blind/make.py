"""`blind make`: a page on which people compare replies, and the key that tells who wrote them."""

import hashlib
import importlib.metadata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate.blind.draw import draw, lots, turns
from quimbot.evaluate.blind.sheet import REASONS, Key, Kind, sheet_of
from quimbot.evaluate.review import review_page
from quimbot.evaluate.templates import must_be_page
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import replacing, write_json
from quimbot.runs.scorecard import JUDGED, Scorecard, read_judged, read_scorecard
from quimbot.runs.watch import Watch

_SIDES = (2, 3)
_SECONDS_A_PAIR = 25
_TICK_KEYS = "asdf"  # in a row under the left hand, beside 1, 2, 3, t and b


@dataclass(frozen=True, kw_only=True)
class BlindMakeSettings:
    """Settings of `quimbot blind make`."""

    scores: Path
    """Folder that `quimbot score` wrote, with everyone to compare."""
    output: Path
    """HTML file to give to the raters."""
    key: Path | None = None
    """JSON file that tells who wrote what, to be kept from them; beside the page when left out."""
    runtimes: tuple[str, ...] = ()
    """The two or three to compare, as they were scored; all when the scores hold no more."""
    pairs: int = 24
    """Learner turns that count; pairs that test the raters come on top."""
    raters: tuple[str, ...] = ()
    """Names to choose from; without any, raters type theirs."""
    seed: int = 0
    """Which turns are drawn."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.pairs < 1:
            raise RecipeError(f"pairs is {self.pairs}; it must be 1 or more")
        if self.runtimes and len(set(self.runtimes)) not in _SIDES:
            raise RecipeError(
                f"runtimes names {len(set(self.runtimes))}; two or three can be compared"
            )
        if self.output == self.outputs()[1]:
            raise RecipeError(
                f"key {self.key} is the page itself; name a file that raters do not get"
            )
        names = [name.casefold() for name in self.raters]
        if not all(names) or len(set(names)) < len(names):
            raise RecipeError("raters must be names, each once; a person's answers go by the name")
        must_be_page(self.output)

    def inputs(self) -> tuple[Path, ...]:
        """The scores."""
        return (self.scores,)

    def outputs(self) -> tuple[Path, ...]:
        """The page and its key."""
        return (self.output, self.key or self.output.with_suffix(".key.json"))


def make(settings: BlindMakeSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """Write the page and its key.

    Raises:
        DataError: a runtime was not scored, or too few turns were answered by all of them.
    """
    page, secret = settings.outputs()
    card = read_scorecard(settings.scores)
    addresses = _compared(settings, card)
    field = turns(read_judged(settings.scores), addresses)
    unlike = sum(not turn.alike for turn in field)
    if unlike < settings.pairs:
        raise DataError(
            f"{settings.scores}: {settings.pairs} pairs are asked for, but only {unlike} learner "
            f"turns have different replies by all of {', '.join(addresses)}; "
            + (f"give --pairs {unlike} or score more turns" if unlike else "compare others")
        )
    # Only who has the scores can work the ids out again, and could look the replies up as well.
    digest = hashlib.blake2b((settings.scores / JUDGED).read_bytes()).digest()
    lot = lots(b"%d " % settings.seed + digest)
    pairs = draw(field, settings.pairs, lot)
    key = Key(
        sheet=lot("sheet", *(pair.id for pair in pairs)),
        suite=card.suite,
        runtimes=addresses,
        raters=settings.raters,
        quimbot=importlib.metadata.version("quimbot"),
        pairs=tuple(pairs),
    )
    write_json(secret, key)  # first: a page without its key would be of no use
    with replacing(page) as file:
        file.write(render(key).encode("utf-8", "replace"))
    return _summary(key, page, secret)


def render(key: Key) -> str:
    """The page as HTML."""
    most = len(key.runtimes)
    return review_page(
        "blind",
        sheet_of(key),
        key.raters,
        most=most,
        count=len(key.pairs),
        minutes=max(1, round(len(key.pairs) * _SECONDS_A_PAIR / 60)),
        bad="both bad" if most == min(_SIDES) else "all bad",
        reasons=[(*reason, tick) for reason, tick in zip(REASONS.items(), _TICK_KEYS, strict=True)],
    )


def _compared(settings: BlindMakeSettings, card: Scorecard) -> tuple[str, ...]:
    scored = tuple(dict.fromkeys(score.address for score in card.scores))
    chosen = tuple(dict.fromkeys(settings.runtimes)) or scored
    for address in chosen:
        if address not in scored:
            raise DataError(
                f"{settings.scores}: {address!r} is not among the scores ({', '.join(scored)}); "
                "score it too, or name it as it was scored"
            )
    if len(chosen) not in _SIDES:
        raise DataError(
            f"{settings.scores}: holds {len(scored)} runtimes ({', '.join(scored)}); "
            "name the two or three to compare with --runtimes"
        )
    return chosen


def _summary(key: Key, page: Path, secret: Path) -> str:
    n = Counter(pair.kind for pair in key.pairs)
    return (
        f"{page}: {n[Kind.COUNTS]} pairs of {', '.join(key.runtimes)} that count, "
        f"{n[Kind.AGAIN]} of them met again, {n[Kind.IDENTICAL]} identical and "
        f"{n[Kind.ATTENTION]} that test attention; keep {secret} from the raters"
    )
