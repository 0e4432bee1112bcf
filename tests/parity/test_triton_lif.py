"""The Triton neuron equals the definition, under the interpreter; and it compiles for a GPU."""

import functools
import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from neuron_cases import Case, Outcome, by_kernel, check
from torch import Tensor

from spikefuse.core.errors import InputError
from spikefuse.networks import NetworkSpec, NeuronSpec, build
from spikefuse.neurons import SHAPES, Surrogate
from spikefuse.neurons.lif import lif_population as dispatched
from spikefuse.neurons.lif import native, resolve_backend, triton
from spikefuse.neurons.lif.call import DTYPES, Settings, run
from spikefuse.neurons.lif.triton import block_size

pytestmark = [
    pytest.mark.skipif(
        not triton.available("cpu"), reason=f"Triton neuron: {triton.why_not('cpu')}"
    ),
    pytest.mark.usefixtures("rounding_of_a_gpu"),
]

MIXED = ("soft", "hard", "none")

lif_population = functools.partial(dispatched, backend="triton")


def _by_triton(case: Case) -> Outcome:
    return by_kernel(case, lif_population)


def _check(case: Case) -> None:
    check(case, _by_triton(case))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize(("reset", "detach"), list(itertools.product(MIXED, [False, True])))
def test_every_variant(
    nan_filled_memory: None, reset: str, detach: bool, static: bool, dtype: torch.dtype
) -> None:
    for surrogate, pool in itertools.product(SHAPES, [False, True]):
        shape = (1, 4, 2, 4, 6, 5) if pool else (1, 4, 3, 37)
        _check(Case(shape, (reset,), detach, surrogate, None, static, pool, dtype))


@pytest.mark.parametrize("use", ["spikes", "membrane", "both"])
@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_whatever_the_loss_sees(use: str, pool: bool, dtype: torch.dtype) -> None:
    for static in (False, True):
        _check(Case((3, 4, 2, 5, 5, 4), MIXED, static=static, pool=pool, dtype=dtype, use=use))


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (3, 1, 5), (1, 2, 1, 1, 1), (2, 4, 67), (1, 2, 4500), (1, 40, 130)]
)
def test_odd_shapes(nan_filled_memory: None, shape: tuple[int, ...]) -> None:
    """Several programs a member, blocks that are not full, more steps than registers."""
    for dtype, static in itertools.product(DTYPES, [False, True]):
        _check(Case(shape, MIXED, static=static, dtype=dtype))


@pytest.mark.parametrize("channels", [1, 7, 17])
@pytest.mark.parametrize("size", [(2, 2), (3, 5), (6, 7)])
def test_odd_maps(nan_filled_memory: None, channels: int, size: tuple[int, int]) -> None:
    for static in (False, True):
        _check(Case((3, 3, 2, *size, channels), MIXED, pool=True, static=static))


def test_maps_without_a_whole_window_get_zero_gradient(nan_filled_memory: None) -> None:
    case = Case((1, 2, 3, 1, 4, 16), pool=True, use="spikes")
    leaf = case.current().requires_grad_()
    spikes, _ = lif_population(leaf, **case.constants, pool=True, need_membrane=False)
    assert spikes.numel() == 0
    spikes.sum().backward()
    assert leaf.grad is not None
    assert torch.equal(leaf.grad, torch.zeros_like(leaf))


@pytest.mark.parametrize("surrogate", SHAPES)
@pytest.mark.parametrize("width", [0.1, 3.0])
def test_widths(surrogate: str, width: float) -> None:
    _check(Case((2, 6, 90), ("soft", "hard"), surrogate=surrogate, width=width))


@pytest.mark.parametrize("shape", [(1, 4, 0), (0, 4, 5), (1, 3, 0, 4)])
def test_empty(shape: tuple[int, ...]) -> None:
    case = Case((max(1, shape[0]), *shape[1:]))
    constants = case.constants
    for name in ("leak", "threshold", "reset"):
        constants[name] = constants[name][: shape[0]]
    leaf = torch.zeros(shape, requires_grad=True)
    spikes, membrane = lif_population(leaf, **constants)
    spikes.sum().backward()
    assert spikes.shape == shape
    assert membrane is not None
    assert membrane.shape == (shape[0], *shape[2:])
    assert leaf.grad is not None
    assert leaf.grad.shape == shape


def test_members_do_not_matter() -> None:
    case = Case((3, 4, 2, 4, 4, 3), MIXED, pool=True)
    current = case.current()
    together, _ = lif_population(current, **case.constants, pool=True)
    for member in range(3):
        one = slice(member, member + 1)
        constants = {
            key: value[one] if isinstance(value, Tensor) else value
            for key, value in case.constants.items()
        }
        alone, _ = lif_population(current[one], **constants, pool=True)
        assert torch.equal(alone, together[one])


