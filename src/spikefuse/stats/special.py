"""SciPy's special functions, without the package that they lie in.

`scipy.special` writes the docstrings of its functions anew whenever it is imported and names every
part of NumPy: 0.2 s of processor time, for which a table in the terminal would wait. The functions
are those that it hands out, the same objects.
"""

from importlib import import_module

from spikefuse.core.lazy import alone

try:
    _UFUNCS = alone("scipy.special._ufuncs")
except ImportError:  # the module is SciPy's own affair: one that keeps them elsewhere is slower
    _UFUNCS = import_module("scipy.special")

bdtr = _UFUNCS.bdtr
betaincinv = _UFUNCS.betaincinv
gammainccinv = _UFUNCS.gammainccinv
gammaincinv = _UFUNCS.gammaincinv
gammaln = _UFUNCS.gammaln
ndtr = _UFUNCS.ndtr
ndtri = _UFUNCS.ndtri
stdtr = _UFUNCS.stdtr
stdtrit = _UFUNCS.stdtrit
