"""Parts of libraries that are executed when somebody uses them, and not before."""

import subprocess
import sys

CHILD = """
import sys
import numpy
from spikefuse.stats import special
parts = ("numpy.f2py.crackfortran", "numpy.ma.core", "unittest")
print([name for name in parts if name in sys.modules])
print(special.stdtr(3, 0.0), round(float(special.ndtri(0.975)), 6))
print(numpy.ma.masked_array([1, 2], mask=[0, 1]).sum(), numpy.testing.assert_equal(1, 1))
import numpy.f2py
print(numpy.f2py.crackfortran.__name__, "unittest" in sys.modules)
"""


def test_what_scipy_names_and_nobody_uses_is_not_executed_and_works_when_used() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "[]",
        "0.5 1.959964",
        "1 None",
        "numpy.f2py.crackfortran True",
    ]


def test_what_is_loaded_already_stays() -> None:
    child = (
        "import numpy, numpy.ma as before\n"
        "import spikefuse.stats.special\n"
        "print(numpy.ma is before, type(before).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "module"]