def test_non_contiguous_arguments() -> None:
    case = Case((2, 3, 3, 4, 4, 5), pool=True)
    leaf = case.current().permute(0, 1, 2, 5, 3, 4).contiguous().permute(0, 1, 2, 4, 5, 3)
    assert not leaf.is_contiguous()
    constants = case.constants
    constants["leak"] = torch.tensor([0.9]).expand(2)
    results = []
    for current in (leaf.detach().requires_grad_(), leaf.detach().contiguous().requires_grad_()):
        spikes, _ = lif_population(current, **constants, pool=True)
        weights = torch.rand(spikes.shape[:-1], generator=torch.Generator().manual_seed(1))
        (gradient,) = torch.autograd.grad((spikes.sum(-1) * weights).sum(), current)
        results.append((spikes, gradient))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])


def test_a_tie_does_not_fire() -> None:
    constants = Case((1, 3, 40)).constants | {"leak": torch.ones(1)}
    spikes, membrane = lif_population(torch.full((1, 3, 40), 0.5), **constants)
    assert membrane is not None
    assert spikes[0, :, 0].tolist() == [0.0, 0.0, 1.0]
    assert membrane.unique().tolist() == [0.5]


@pytest.mark.parametrize("surrogate", SHAPES)
@pytest.mark.parametrize("reset", MIXED)
def test_nan_shows_where_it_is_and_nowhere_else(surrogate: str, reset: str) -> None:
    case = Case((1, 3, 1, 4, 4, 5), (reset,), surrogate=surrogate, pool=True)
    broken = torch.zeros(case.shape, dtype=torch.bool)
    broken[0, 0, 0, 1, 2, 3] = True
    leaf = case.current().masked_fill(broken, float("nan")).requires_grad_()
    spikes, membrane = lif_population(leaf, **case.constants, pool=True)
    assert membrane is not None
    (gradient,) = torch.autograd.grad(spikes.sum().float() + membrane.sum(), leaf)
    assert torch.equal(membrane.isnan(), broken[:, 0])
    assert torch.equal(gradient.isnan(), broken[:, :1].expand(case.shape))
    assert not spikes.isnan().any()


@pytest.mark.parametrize(
    "change",
    [
        {"resets": ("hard",)},
        {"resets": ("none",)},
        {"detach": True},
        {"surrogate": "triangle"},
        {"width": 0.51},
        {"use": "spikes"},
    ],
)
def test_a_broken_kernel_would_be_caught(change: dict[str, Any]) -> None:
    """Each change stands for a mistake in the kernel; the checks above must see it."""
    case = Case((1, 5, 400))
    with pytest.raises(AssertionError):
        check(case, _by_triton(replace(case, **change)))


def test_wrong_arguments_are_refused() -> None:
    case = Case((2, 4, 5))
    current, constants = case.current(), case.constants
    settings = Settings(4, Surrogate(), False, False, True)
    vectors = (constants[name] for name in ("leak", "threshold", "reset"))
    with pytest.raises(InputError, match="float32 or bfloat16 for the triton backend"):
        run(triton.KERNELS, current.double(), *vectors, settings)
    with pytest.raises(InputError, match=r"current must be \[P, T, B, H, W, C\]"):
        lif_population(current, **constants, pool=True)
    with pytest.raises(InputError, match="current must be 1 or 3 steps long, got 4"):
        lif_population(current, **(constants | {"time_steps": 3}))
    with pytest.raises(InputError, match="reset must be a vector of the 2 members"):
        lif_population(current, **(constants | {"reset": torch.ones(3, dtype=torch.int8)}))


@pytest.mark.parametrize(
    ("steps", "pool", "block"),
    [(4, False, 1024), (4, True, 256), (16, False, 256), (16, True, 128)],
)
def test_blocks_fit_the_registers(steps: int, pool: bool, block: int) -> None:
    assert block_size(steps, pool) == block


def test_a_fused_population_equals_one_with_the_definition() -> None:
    """Static and changing currents, pooled and flat layers, members of different neurons."""
    neurons = [NeuronSpec(), NeuronSpec(model="if", reset="hard")]
    shapes = {"image": (1, 8, 8), "audio": (1, 8, 8)}
    specs = [
        NetworkSpec(
            modality="fused",
            input_shapes=shapes,
            fusion="early",
            budget=40_000,
            time_steps=3,
            neuron=neuron,
        )
        for neuron in neurons
    ]
    generator = torch.Generator().manual_seed(2)
    inputs = {name: torch.rand(2, 2, *shape, generator=generator) for name, shape in shapes.items()}
    outcomes = []
    for backend in ("triton", "reference"):
        network = build(specs, [0, 1], backend=backend)
        logits = network(inputs)
        logits.square().sum().backward()
        gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
        outcomes.append((logits, gradients))
    (ours, our_gradients), (definition, gradients) = outcomes
    torch.testing.assert_close(ours, definition, rtol=0, atol=1e-6)
    assert float(definition.detach().abs().max()) > 0.01
    for name, expected in gradients.items():
        allowed = 1e-5 * max(1.0, float(expected.abs().max()))
        assert float((our_gradients[name] - expected).abs().max()) <= allowed, name


