"""What parity tests share: instruction sets of the C++ kernels, a GPU's rounding."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

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


@pytest.fixture
def rounding_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter cuts float32 off to bf16; a GPU rounds to the nearest."""
    from triton import language
    from triton.runtime import interpreter

    convert = interpreter._convert_float

    def rounded(values: Any, given: Any, wanted: Any, mode: Any) -> Any:
        if (given, wanted) != (language.float32, language.bfloat16):
            return convert(values, given, wanted, mode)
        nearest = torch.from_numpy(np.ascontiguousarray(values)).bfloat16()
        return nearest.view(torch.int16).numpy().view(np.uint16)

    monkeypatch.setattr(interpreter, "_convert_float", rounded)


@pytest.fixture
def nan_filled_memory() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)  # new memory is then filled with NaN
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def bf16_products_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter multiplies the bits of bf16 values, as integers."""
    from triton import language
    from triton.runtime import interpreter

    multiply = interpreter.InterpreterBuilder.create_dot

    def exact(values: Any) -> Any:
        if values.dtype.scalar != language.bfloat16:
            return values
        bits = torch.from_numpy(np.ascontiguousarray(values.data).view(np.int16))
        return interpreter.TensorHandle(bits.view(torch.bfloat16).float().numpy(), language.float32)

    def dot(self: Any, a: Any, b: Any, *arguments: Any) -> Any:
        return multiply(self, exact(a), exact(b), *arguments)

    monkeypatch.setattr(interpreter.InterpreterBuilder, "create_dot", dot)
