"""How a learner responds to help: whether more open help is repaired more often, or less.

A Bayesian linear regression of repair on the level of help, over the moves that a learner reacted
to. With few of them the prior holds: no lean, and half of the tries right at every level.
"""

import msgspec

from quimbot.pedagogy.levels import Level

_MIDDLE = 2.5
_NOISE = 0.25
"""Variance of a try that is right half of the time."""
_SPREAD = (0.15**2, 0.12**2)
"""Prior variance, over learners, of the rate and of its change a level."""

_STEP = 1 / 30
"""Change of the rate a level that is worth one level more, or less."""
_MOST = 3
"""Levels more or less at most: from one end of the scale to the other."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the tries to repair after help."""

    tries: int = 0
    repairs: int = 0
    x: float = 0.0
    """Sum of the levels, from the middle."""
    xx: float = 0.0
    xy: float = 0.0
    """Sum over levels of what exceeds one half."""

    def seen(self, level: Level, *, repaired: bool) -> "Response":
        """With one more try after help of a level."""
        x = level - _MIDDLE
        return Response(
            tries=self.tries + 1,
            repairs=self.repairs + repaired,
            x=self.x + x,
            xx=self.xx + x * x,
            xy=self.xy + x * (repaired - 0.5),
        )

    @property
    def lean(self) -> float:
        """How much the rate of repair rises with each level of more open help."""
        rate, slope = (_NOISE / each for each in _SPREAD)
        a, b, d = self.tries + rate, self.x, self.xx + slope
        return (a * self.xy - b * (self.repairs - 0.5 * self.tries)) / (a * d - b * b)

    @property
    def steps(self) -> int:
        """How many levels more open than usual the help should be; less where it is negative."""
        return min(max(round(self.lean / _STEP), -_MOST), _MOST)