class TestChoice:
    def test_the_table_takes_it_by_name(self) -> None:
        case = Case((2, 3, 7), MIXED)
        current, constants = case.current(), case.constants
        ours, _ = dispatched(current, **constants, backend="triton")
        definition, _ = dispatched(current, **constants, backend="reference")
        assert torch.equal(ours, definition)
        other, _ = dispatched(current.double(), **constants, backend="triton")
        assert other.dtype == torch.float64

    def test_auto_takes_it_on_a_gpu_and_never_on_a_cpu(self) -> None:
        assert resolve_backend("auto", "cuda") == "triton"
        assert resolve_backend("auto", "cpu") == ("native" if native.available() else "eager")
        assert resolve_backend("auto", "mps") == "eager"

    def test_without_interpreter_a_cpu_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(triton, "is_interpreted", lambda: False)
        with pytest.raises(InputError, match="'triton' cannot be used: it runs on CUDA and ROCm"):
            resolve_backend("triton", "cpu")
        case = Case((1, 2, 3))
        with pytest.raises(InputError, match="not on cpu"):
            lif_population(case.current(), **case.constants)

    def test_without_triton_auto_is_eager(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(triton.importlib.util, "find_spec", lambda name: None)
        assert resolve_backend("auto", "cuda") == "eager"
        with pytest.raises(InputError, match=r"pip install \"spikefuse\[gpu\]\""):
            resolve_backend("triton", "cuda")


COMPILE = """
import json, re
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from spikefuse.neurons.lif import triton_kernel

floats = {"leak": "*fp32", "threshold": "*fp32", "reset": "*i8", "surrogate_width": "fp32"}
floats |= {"surrogate_scale": "fp32", "membrane": "*fp32", "membrane_gradient": "*fp32"}
values = ("current", "spikes", "spike_gradient", "current_gradient")
shared = {"STEPS": 4, "HEIGHT": 14, "WIDTH": 14, "CHANNELS": 64}
found = []
for pool, static in ((False, False), (True, True)):
    for kernel, own in (
        (triton_kernel.lif_forward, {"MEMBRANE": True}),
        (
            triton_kernel.lif_backward,
            {"FROM_SPIKES": True, "FROM_MEMBRANE": True, "DETACH": False, "SURROGATE": 1},
        ),
    ):
        block = 256 if pool else 1024
        constants = {**shared, **own, "BLOCK": block, "POOL": pool, "STATIC": static}
        names = kernel.arg_names
        types = {name: floats.get(name, "*bf16" if name in values else "i32") for name in names}
        types |= dict.fromkeys(constants, "constexpr")
        places = {(names.index(name),): value for name, value in constants.items()}
        # As a launch finds them: torch's memory is aligned, these layers are multiples of 16.
        aligned = [name for name in names if types[name][0] == "*" or types[name] == "i32"]
        hints = {(names.index(name),): [["tt.divisibility", 16]] for name in aligned}
        options = {"enable_fp_fusion": FUSION}
        source, target = ASTSource(kernel, types, places, hints), GPUTarget("cuda", 90, 32)
        made = compile(source, target=target, options=options)
        fused = len(re.findall(r"fma\\.rn", made.asm["ptx"]))
        rounded = len(re.findall(r"cvt\\.rn\\.bf16", made.asm["ptx"]))
        single = len(re.findall(r"(?:ld|st)\\.global\\.b16", made.asm["ptx"]))
        size = len(made.asm["cubin"])
        found.append({"machine code": size, "fused": fused, "rounded": rounded, "single": single})
print(json.dumps(found))
"""


def _compile(fusion: bool, cache: str) -> list[dict[str, int]]:
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": cache}
    answer = subprocess.run(
        [sys.executable, "-c", COMPILE.replace("FUSION", str(fusion))],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_compiles_for_a_gpu_without_fused_operations(tmp_path: Any) -> None:
    """The launch option keeps every rounding, gradients round to the nearest bf16, and memory is
    moved several values at a time; allowed to fuse, the same code has fused operations.
    """
    plain = _compile(False, str(tmp_path / "plain"))
    assert len(plain) == 4
    assert all(each["machine code"] > 0 for each in plain)
    assert [each["fused"] for each in plain] == [0, 0, 0, 0]
    assert all(each["rounded"] > 0 for each in plain[1::2])
    assert [each["single"] for each in plain] == [0, 0, 0, 0]
    assert all(each["fused"] > 0 for each in _compile(True, str(tmp_path / "fused")))
