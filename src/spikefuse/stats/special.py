"""SciPy's special functions, without what comes along and nobody here uses.

Importing them names every part of NumPy, its Fortran compiler and its test tools too: half of the
time that it takes, and a table in the terminal waits for it.
"""

import numpy as np

from spikefuse.core.lazy import when_used

when_used(np.__name__, ("f2py", "ma", "testing"))

from scipy.special import (  # noqa: E402
    bdtr,
    betaincinv,
    gammainccinv,
    gammaincinv,
    gammaln,
    ndtr,
    ndtri,
    stdtr,
    stdtrit,
)

__all__ = [
    "bdtr",
    "betaincinv",
    "gammainccinv",
    "gammaincinv",
    "gammaln",
    "ndtr",
    "ndtri",
    "stdtr",
    "stdtrit",
]
