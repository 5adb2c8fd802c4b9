"""Wilson's interval of a share: narrower the more cases there are, and never beyond 0 and 1."""

import math

Z_95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


def wilson(came_true: int, cases: int, z: float = Z_95) -> tuple[float, float]:
    """Return the 95 % interval of a share (E. B. Wilson, 1927); all of [0, 1] without cases."""
    if cases == 0:
        return 0.0, 1.0
    share, spread = came_true / cases, z * z / cases
    centre = share + spread / 2
    half = z * math.sqrt((share * (1 - share) + spread / 4) / cases)
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    # At 0 and at all of the cases the bound is exact, and rounding must not move it.
    return (0.0 if came_true == 0 else low), (1.0 if came_true == cases else high)
