"""The user-facing LIF: shapes, per-member parameters, refusals."""

import pytest
import torch

from spikefuse.core import library
from spikefuse.core.errors import InputError
from spikefuse.neurons import SHAPES, Surrogate, lif
from spikefuse.neurons.surrogate import SurrogateShape


def test_example_by_hand() -> None:
    # v: 0.6 | 1.14 fires, soft -> 0.14 | 0.726 | 1.2534 fires -> 0.2534
    spikes, v = lif(torch.full((4, 1), 0.6), leak=0.9)
    assert spikes.flatten().tolist() == [0, 1, 0, 1]
    torch.testing.assert_close(v, torch.tensor([0.2534]), atol=1e-6, rtol=0)


def test_a_tie_does_not_fire() -> None:
    spikes, _ = lif(torch.full((1, 1), 1.0), leak=1.0, threshold=1.0)
    assert spikes.item() == 0


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7, 1.1])
@pytest.mark.parametrize("backend", ["eager", "reference"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_tie_does_not_fire_in_any_type(
    dtype: torch.dtype, backend: str, threshold: float
) -> None:
    current = torch.full((2, 1), threshold, dtype=dtype)
    assert lif(current[:1], 1.0, threshold, backend=backend)[0].item() == 0
    assert lif(torch.nextafter(current, 2 * current)[:1], 1.0, threshold, backend=backend)[0] == 1


def test_a_leak_keeps_every_digit_of_float64() -> None:
    _, v = lif(torch.tensor([[0.5], [0.0]], dtype=torch.float64), leak=0.9)
    assert v.item() == 0.5 * 0.9


@pytest.mark.parametrize(("reset", "expected"), [("soft", 0.5), ("hard", 0.0), ("none", 1.5)])
def test_resets(reset: str, expected: float) -> None:
    spikes, v = lif(torch.full((1, 1), 1.5), leak=1.0, reset=reset)
    assert spikes.item() == 1
    assert v.item() == expected


def test_members_equal_single_runs() -> None:
    current = torch.randn(3, 7, 5, 2, generator=torch.Generator().manual_seed(0)) + 0.3
    leaks, thresholds, resets = [0.5, 0.9, 1.0], [1.0, 0.7, 1.3], ["soft", "hard", "none"]
    spikes, v = lif(current, leaks, thresholds, resets)
    for p in range(3):
        alone, alone_v = lif(current[p], leaks[p], thresholds[p], resets[p])
        assert torch.equal(spikes[p], alone)
        assert torch.equal(v[p], alone_v)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"leak": 1.5}, "leak"),
        ({"threshold": 0.0}, "threshold"),
        ({"reset": "sofd"}, "Did you mean soft"),
        ({"surrogate": "bocxar"}, "Did you mean boxcar"),
        ({"leak": [0.9, 0.8]}, "leak"),
        ({"backend": "natve"}, "Did you mean native"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        lif(torch.zeros(3, 4), **arguments)


def test_integer_current_is_refused() -> None:
    with pytest.raises(InputError, match="floating point"):
        lif(torch.zeros(3, 4, dtype=torch.int64))


def test_empty_time_is_refused() -> None:
    with pytest.raises(InputError, match="T >= 1"):
        lif(torch.zeros(0, 4))


@pytest.mark.parametrize("backend", ["auto", "eager", "reference"])
def test_gradient_flows_to_every_step(backend: str) -> None:
    current = torch.full((4, 3), 0.6, requires_grad=True)
    spikes, _ = lif(current, surrogate=Surrogate("atan"), backend=backend)
    spikes.sum().backward()
    assert current.grad is not None
    assert (current.grad != 0).all()


@pytest.mark.parametrize("backend", ["auto", "eager", "reference"])
def test_a_learned_leak_and_threshold_get_their_gradient(backend: str) -> None:
    """Without a reset v = leak^2 i_1 + leak i_2 + i_3, whose derivative is 2 leak i_1 + i_2."""
    leak = torch.nn.Parameter(torch.tensor(0.5))
    threshold = torch.nn.Parameter(torch.tensor(2.0))
    current = torch.tensor([[0.4], [0.3], [0.2]])
    _, v = lif(current, leak, threshold, "none", backend=backend)
    v.sum().backward()
    assert leak.grad is not None
    assert leak.grad.item() == pytest.approx(2 * 0.5 * 0.4 + 0.3)
    spikes, _ = lif(
        current + 1.5, leak, threshold, "none", Surrogate("triangle", 2.0), backend=backend
    )
    threshold.grad = None
    spikes.sum().backward()
    # At h = 1.9, 2.75 and 3.075 each spike's derivative is (1 - |h - 2| / 2) / 2.
    slopes = [(1 - abs(h - 2) / 2) / 2 for h in (1.9, 2.75, 3.075)]
    assert threshold.grad is not None
    assert threshold.grad.item() == pytest.approx(-sum(slopes))


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
@pytest.mark.parametrize("name", ["leak", "threshold"])
def test_kernels_without_a_gradient_of_constants_refuse_it(name: str) -> None:
    constant = torch.nn.Parameter(torch.tensor(0.9))
    with pytest.raises(InputError, match="must need no gradient on the native backend"):
        lif(torch.zeros(3, 4), **{name: constant}, backend="native")
    with torch.no_grad():
        lif(torch.zeros(3, 4), **{name: constant}, backend="native")


def test_a_surrogate_of_ones_own_is_learned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = SurrogateShape(None, "0.25", 1.0, lambda x, w: torch.full_like(x, 0.25), lambda x, w: x)
    monkeypatch.setitem(SHAPES, "flat", flat)
    current = torch.full((1, 3), 0.6, requires_grad=True)
    spikes, _ = lif(current, surrogate="flat")
    spikes.sum().backward()
    assert current.grad is not None
    assert current.grad.tolist() == [[0.25] * 3]
