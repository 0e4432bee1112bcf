"""SciPy's special functions, without the package that they lie in.

`scipy.special` writes the docstrings of its functions anew whenever it is imported and names every
part of NumPy: 0.2 s of processor time, for which a table in the terminal would wait. The functions
are those that it hands out, the same objects.
"""

from spikefuse.core.lazy import alone

_UFUNCS = alone("scipy.special._ufuncs")

bdtr = _UFUNCS.bdtr
betaincinv = _UFUNCS.betaincinv
gammainccinv = _UFUNCS.gammainccinv
gammaincinv = _UFUNCS.gammaincinv
gammaln = _UFUNCS.gammaln
ndtr = _UFUNCS.ndtr
ndtri = _UFUNCS.ndtri
stdtr = _UFUNCS.stdtr
stdtrit = _UFUNCS.stdtrit
