"""A population's Triton products equal PyTorch's, under the interpreter."""

from typing import Any

import pytest
import torch
from modalities import MODALITIES
from product_cases import NAMES, by_triton, check, leaves, outcome
from torch import Tensor

from spikefuse.core.errors import InputError
from spikefuse.networks import NetworkSpec, NeuronSpec, build, twin
from spikefuse.networks.population import blocks, triton
from spikefuse.networks.population.triton import conv3x3, linear
from spikefuse.neurons.lif.call import DTYPES

pytestmark = [
    pytest.mark.skipif(
        not triton.available("cpu"), reason=f"Triton products: {triton.why_not('cpu')}"
    ),
    pytest.mark.usefixtures("rounding_of_a_gpu", "bf16_products_of_a_gpu"),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "outputs"),
    [
        ((2, 3, 5, 7, 1), 10),
        ((2, 2, 6, 3, 3), 33),
        ((1, 2, 7, 5, 32), 33),
        ((1, 3, 4, 4, 32), 10),
        ((2, 1, 1, 1, 3), 1),
        ((1, 1, 1, 4, 48), 64),
    ],
)
def test_convolution(
    nan_filled_memory: None, shape: tuple[int, ...], outputs: int, dtype: torch.dtype
) -> None:
    """One tap a tile and several, maps of odd sizes, rows and columns that fill no block."""
    check(shape, outputs, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "outputs"), [((2, 5, 33), 10), ((1, 70, 130), 33), ((3, 1, 1), 1), ((1, 3, 64), 144)]
)
def test_dense_layer(
    nan_filled_memory: None, shape: tuple[int, ...], outputs: int, dtype: torch.dtype
) -> None:
    check(shape, outputs, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_over_several_parts_of_the_rows(
    nan_filled_memory: None, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(blocks, "PART_ROWS", 64)
    check((2, 7, 5, 7, 3), 10, dtype)
    check((2, 130, 20), 5, dtype)


@pytest.mark.parametrize(
    ("kernel", "change"),
    [
        ("product", {"SIGN": 1}),
        ("product", {"BIAS": False}),
        ("product", {"WIDTH": 6}),
        ("product", {"DEPTH": 26}),
        ("weight_gradient", {"HEIGHT": 4}),
        ("weight_gradient", {"LENGTH": 9}),
    ],
)
def test_a_broken_kernel_would_be_caught(
    monkeypatch: pytest.MonkeyPatch, kernel: str, change: dict[str, Any]
) -> None:
    """Each change stands for a mistake in a kernel; the checks above must see it."""
    launch = triton._launch

    def broken(called: Any, *arguments: Any, **constants: Any) -> None:
        wrong = change if called is getattr(triton._kernels(), kernel) else {}
        launch(called, *arguments, **(constants | wrong))

    monkeypatch.setattr(triton, "_launch", broken)
    with pytest.raises(AssertionError):
        check((2, 3, 5, 7, 3), 10, torch.float32)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "outputs"), [((3, 5, 3, 5, 3), 10), ((3, 70, 33), 10)])
def test_members_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], outputs: int, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(blocks, "PART_ROWS", 64)
    given = leaves(shape, outputs, dtype)
    together = outcome(by_triton, given)
    for member in range(3):
        alone = outcome(by_triton, [each[member : member + 1] for each in given])
        for name, got, want in zip(NAMES, alone, together, strict=True):
            assert torch.equal(got[0], want[member]), name


@pytest.mark.parametrize("shape", [(2, 0, 5, 7, 3), (2, 3, 0, 7, 3), (0, 3, 5, 7, 3), (2, 0, 33)])
def test_empty(nan_filled_memory: None, shape: tuple[int, ...]) -> None:
    given = leaves(shape, 10, torch.float32)
    output, *gradients = outcome(by_triton, given)
    assert output.shape == (*shape[:-1], 10)
    for gradient, leaf in zip(gradients, given, strict=False):
        assert torch.equal(gradient, torch.zeros_like(leaf))


def test_non_contiguous_arguments() -> None:
    given = leaves((2, 3, 5, 7, 3), 10, torch.float32)
    views = [each.transpose(0, 1).contiguous().transpose(0, 1) for each in given]
    views[1] = given[1].flip(3, 4).contiguous().flip(3, 4).transpose(1, 2).contiguous()
    views[1] = views[1].transpose(1, 2)
    assert not any(view.is_contiguous() for view in views)
    for name, got, want in zip(
        NAMES, outcome(by_triton, views), outcome(by_triton, given), strict=True
    ):
        assert torch.equal(got, want), name


