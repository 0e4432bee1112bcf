"""Every instruction set of the C++ kernels that this processor has, one after the other."""

from collections.abc import Iterator

import pytest

from spikefuse.core import library
from spikefuse.core.errors import InputError

INSTRUCTIONS = ("avx512_bf16", "avx512", "avx2", "portable", "scalar")


@pytest.fixture(params=INSTRUCTIONS)
def instructions(request: pytest.FixtureRequest) -> Iterator[str]:
    before = library.build_info()["instructions"]
    try:
        library.restrict_instructions(request.param)
    except InputError:
        pytest.skip(f"this processor or build has no {request.param}")
    yield request.param
    library.restrict_instructions(before)
