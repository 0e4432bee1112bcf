"""Calls of a fused neuron, and the rule by which the definition judges what it gives."""

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from spikefuse.neurons import Surrogate
from spikefuse.neurons.lif import RESETS
from spikefuse.neurons.lif.eager import pool_spikes
from spikefuse.neurons.lif.reference import lif_reference

# The rule of the project: at most twice the error that plain float32 makes against float64.
ERROR_FACTOR = 2.0
ROUNDING = torch.finfo(torch.float32).eps / 2  # of the largest gradient: nothing stores it better


@dataclass(frozen=True)
class Case:
    """One call of the neuron."""

    shape: tuple[int, ...]  # [P, T, ...] of the spikes before pooling
    resets: tuple[str, ...] = ("soft",)  # repeated over the members
    detach: bool = False
    surrogate: str = "boxcar"
    width: float | None = None
    static: bool = False
    pool: bool = False
    dtype: torch.dtype = torch.float32
    use: str = "both"  # which outputs the loss sees: "spikes", "membrane" or "both"

    @property
    def constants(self) -> dict[str, Any]:
        members = self.shape[0]
        modes = itertools.islice(itertools.cycle(self.resets), members)
        return {
            "time_steps": self.shape[1],
            "leak": torch.linspace(0.7, 1.0, members) if members > 1 else torch.tensor([0.9]),
            "threshold": torch.linspace(0.8, 1.1, members) if members > 1 else torch.ones(1),
            "reset": torch.tensor([RESETS[name] for name in modes], dtype=torch.int8),
            "surrogate": Surrogate(self.surrogate, self.width),
            "detach_reset": self.detach,
        }

    def current(self) -> Tensor:
        shape = (self.shape[0], 1 if self.static else self.shape[1], *self.shape[2:])
        generator = torch.Generator().manual_seed(7)
        values = torch.randn(shape, generator=generator) + 0.4
        # On the grid of bf16 ties v = threshold happen by themselves.
        return values.mul(8).round().div(8).to(self.dtype)


@dataclass(frozen=True)
class Outcome:
    """What a neuron gave: float64 copies."""

    spikes: Tensor
    membrane: Tensor | None
    gradient: Tensor


def _outcome(case: Case, leaf: Tensor, spikes: Tensor, membrane: Tensor | None) -> Outcome:
    generator = torch.Generator().manual_seed(3)
    weights = torch.randn(spikes.shape, generator=generator).bfloat16()
    loss = torch.zeros((), dtype=torch.float64)
    if case.use != "membrane":
        loss = loss + (spikes * weights.to(spikes.dtype)).sum().double()
    if case.use != "spikes":
        assert membrane is not None
        weights = torch.randn(membrane.shape, generator=generator).bfloat16()
        loss = loss + (membrane * weights.to(membrane.dtype)).sum().double()
    (gradient,) = torch.autograd.grad(loss, leaf)
    return Outcome(
        spikes.detach().double(),
        None if membrane is None else membrane.detach().double(),
        gradient.double(),
    )


def by_kernel(case: Case, lif_population: Callable[..., Any]) -> Outcome:
    """What a fused neuron gives; also its types."""
    leaf = case.current().requires_grad_()
    spikes, membrane = lif_population(
        leaf, **case.constants, pool=case.pool, need_membrane=case.use != "spikes"
    )
    assert spikes.dtype == case.dtype
    assert membrane is None or membrane.dtype == torch.float32
    return _outcome(case, leaf, spikes, membrane)


@functools.cache
def by_reference(case: Case, dtype: torch.dtype) -> Outcome:
    """What the definition gives in this precision."""
    leaf = case.current().to(dtype).requires_grad_()
    spikes, membrane = lif_reference(leaf, **case.constants)
    return _outcome(case, leaf, pool_spikes(spikes) if case.pool else spikes, membrane)


def check(case: Case, got: Outcome) -> None:
    """Spikes and membrane equal the definition's; the gradient within float32's own rounding."""
    single, double = by_reference(case, torch.float32), by_reference(case, torch.float64)
    assert torch.equal(got.spikes, single.spikes), f"spikes of {case}"
    if got.membrane is not None:
        assert single.membrane is not None
        assert torch.equal(got.membrane, single.membrane), f"membrane of {case}"
    plain = single.gradient.to(case.dtype).double()
    allowed = ERROR_FACTOR * (plain - double.gradient).abs().max()
    allowed += ROUNDING * double.gradient.abs().max()
    error = (got.gradient - double.gradient).abs().max()
    assert error <= allowed, f"gradient of the current of {case}: {error} > {allowed}"
