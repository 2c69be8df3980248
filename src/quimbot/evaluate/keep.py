"""What a choice must not cost: pass rates on other suites, beside the base model's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate.compare import Comparison, answers, in_common, paired
from quimbot.exceptions import DataError
from quimbot.runs.scorecard import read_judged, read_scorecard


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A checkpoint's pass rate on one suite, against the base model's on the same turns."""

    suite: str
    result: Comparison

    @property
    def fell(self) -> bool:
        """Whether the whole interval of the difference lies below zero."""
        return self.result.high < 0


def keep(
    folders: Sequence[Path], addresses: Sequence[str], base: str, *, seed: int = 0
) -> dict[str, list[Kept]]:
    """For each address, how it did on the suite of each folder; whatever was checked counts.

    Raises:
        DataError: a folder has no score of one of them, or no turn that it and the base answered.
    """
    found: dict[str, list[Kept]] = {address: [] for address in addresses}
    for folder in folders:
        card, judged = read_scorecard(folder), list(read_judged(folder))
        scored = {score.address for score in card.scores}
        for address in (base, *addresses):
            if address not in scored:
                raise DataError(
                    f"{folder}: {address} is not among these scores ({', '.join(sorted(scored))}); "
                    "score the base and the same checkpoints there too"
                )
        before = answers(judged, base)
        for address in addresses:
            result = paired(in_common(answers(judged, address), before), seed=seed)
            if result is None:
                raise DataError(
                    f"{folder}: {address} and {base} answered no turn in common; score them again"
                )
            found[address].append(Kept(suite=Path(card.suite).stem, result=result))
    return found