def test_nan_reaches_its_neighbours_and_no_other_member() -> None:
    x, weight, bias, _ = leaves((2, 3, 5, 7, 3), 10, torch.float32)
    x[0, 1, 0, 3, 2] = float("nan")
    reached = torch.zeros(2, 3, 5, 7, 10, dtype=torch.bool)
    reached[0, 1, :2, 2:5] = True
    assert torch.equal(conv3x3(x, weight, bias).isnan(), reached)


X, WEIGHT, BIAS = torch.zeros(2, 3, 4, 4, 5), torch.zeros(2, 6, 5, 3, 3), torch.zeros(2, 6)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"x": X.double()}, "conv3x3: x must be float32 or bfloat16 for the triton backend, got"),
        ({"x": X[0]}, r"x must be \[P, N, H, W, C\], got \(3, 4, 4, 5\)"),
        ({"x": X[:1]}, r"weight must be of 1 members and 5 inputs, .* got \(2, 6, 5, 3, 3\)"),
        ({"x": X[..., :4]}, "weight must be of 2 members and 4 inputs"),
        ({"weight": WEIGHT[..., :2]}, r"weight must be \[P, O, C, 3, 3\], got"),
        ({"weight": WEIGHT[:, :0]}, "one input and one output or more"),
        ({"weight": WEIGHT.bfloat16()}, "weight must be float32, got torch.bfloat16"),
        ({"bias": BIAS[:, :5]}, r"bias must be \[2, 6\], got \(2, 5\)"),
        ({"bias": BIAS.double()}, "bias must be float32"),
        ({"weight": WEIGHT.to("meta")}, "weight must be on cpu, as x is"),
        ({"x": torch.zeros(()).expand(2, 2**14, 2**14, 2, 5)}, r"x must be below 2\^31 elements"),
    ],
)
def test_wrong_arguments_are_refused(changed: dict[str, Tensor], words: str) -> None:
    with pytest.raises(InputError, match=words):
        conv3x3(**({"x": X, "weight": WEIGHT, "bias": BIAS} | changed))


def test_wrong_dense_arguments_are_refused() -> None:
    with pytest.raises(InputError, match=r"linear: x must be \[P, N, F\]"):
        linear(X, WEIGHT, BIAS)
    with pytest.raises(InputError, match=r"linear: weight must be \[P, O, F\]"):
        linear(X[:, :, 0, 0], WEIGHT, BIAS)


def test_without_interpreter_a_cpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triton, "why_not", lambda device: f"not on {device}")
    with pytest.raises(InputError, match="'triton' cannot be used: not on cpu"):
        conv3x3(X, WEIGHT, BIAS)


def network_outcome(modality: str, network: str, precision: str, backend: str) -> dict[str, Tensor]:
    """Logits and gradients of two members."""
    spec = NetworkSpec(
        modality=modality,
        input_shapes=dict.fromkeys(MODALITIES[modality], (1, 8, 8)),
        budget=40_000,
        time_steps=2,
        neuron=NeuronSpec(threshold=0.3),
        **({"fusion": "early"} if modality == "fused" else {}),
    )
    spec = twin(spec) if network == "dnn" else spec
    generator = torch.Generator().manual_seed(2)
    inputs = {
        name: torch.rand(2, 2, *shape, generator=generator)
        for name, shape in spec.input_shapes.items()
    }
    population = build([spec, spec], [0, 1], precision, backend)
    logits = population(inputs)
    logits.square().sum().backward()
    gradients = {name: each.grad for name, each in population.named_parameters()}
    return {"logits": logits.detach(), **gradients}


@pytest.mark.parametrize("network", ["snn", "dnn"])
@pytest.mark.parametrize("modality", ["image", "fused"])
def test_a_network_equals_one_of_pytorch(modality: str, network: str) -> None:
    ours, pytorchs = (
        network_outcome(modality, network, "float32", backend) for backend in ("triton", "eager")
    )
    assert float(pytorchs["logits"].abs().max()) > 0.01
    for name, want in pytorchs.items():
        assert want.abs().max() > 0, name
        assert (ours[name] - want).abs().max() <= 1e-5 * want.abs().max(), name


def test_a_bf16_network_is_as_near_to_float32_as_pytorchs() -> None:
    """Rounding turns a few ReLUs and maxima over, so the two are not compared with each other."""
    exact = network_outcome("image", "dnn", "float32", "eager")
    ours, pytorchs = (
        network_outcome("image", "dnn", "bf16", backend) for backend in ("triton", "eager")
    )
    for name, want in exact.items():
        error, usual = (float((each[name] - want).norm()) for each in (ours, pytorchs))
        assert 0 < error <= 1.5 * usual, name
