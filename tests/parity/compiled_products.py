"""Compile a population's products for an H100 without one: `compiled_products.py float32|bfloat16`.

Runs the layers of the paper's networks with kernels that compile what they are called with, as a
launch would, and multiply nothing. Prints one JSON record a kernel.
"""

import json
import re
import subprocess
import sys
import tempfile
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

LAYERS = (
    ((1, 100, 28, 28, 1), 32),
    ((1, 400, 14, 14, 32), 64),
    ((1, 400, 28, 28, 32), 64),
    ((1, 400, 3136), 497),
    ((1, 100, 497), 10),
)
OPTIONS = ("num_warps", "num_stages", "enable_fp_fusion")
POINTERS = {torch.float32: "*fp32", torch.bfloat16: "*bf16"}


def compiled(kernel: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """One kernel's machine code in numbers, made for what a launch would make it for."""
    from triton import knobs
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    given = dict(zip(kernel.arg_names, arguments, strict=False))
    numbers = {name: value for name, value in given.items() if not isinstance(value, Tensor)}
    constants = {name: value for name, value in named.items() if name not in OPTIONS}
    constants |= {name: 1 for name, value in numbers.items() if value == 1}
    types = {name: "i32" if name in numbers else POINTERS[given[name].dtype] for name in given}
    types |= dict.fromkeys(constants, "constexpr")
    place = kernel.arg_names.index
    aligned = [name for name in given if name not in constants and numbers.get(name, 0) % 16 == 0]
    made = compile(
        ASTSource(
            kernel,
            types,
            {(place(name),): value for name, value in constants.items()},
            {(place(name),): [["tt.divisibility", 16]] for name in aligned},
        ),
        target=GPUTarget("cuda", 90, 32),
        options={name: named[name] for name in OPTIONS if name in named},
    )
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(made.asm["cubin"])
        file.flush()
        command = [knobs.nvidia.cuobjdump.path, "--dump-resource-usage", file.name]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = {key: int(re.search(rf"{key}:(\d+)", report)[1]) for key in ("STACK", "LOCAL")}
    ptx = made.asm["ptx"]
    return {
        "kernel": kernel.__name__,
        "layer": [named.get(name) for name in ("CHANNELS", "HEIGHT", "COLUMNS", "SIGN")],
        "spilled": used["STACK"] + used["LOCAL"],
        "shared memory": made.metadata.shared,
        "tensor core": len(re.findall(r"wgmma\.mma_async|mma\.sync", ptx)),
        "tf32": len(re.findall(r"\.tf32", ptx)),
        "fused": len(re.findall(r"fma\.rn\.f32", ptx)),
        "ahead": len(re.findall(r"cp\.async\.c[ag]\.shared\.global[^;]*0x10", ptx)),
    }


def main(dtype: torch.dtype) -> None:
    from spikefuse.networks.population import triton, triton_kernel

    found: dict[Any, dict[str, Any]] = {}

    class Launches:
        def __init__(self, name: str) -> None:
            self.name = name

        def __getitem__(self, grid: tuple[int, ...]) -> Any:
            return self.run

        def run(self, *arguments: Any, **named: Any) -> None:
            numbers = tuple(value for value in arguments if not isinstance(value, Tensor))
            key = (self.name, numbers if self.name != "sum_parts" else None, *named.items())
            if key not in found:
                found[key] = compiled(getattr(triton_kernel, self.name), arguments, named)

    names = ("product", "weight_gradient", "sum_parts")
    triton._kernels = lambda: SimpleNamespace(**{name: Launches(name) for name in names})
    triton.why_not = lambda device: None
    for shape, outputs in LAYERS:
        taps = (3, 3) if len(shape) == 5 else ()
        x = torch.empty(shape, dtype=dtype, requires_grad=shape[-1] > 1)
        weight = torch.empty(1, outputs, shape[-1], *taps, requires_grad=True)
        bias = torch.empty(1, outputs, requires_grad=True)
        output = (triton.conv3x3 if taps else triton.linear)(x, weight, bias)
        output.backward(torch.empty_like(output))
    print(json.dumps(list(found.values())))


if __name__ == "__main__":
    main(getattr(torch, sys.argv[1]))
