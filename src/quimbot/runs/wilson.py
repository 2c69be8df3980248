"""The interval of a rate."""

import math

Z95 = 1.959964


def wilson(passed: float, n: float, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a rate, 95 % wide; nothing seen leaves everything possible.

    Shares of a turn, and of their number, count too, which scipy's refuses.
    """
    if n == 0:
        return 0.0, 1.0
    rate = passed / n
    scale = 1 + z**2 / n
    middle = (rate + z**2 / (2 * n)) / scale
    half = z * math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n * n)) / scale
    low = 0.0 if passed == 0 else middle - half  # exact ends, where rounding leaves 1e-17
    high = 1.0 if passed == n else middle + half
    return low, high
