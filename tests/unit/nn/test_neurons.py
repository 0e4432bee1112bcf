"""The modules are the definition, and PyTorch's transformations give right numbers or an error."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from spikefuse.core.errors import InputError
from spikefuse.neurons import SHAPES, Surrogate, lif
from spikefuse.nn import IF, LIF, PLIF


def current(*shape: int, seed: int = 0) -> torch.Tensor:
    return 1.5 * torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize("learned", [False, True])
def test_values_and_gradients_are_the_definitions(reset, detach, learned) -> None:
    x = current(5, 3, 7)
    surrogate = Surrogate("atan") if learned else "boxcar"
    made = (PLIF if learned else LIF)(0.8, 1.0, reset, surrogate, detach_reset=detach)
    own, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    weight = current(5, 3, 7, seed=1)
    spikes, v = made.both(own)
    ((spikes * weight).sum() + v.sum()).backward()
    beta = torch.tensor([0.8], requires_grad=True)
    s, m = lif(theirs[None], beta, 1.0, reset, surrogate, detach, backend="reference")
    ((s[0] * weight).sum() + m[0].sum()).backward()

    assert spikes.sum() > 0
    assert torch.equal(spikes, s[0])
    torch.testing.assert_close(v, m[0])
    torch.testing.assert_close(own.grad, theirs.grad, rtol=1e-4, atol=1e-5)
    if learned:
        slope = 0.8 * 0.2  # of the sigmoid
        torch.testing.assert_close(made.leak_logit.grad, slope * beta.grad, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("made", [LIF, PLIF])
@pytest.mark.parametrize("name", ["leak", "threshold"])
@pytest.mark.parametrize("value", ["a", "0.5", None, [0.5], torch.tensor([0.5, 0.6]), 1j])
def test_a_constant_that_is_no_number_is_refused_by_name(made, name, value) -> None:
    with pytest.raises(InputError, match=rf"^{made.where}: {name} must be a number, got"):
        made(**{name: value})


def test_a_number_of_any_kind_is_a_constant() -> None:
    for value in (np.float32(0.5), torch.tensor(0.5), Fraction(1, 2)):
        assert (LIF(leak=value).leak, LIF(threshold=value).threshold) == (0.5, 0.5)
        assert LIF(leak=value)(current(3, 2)).dtype == torch.float32


def test_a_surrogate_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"^IF: surrogate must be a name or a Surrogate, got 3"):
        IF(surrogate=3)


@pytest.mark.parametrize("value", [np.zeros((3, 1), np.float32), [1.0, 2.0], 1.0, None])
def test_a_current_that_is_no_tensor_is_refused_by_name(value) -> None:
    with pytest.raises(InputError, match=r"^LIF: current must be a tensor \[T, ...\], got"):
        LIF()(value)


@pytest.mark.parametrize("surrogate", SHAPES)
@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
@pytest.mark.parametrize("made", [LIF, PLIF])
def test_a_current_that_is_nan_shows_in_membrane_and_gradient(made, reset, surrogate) -> None:
    x = current(3, 2)
    x[0, 1] = torch.nan
    x.requires_grad_()
    spikes, v = made(reset=reset, surrogate=surrogate).both(x)
    (found,) = torch.autograd.grad(spikes.sum(), x)
    assert v.isnan().tolist() == [False, True]
    assert found.isnan().tolist() == [[False, True]] * 3
    assert spikes[:, 1].tolist() == [0.0] * 3


def test_nothing_is_kept_between_calls_and_the_state_is_what_is_learned() -> None:
    x, neuron = current(4, 2, 3), LIF()
    assert torch.equal(neuron(x), neuron(x))
    assert list(neuron.state_dict()) == list(IF().state_dict()) == []
    assert list(PLIF().state_dict()) == ["leak_logit"]


def test_a_traced_module_gives_right_numbers_on_other_input() -> None:
    neuron = LIF(reset="hard")
    traced = torch.jit.trace(neuron, current(4, 2, 3))
    other = current(4, 2, 3, seed=9)
    for _ in range(3):
        assert torch.equal(traced(other), neuron(other))


def test_a_traced_network_is_recorded_without_a_warning() -> None:
    net = nn.Sequential(nn.Linear(3, 4), LIF(), PLIF())
    with warnings.catch_warnings():
        warnings.simplefilter("error", torch.jit.TracerWarning)
        torch.jit.trace(net, current(4, 2, 3))


def test_an_exported_network_gives_right_numbers() -> None:
    net = nn.Sequential(nn.Linear(6, 8), LIF(), nn.Linear(8, 2))
    program = torch.export.export(net, (current(4, 3, 6),)).module()
    other = current(4, 3, 6, seed=2)
    torch.testing.assert_close(program(other), net(other))


def test_a_compiled_network_gives_right_numbers_and_gradients() -> None:
    net = nn.Sequential(nn.Linear(6, 8), LIF(0.7))
    fast = torch.compile(net, backend="aot_eager", fullgraph=True)
    x = current(4, 3, 6).requires_grad_()
    net(x).sum().backward()
    wanted, x.grad = x.grad, None
    fast(x).sum().backward()
    torch.testing.assert_close(x.grad, wanted)


def test_vmap_is_one_call_a_sample() -> None:
    neuron, x = LIF(), current(5, 4, 3)
    mapped = torch.vmap(neuron, in_dims=1, out_dims=1)(x)
    assert torch.equal(mapped, torch.stack([neuron(each) for each in x.unbind(1)], dim=1))


def test_a_second_derivative_is_refused_by_name() -> None:
    x = current(3, 2).requires_grad_()
    (first,) = torch.autograd.grad(LIF()(x).sum(), x, create_graph=True)
    with pytest.raises(InputError, match="second derivative"):
        first.sum().backward()


def test_the_membrane_is_float32_beside_bf16() -> None:
    x = current(50, 2, 30).bfloat16()
    spikes, v = LIF(0.95).both(x)
    wanted, _ = lif(x.float(), 0.95, backend="reference")
    assert v.dtype == torch.float32
    assert spikes.dtype == torch.bfloat16
    assert torch.equal(spikes.float(), wanted)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LIF(leak=1.5), "LIF: leak must be in"),
        (lambda: IF(threshold=0), "IF: threshold must be above 0"),
        (lambda: LIF(reset="sotf"), "Did you mean soft"),
        (lambda: PLIF(leak=1.0), "PLIF: leak must be between 0 and 1"),
        (lambda: LIF()(torch.ones(3, dtype=torch.int64)), "floating point"),
    ],
)
def test_what_does_not_fit_is_refused(make, message) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_a_traced_function_gives_right_numbers_too() -> None:
    x, other = current(4, 2, 3), current(4, 2, 3, seed=9)
    traced = torch.jit.trace(lambda given: lif(given, 0.8)[0], x)
    for _ in range(3):
        assert torch.equal(traced(other), lif(other, 0.8)[0])
    with pytest.raises(InputError, match="while a call is traced"):
        torch.jit.trace(lambda given: lif(given, backend="eager")[0], x)


@pytest.mark.parametrize("make", [LIF, IF, PLIF])
def test_a_constant_that_wants_a_gradient_and_would_get_none_is_refused(
    make: type[nn.Module],
) -> None:
    learned = nn.Parameter(torch.tensor(0.9))
    for argument in ("threshold",) if make is IF else ("threshold", "leak"):
        with pytest.raises(InputError, match=f"{argument} must need no gradient here"):
            make(**{argument: learned})
        make(**{argument: learned.detach()})


def test_numbers_in_a_list_and_a_width_that_want_a_gradient_are_refused() -> None:
    learned = nn.Parameter(torch.tensor(0.9))
    for argument in ("leak", "threshold"):
        for values in ([learned, learned], (0.5, learned)):
            with pytest.raises(InputError, match=f"{argument} must need no gradient here"):
                lif(torch.rand(2, 3, 4), **{argument: values})
    with pytest.raises(InputError, match="gets no gradient"):
        Surrogate("boxcar", learned)


@pytest.mark.parametrize("make", [LIF, IF, PLIF])
def test_a_derivative_in_forward_mode_would_be_zero_and_is_refused(make: type[nn.Module]) -> None:
    x = current(3, 2)
    with pytest.raises(InputError, match="carry no forward-mode tangent"):
        torch.func.jvp(make(), (x,), (torch.ones_like(x),))
