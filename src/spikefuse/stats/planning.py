"""How many seeds a question needs, and what a number of seeds can show.

All for one t test over n seeds, or n pairs of seeds. `spread` is the standard deviation over seeds
of the quantity tested: of the accuracy for a level, of the per-seed difference for a comparison.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError
from spikefuse.stats.intervals import Floats, critical_value
from spikefuse.stats.special import gammainccinv, gammaincinv, gammaln, ndtr

# More runs than anyone trains: a search that gets here says so instead of running on.
MOST_SEEDS = 100_000

PLACES, REACH = 128, 3.15
"""Of the double exponential rule in each piece: places, and the end of its variable.

Against a million places in six pieces a power is off by at most 5e-11 (2 to 5,000 seeds, 90 to
99.999 %). A Gauss rule of as many places takes the eigenvalues of a matrix to find them, longer
than all integrals of a page; an adaptive rule calls Python at every place.
"""

BEND = 9.0
"""Half the width of the bend at which a test's outcome turns, in its own standard deviations.

Beyond, nothing is left of a normal distribution. With few seeds and much confidence the bend is a
hundredth of the range and falls between the places of a rule over all of it.
"""


def _check(where: str, spread: float, share: float, name: str = "power") -> None:
    require(spread > 0.0 and math.isfinite(spread), where, "spread", "positive", spread)
    require(0.0 < share < 1.0, where, name, "between 0 and 1", share)


@lru_cache(maxsize=1)
def _nodes() -> tuple[Floats, Floats]:
    """Places in -1..1 and weights of the integration, close together where a density may end.

    Source:
        H. Takahasi and M. Mori, "Double exponential formulas for numerical integration",
        Publ. RIMS Kyoto Univ. 9, 1974.
    """
    variable, step = np.linspace(-REACH, REACH, PLACES, retstep=True)
    bent = np.pi / 2 * np.sinh(variable)
    return np.tanh(bent), step * np.pi / 2 * np.cosh(variable) / np.cosh(bent) ** 2


def _over_spreads(
    chance: Callable[[Floats], Floats],
    degrees: int,
    bends: Sequence[float],
    width: float,
    top: float = math.inf,
) -> float:
    """Mean of `chance(ratio)` over the distribution of ratio = sample spread / true spread.

    Args:
        chance: Of the outcome at each of the ratios [pieces, PLACES].
        degrees: Degrees of freedom of the sample spread.
        bends: Ratios at which the outcome turns, as a normal distribution does.
        width: Standard deviation of those bends.
        top: Ratio from which the chance is zero.
    """
    root = math.sqrt(degrees)
    # With many seeds the density is a narrow peak: integrate where it has mass, not past it.
    bottom = math.sqrt(2.0 * float(gammaincinv(degrees / 2, 1e-14))) / root
    top = min(top, math.sqrt(2.0 * float(gammainccinv(degrees / 2, 1e-14))) / root)
    if top <= bottom:
        return 0.0
    scale = math.log(root) + (1 - degrees / 2) * math.log(2) - float(gammaln(degrees / 2))
    turns = (bend + side * BEND * width for bend in bends for side in (-1, 1))
    edges = np.unique(np.clip([bottom, top, *turns], bottom, top))
    halves = np.diff(edges)[:, None] / 2.0
    places, weights = _nodes()
    ratio = edges[:-1, None] + halves * (places + 1.0)
    x = ratio * root
    density = np.exp(scale + (degrees - 1) * np.log(x) - x * x / 2)
    return min(1.0, float((chance(ratio) * density * weights * halves).sum()))


def power(effect: float, spread: float, n: int, *, confidence: float = 0.95) -> float:
    """Chance that a two-sided t test over n seeds finds a true difference of that size.

    Integrated over the distribution of the sample spread: the textbook's non-central t, whose
    library version fails for 2 seeds and large effects.

    Raises:
        InputError: Spread, n or confidence out of range.

    Source:
        J. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988.
    """
    where = "power"
    _check(where, spread, confidence, "confidence")
    require(n >= 2, where, "n", "at least 2", n)
    require(math.isfinite(effect), where, "effect", "finite", effect)
    shift = abs(effect) / spread * math.sqrt(n)
    critical = critical_value(confidence, n - 1)
    return _over_spreads(
        lambda ratio: ndtr(shift - critical * ratio) + ndtr(-shift - critical * ratio),
        n - 1,
        bends=(shift / critical,),
        width=1.0 / critical,
    )


def spread_range(spread: float, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Where the true spread lies, given that of n seeds: what advice on seeds must allow for.

    Raises:
        InputError: Spread, n or confidence out of range.

    Source:
        The chi-squared interval of a normal variance.

    Example:
        >>> [round(end, 2) for end in spread_range(1.0, 5)]
        [0.6, 2.87]
    """
    where = "spread_range"
    _check(where, spread, confidence, "confidence")
    require(n >= 2, where, "n", "at least 2", n)
    tail = (1.0 - confidence) / 2.0
    degrees = n - 1
    high, low = (
        spread * math.sqrt(degrees / (2.0 * float(gammaincinv(degrees / 2, share))))
        for share in (tail, 1.0 - tail)
    )
    return low, high


