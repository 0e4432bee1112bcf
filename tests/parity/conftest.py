"""Every instruction set of the C++ kernels that this processor has, and the cases of a neuron."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spikefuse.core import library
from spikefuse.core.errors import InputError

INSTRUCTIONS = ("avx512_bf16", "avx512", "avx2", "portable", "scalar")

# Makes `neuron_cases` importable for these tests: the import mode gives them no siblings.
if "neuron_cases" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "neuron_cases", Path(__file__).with_name("neuron_cases.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["neuron_cases"] = module
    spec.loader.exec_module(module)


@pytest.fixture(params=INSTRUCTIONS)
def instructions(request: pytest.FixtureRequest) -> Iterator[str]:
    before = library.build_info()["instructions"]
    try:
        library.restrict_instructions(request.param)
    except InputError:
        pytest.skip(f"this processor or build has no {request.param}")
    yield request.param
    library.restrict_instructions(before)
