"""Student's t distribution for whole degrees of freedom, without scipy."""

from __future__ import annotations

import math

_STEPS = 200  # of bisection: more than a double has bits


def t_quantile(p: float, degrees: int) -> float:
    """The value that a share `p` of Student's t distribution is below.

    The distribution function is the finite sum for whole degrees of freedom (Abramowitz & Stegun
    1964, 26.7.3 and 26.7.4), turned round by bisection. Raises ValueError for p outside (0, 1) and
    for less than one degree of freedom.
    """
    if not 0 < p < 1:
        raise ValueError(f"p must be between 0 and 1, got {p!r}")
    if degrees < 1:
        raise ValueError(f"at least one degree of freedom is needed, got {degrees!r}")
    if p < 0.5:
        return -t_quantile(1 - p, degrees)
    # An angle, so that what is searched is bounded: t = sqrt(degrees) tan(angle).
    low, high, share = 0.0, math.pi / 2, 2 * p - 1
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _within(middle, degrees) < share else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _within(angle: float, degrees: int) -> float:
    """P(|T| < t), where tan(angle) is t / sqrt(degrees)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    total, term = 0.0, cosine if odd else 1.0
    for step in range(1 if odd else 0, degrees - 1, 2):
        total += term
        term *= cosine * cosine * (step + 1) / (step + 2)
    return (angle + sine * total) * 2 / math.pi if odd else sine * total