def minimum_detectable_effect(
    spread: float, n: int, *, wanted_power: float = 0.8, confidence: float = 0.95
) -> float:
    """Smallest true difference that n seeds find with the wanted power, in the unit of spread.

    Raises:
        InputError: Spread, n, power or confidence out of range.

    Example:
        >>> round(minimum_detectable_effect(spread=1.0, n=5), 3)
        1.682
    """
    where = "minimum_detectable_effect"
    _check(where, spread, confidence, "confidence")
    require(1.0 - confidence < wanted_power < 1.0, where, "wanted_power", "a power", wanted_power)
    require(n >= 2, where, "n", "at least 2", n)
    return spread * _detectable_in_spreads(n, wanted_power, confidence)


_FINE = 2**40
"""Parts of the range in which an effect is looked for: to 1e-12 of it."""


@lru_cache(maxsize=1024)
def _detectable_in_spreads(n: int, wanted_power: float, confidence: float) -> float:
    """A table of many cells asks for one n again and again, and an answer takes milliseconds.

    Halving, by the standard library: SciPy's root finders take a third of a second to import,
    which is a third of what `spikefuse compare` may take.
    """

    def shortfall(effect: float) -> float:
        return power(effect, 1.0, n, confidence=confidence) - wanted_power

    top = 1.0
    while shortfall(top) < 0.0:
        top *= 2.0
    step = top / _FINE
    return step * bisect_left(range(_FINE), 0.0, key=lambda number: shortfall(number * step))


def _fewest(where: str, enough: Callable[[int], bool]) -> int:
    """Smallest n from 2 on that is enough, for a condition that stays true once true."""
    high = 2
    while not enough(high):
        high *= 2
        if high > MOST_SEEDS:
            raise InputError(
                f"{where}: the wish must be reachable with {MOST_SEEDS} seeds, and it is not. "
                "Ask for a larger margin or less power."
            )
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def seeds_for_half_width(spread: float, half_width: float, *, confidence: float = 0.95) -> int:
    """Fewest seeds whose interval has at most this half width, at the given spread.

    Raises:
        InputError: An argument out of range, or more than 100,000 seeds needed.

    Example:
        >>> seeds_for_half_width(spread=0.002, half_width=0.001)
        18
    """
    where = "seeds_for_half_width"
    _check(where, spread, confidence, "confidence")
    require(half_width > 0.0, where, "half_width", "positive", half_width)
    return _fewest(
        where, lambda n: critical_value(confidence, n - 1) * spread / math.sqrt(n) <= half_width
    )


def seeds_for_effect(
    spread: float, effect: float, *, wanted_power: float = 0.8, confidence: float = 0.95
) -> int:
    """Fewest seeds that find a true difference of this size with the wanted power.

    Raises:
        InputError: An argument out of range, or more than 100,000 seeds needed.

    Example:
        >>> seeds_for_effect(spread=1.0, effect=0.5)
        34
    """
    where = "seeds_for_effect"
    _check(where, spread, wanted_power, "wanted_power")
    require(effect != 0.0 and math.isfinite(effect), where, "effect", "not zero", effect)
    return _fewest(where, lambda n: power(effect, spread, n, confidence=confidence) >= wanted_power)


def equivalence_power(
    margin: float, spread: float, n: int, *, difference: float = 0.0, alpha: float = 0.05
) -> float:
    """Chance that two one-sided tests over n seeds call two networks equivalent.

    Args:
        margin: Largest difference that counts as none.
        spread: Standard deviation over seeds of the paired difference.
        n: Number of pairs of seeds.
        difference: The true difference.
        alpha: Level of each one-sided test (0.025 is a 95 % interval inside the margin).

    Raises:
        InputError: An argument out of range.

    Source:
        K. F. Phillips, "Power of the two one-sided tests procedure in bioequivalence",
        J. Pharmacokinet. Biopharm. 18, 1990; integrated over the distribution of the spread.
    """
    where = "equivalence_power"
    _check(where, spread, alpha, "alpha")
    require(margin > 0.0, where, "margin", "positive", margin)
    require(n >= 2, where, "n", "at least 2", n)
    scale = spread / math.sqrt(n)
    critical = critical_value(1.0 - 2.0 * alpha, n - 1)

    def passes(ratio: Floats) -> Floats:
        room = margin - critical * ratio * scale
        return np.asarray(ndtr((room - difference) / scale) - ndtr((-room - difference) / scale))

    # Above this ratio the interval is wider than the margins, and cannot pass.
    widest = margin / (critical * scale)
    bends = [(margin + side * difference) / (critical * scale) for side in (-1, 1)]
    return _over_spreads(passes, n - 1, bends, width=1.0 / critical, top=widest)


def seeds_for_equivalence(
    spread: float,
    margin: float,
    *,
    difference: float = 0.0,
    wanted_power: float = 0.8,
    alpha: float = 0.05,
) -> int:
    """Fewest seeds that show equivalence within the margin with the wanted power.

    Raises:
        InputError: An argument out of range, a true difference not inside the margin, or more
            than 100,000 seeds needed.
    """
    where = "seeds_for_equivalence"
    _check(where, spread, wanted_power, "wanted_power")
    require(margin > abs(difference), where, "margin", "above the true difference", margin)
    return _fewest(
        where,
        lambda n: (
            equivalence_power(margin, spread, n, difference=difference, alpha=alpha) >= wanted_power
        ),
    )
