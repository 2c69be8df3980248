"""A machine's yes-or-no answers beside people's: how far they agree, and what each kind misses."""

from collections.abc import Sequence

from quimbot.evaluate.agreement import cohen_kappa
from quimbot.evaluate.rates import rate
from quimbot.records.record import Strict
from quimbot.runs.scorecard import Rate

FEWEST = 50
"""Labelled replies below which an agreement says too little: a kappa of .6 is then known to about
.2 on either side."""


class AgainstPeople(Strict, frozen=True, kw_only=True):
    """A machine's answers to one question, and people's, on the same replies."""

    n: int
    both_yes: int
    only_machine: int
    """Replies where the machine says yes and people say no."""
    only_people: int
    both_no: int
    agreement: Rate
    """Equal answers, chance left in."""
    kappa: float | None
    """Cohen's kappa; none when everybody always says the same."""
    kappa_low: float | None
    kappa_high: float | None
    people_yes: Rate
    """The base rate: how often people say yes."""
    machine_yes: Rate
    sensitivity: Rate
    """Yes by the machine, among the replies where people say yes."""
    specificity: Rate
    """No by the machine, among the replies where people say no."""

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval of kappa lies above zero."""
        return self.kappa_low is not None and self.kappa_low > 0


def against_people(pairs: Sequence[tuple[bool, bool]]) -> AgainstPeople:
    """How a machine compares with people, from (people, machine) of each reply."""
    people, machine = [one for one, _ in pairs], [other for _, other in pairs]
    kappa = cohen_kappa(people, machine)
    return AgainstPeople(
        n=len(pairs),
        both_yes=pairs.count((True, True)),
        only_machine=pairs.count((False, True)),
        only_people=pairs.count((True, False)),
        both_no=pairs.count((False, False)),
        agreement=rate(one == other for one, other in pairs),
        kappa=kappa.value,
        kappa_low=kappa.low,
        kappa_high=kappa.high,
        people_yes=rate(people),
        machine_yes=rate(machine),
        sensitivity=rate(other for one, other in pairs if one),
        specificity=rate(not other for one, other in pairs if not one),
    )
