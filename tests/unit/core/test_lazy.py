"""One module of a library, without the package that it lies in."""

import subprocess
import sys

import numpy as np
import scipy.special

from spikefuse.stats import special

FUNCTIONS = [name for name, found in vars(special).items() if isinstance(found, np.ufunc)]


def _said(child: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_the_package_brings_along_is_not_executed_and_the_package_works_when_used() -> None:
    child = """
import sys
from spikefuse.stats import special
parts = ("scipy.special", "scipy._lib._docscrape", "numpy.f2py", "numpy.ma.core", "unittest")
print([name for name in parts if name in sys.modules])
print(special.stdtr(3, 0.0), round(float(special.ndtri(0.975)), 6))
import scipy.stats, scipy.special._ufuncs
print(scipy.special.stdtr is special.stdtr, scipy.special.__name__, scipy.special._ufuncs.__name__)
print(round(float(scipy.stats.t.ppf(0.975, 4)), 6), round(float(scipy.special.softmax([0, 0])[0])))
"""
    assert _said(child) == [
        "[]",
        "0.5 1.959964",
        "True scipy.special scipy.special._ufuncs",
        "2.776445 0",
    ]


def test_a_package_that_is_loaded_already_stays() -> None:
    child = (
        "import scipy.special as before, sys\n"
        "import spikefuse.stats.special as ours\n"
        "print(sys.modules['scipy.special'] is before, before.stdtrit is ours.stdtrit)"
    )
    assert _said(child) == ["True True"]


def test_a_module_that_is_not_there_leaves_its_package_as_it_was() -> None:
    child = """
import sys
from spikefuse.core.lazy import alone
try:
    alone("scipy.special.not_there")
except ModuleNotFoundError as error:
    print(error.name, "scipy.special" in sys.modules)
import scipy.special
print(scipy.special.stdtr(3, 0.0))
"""
    assert _said(child) == ["scipy.special.not_there False", "0.5"]


def test_every_function_is_the_one_that_scipy_hands_out() -> None:
    assert len(FUNCTIONS) > 8
    for name in FUNCTIONS:
        assert getattr(special, name) is getattr(scipy.special, name), name


def test_where_scipy_keeps_its_functions_elsewhere_they_are_taken_from_the_package() -> None:
    child = """
import spikefuse.core.lazy as lazy
def alone(name):
    raise ModuleNotFoundError(name)
lazy.alone = alone
from spikefuse.stats import special
import scipy.special
print(special.stdtrit is scipy.special.stdtrit, special.bdtr is scipy.special.bdtr)
"""
    assert _said(child) == ["True True"]
