"""What a campaign leaves: accepted rows, refused ones with reasons, a page of coverage."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from quimbot.generate.coverage import Coverage, write_page
from quimbot.generate.ledger import Ledger
from quimbot.generate.plan import Plan
from quimbot.generate.worn import worn_out
from quimbot.records.manifest import write_dataset
from quimbot.records.record import Record
from quimbot.records.rejected import Rejected, RejectedFile, rejecting


def write_outcome(
    output: Path, plan: Plan, ledger: Ledger, *, spent: str, digest: str, settings: object
) -> str:
    """Part the rows of a campaign in which every cell has ended; gives its summary.

    Raises:
        OutputError: a file cannot be written.
    """
    coverage = Coverage()
    facts: dict[str, object] = {"plan": digest, "planned": len(plan)}
    if spent:
        facts["spent"] = spent
    with rejecting(output) as rejected:
        accepted = _accepted(plan, ledger, coverage, rejected, facts)
        manifest = write_dataset(output, accepted, settings=settings, facts=facts)
    counts = [f"{count} {move}" for move, count in sorted(manifest.moves.items())]
    counts.append(f"{manifest.rows - sum(manifest.moves.values())} without an error")
    summary = (
        f"{manifest.rows} of {len(plan)} planned dialogues written, each proved "
        f"({', '.join(counts)}){coverage.told()}" + (f"; {spent}" if spent else "")
    )
    write_page(output, coverage, summary)
    return summary


def _accepted(
    plan: Plan,
    ledger: Ledger,
    coverage: Coverage,
    rejected: RejectedFile,
    facts: dict[str, object],
) -> Iterator[Record]:
    """The accepted rows; the others are rejected, and at the end the facts are known."""
    covered: Counter[str] = Counter()
    for cell, row in zip(plan, worn_out(ledger.rows(), len(plan)), strict=True):
        coverage.add(cell, row)
        if row.reason:
            rejected.add(
                Rejected(reason=row.reason, check="generate", detail=row.fault, record=row.record)
            )
        else:
            covered.update(f"{each.move}/{cell.seed.category}" for each in row.record.lessons)
            yield row.record
    coverage.check(len(plan))
    facts["rejected"] = dict(rejected.reasons)
    facts["coverage"] = dict(sorted(covered.items()))
    if short := coverage.short():
        facts["short"] = short
    if coverage.faults:
        facts["faults"] = dict(sorted(coverage.faults.items()))
