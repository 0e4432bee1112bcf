"""LIF, IF and PLIF as modules over time: [T, B, ...] in, spikes of the same shape out.

They keep nothing between two calls: no state to reset, nothing in `state_dict` but what is learned.
"""

import math
from numbers import Real

import torch
from torch import Tensor, nn
from torch.autograd.forward_ad import unpack_dual

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError
from spikefuse.neurons.lif.call import plain_number
from spikefuse.neurons.lif.reference import state_type
from spikefuse.neurons.lif.resets import RESETS
from spikefuse.neurons.surrogate import Surrogate
from spikefuse.nn.operators import lif_operator

LEARNED_LEAK = "PLIF learns its leak, from the number that it is given."
LEARNED_THRESHOLD = "spikefuse.neurons.lif gives a threshold its gradient, a module has none."


def _number(where: str, argument: str, value: object, remedy: str) -> float:
    """A constant of a neuron.

    Raises:
        InputError: It is no number, or one that wants a gradient.
    """
    plain_number(where, argument, value, remedy)
    is_number = isinstance(value, Real) or (isinstance(value, Tensor) and value.numel() == 1)
    require(is_number, where, argument, "a number", value)
    return float(value)  # type: ignore[arg-type]


class _Neuron(nn.Module):
    """What the neurons share; the equation stands in `spikefuse.neurons.lif.reference`."""

    where = "LIF"

    def __init__(
        self,
        threshold: float = 1.0,
        reset: str = "soft",
        surrogate: Surrogate | str = "boxcar",
        *,
        detach_reset: bool = False,
    ) -> None:
        super().__init__()
        self.threshold = _number(self.where, "threshold", threshold, LEARNED_THRESHOLD)
        is_fine = self.threshold > 0 and math.isfinite(self.threshold)
        require(is_fine, self.where, "threshold", "above 0", threshold)
        self.reset = one_of(self.where, "reset", reset, RESETS)
        self.surrogate = Surrogate(surrogate) if isinstance(surrogate, str) else surrogate
        is_known = isinstance(self.surrogate, Surrogate)
        require(is_known, self.where, "surrogate", "a name or a Surrogate", surrogate)
        self.detach_reset = detach_reset

    def leak_of(self, current: Tensor) -> Tensor:
        """The leak [1], beside a current."""
        raise NotImplementedError

    def both(self, current: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes [T, B, ...] and the final membrane [B, ...], float32 or wider.

        Where the current is NaN no neuron fires: the membrane and every gradient show it.

        Raises:
            InputError: The current is no floating-point tensor [T, ...].
        """
        self._check(current)
        assert self.surrogate.width is not None
        self._in_reverse(current)
        spikes, membrane = lif_operator(
            current,
            self.leak_of(current),
            self.threshold,
            RESETS[self.reset],
            self.surrogate.name,
            float(self.surrogate.width),
            self.detach_reset,
        )
        return spikes, membrane

    def _check(self, current: Tensor) -> None:
        is_tensor = isinstance(current, Tensor)
        require(is_tensor, self.where, "current", "a tensor [T, ...]", type(current).__name__)
        # To torch.jit a length is a tensor too, and to branch on one is not what it records.
        is_traced: bool = torch.jit._trace.is_tracing()
        has_steps = current.dim() >= 1 and (is_traced or current.shape[0] >= 1)
        require(
            current.is_floating_point() and has_steps,
            self.where,
            "current",
            "floating point [T, ...] with T >= 1",
            (str(current.dtype), tuple(current.shape)),
        )

    def _in_reverse(self, current: Tensor) -> None:
        """Refuse a derivative in forward mode, which PyTorch would take to be zero."""
        if torch.compiler.is_compiling():
            return
        if unpack_dual(current).tangent is not None:
            raise InputError(
                f"{self.where}: current must carry no forward-mode tangent, which surrogates have "
                "no rule for. Take the derivative in reverse mode (backward)."
            )

    def forward(self, current: Tensor) -> Tensor:
        """Spikes [T, B, ...] of a current [T, B, ...]."""
        return self.both(current)[0]

    def extra_repr(self) -> str:
        """What it is, in a line."""
        return f"threshold={self.threshold:g}, reset={self.reset}, surrogate={self.surrogate.name}"


class LIF(_Neuron):
    """Leaky integrate-and-fire neurons.

    Args:
        leak: Share of the membrane that is kept from step to step, 0 to 1 (snnTorch's beta).
        threshold: Above 0; a membrane beyond it fires, a tie does not.
        reset: "soft" (less the threshold), "hard" (to zero) or "none".
        surrogate: Name or record of what stands in for the derivative of a spike.
        detach_reset: No gradient through the spike in the reset.

    Example:
        >>> LIF(leak=1.0)(torch.full((3, 1), 0.75)).squeeze().tolist()
        [0.0, 1.0, 1.0]
    """

    def __init__(
        self,
        leak: float = 0.9,
        threshold: float = 1.0,
        reset: str = "soft",
        surrogate: Surrogate | str = "boxcar",
        *,
        detach_reset: bool = False,
    ) -> None:
        super().__init__(threshold, reset, surrogate, detach_reset=detach_reset)
        self.leak = _number(self.where, "leak", leak, LEARNED_LEAK)
        require(0 <= self.leak <= 1, self.where, "leak", "in [0, 1]", leak)

    def leak_of(self, current: Tensor) -> Tensor:
        """The leak [1], beside a current."""
        state = state_type(current.dtype)
        return torch.full((1,), self.leak, dtype=state, device=current.device)


class IF(LIF):
    """Integrate-and-fire neurons: LIF that leaks nothing; arguments as there."""

    where = "IF"

    def __init__(
        self,
        threshold: float = 1.0,
        reset: str = "soft",
        surrogate: Surrogate | str = "boxcar",
        *,
        detach_reset: bool = False,
    ) -> None:
        super().__init__(1.0, threshold, reset, surrogate, detach_reset=detach_reset)


class PLIF(_Neuron):
    """LIF whose leak is learned, one number a layer: leak = sigmoid(leak_logit).

    Args:
        leak: Where it begins, between 0 and 1; everything else as of `LIF`.

    Source:
        Fang et al., "Incorporating learnable membrane time constant to enhance learning of spiking
        neural networks", ICCV 2021.
    """

    where = "PLIF"

    def __init__(
        self,
        leak: float = 0.9,
        threshold: float = 1.0,
        reset: str = "soft",
        surrogate: Surrogate | str = "boxcar",
        *,
        detach_reset: bool = False,
    ) -> None:
        super().__init__(threshold, reset, surrogate, detach_reset=detach_reset)
        begin = _number(self.where, "leak", leak, LEARNED_LEAK)
        require(0 < begin < 1, self.where, "leak", "between 0 and 1", leak)
        self.leak_logit = nn.Parameter(torch.tensor([math.log(begin / (1 - begin))]))

    def leak_of(self, current: Tensor) -> Tensor:
        """The leak [1], beside a current."""
        return torch.sigmoid(self.leak_logit).to(state_type(current.dtype))
