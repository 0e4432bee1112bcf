"""The LIF neuron as users call it, and the choice of its implementation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError
from spikefuse.neurons.lif import native, triton
from spikefuse.neurons.lif.backends import BACKENDS
from spikefuse.neurons.lif.call import DTYPES, Settings, plain_number, run
from spikefuse.neurons.lif.eager import lif_eager, pool_spikes
from spikefuse.neurons.lif.reference import lif_reference, state_type
from spikefuse.neurons.lif.resets import RESETS
from spikefuse.neurons.surrogate import Surrogate

KERNELS = {"native": native, "triton": triton}
"""The fused implementations: each has `available`, `why_not` and `KERNELS`."""

PerMember = float | Sequence[float] | Tensor


def resolve_backend(
    backend: str = "auto",
    device: torch.device | str = "cpu",
    where: str = "lif",
    argument: str = "backend",
) -> str:
    """The implementation that `backend` stands for on this machine and device.

    `auto` takes the fused kernels of the device: C++ on a CPU, Triton on a GPU. Under Triton's
    interpreter it never takes Triton's.

    Raises:
        InputError: The name is unknown, or the kernels asked for cannot be used.
    """
    one_of(where, argument, backend, BACKENDS)
    if backend == "auto":
        fused = "native" if torch.device(device).type == "cpu" else "triton"
        return fused if KERNELS[fused].available(device) else "eager"
    if backend in KERNELS:
        reason = KERNELS[backend].why_not(device)
        if reason is not None:
            raise InputError(
                f"{where}: {argument} {backend!r} cannot be used: {reason}. Use 'auto'."
            )
    return backend


def lif_population(
    current: Tensor,
    *,
    time_steps: int,
    leak: Tensor,
    threshold: Tensor,
    reset: Tensor,
    surrogate: Surrogate,
    detach_reset: bool = False,
    pool: bool = False,
    need_membrane: bool = True,
    backend: str = "auto",
) -> tuple[Tensor, Tensor | None]:
    """A population of LIF layers over time.

    Args:
        current: [P, T, ...], or [P, 1, ...] for an input that is the same at every step. With
            `pool` the trailing axes are [B, H, W, C].
        time_steps: T.
        leak: [P], decay of the membrane per step (beta); 1 is the IF neuron. Gets a gradient where
            it wants one, as the threshold does; "auto" then takes the eager implementation.
        threshold: [P], above which the neuron fires.
        reset: [P] int8, numbers of `RESETS`.
        surrogate: What stands in for the derivative of a spike.
        detach_reset: No gradient through the spike in the reset.
        pool: Take the 2x2 maximum of the spikes over H and W.
        need_membrane: Return the final membrane (a kernel that need not is faster).
        backend: One of `BACKENDS`.

    Returns:
        Spikes [P, T, ...] (pooled: [P, T, B, H // 2, W // 2, C]) in the type of `current`, and the
        final membrane [P, ...] or None: float32, or float64 beside a current of that type.
    """
    chosen = resolve_backend(backend, current.device)
    if backend == "auto" and _is_beyond_kernels(leak, threshold, surrogate):
        chosen = "eager"
    if _is_recorded():
        chosen = _recordable(backend)
    if chosen in KERNELS and current.dtype in DTYPES:
        settings = Settings(time_steps, surrogate, detach_reset, pool, need_membrane)
        return run(KERNELS[chosen].KERNELS, current, leak, threshold, reset, settings)
    run_plain = lif_reference if chosen == "reference" else lif_eager
    spikes, v = run_plain(current, time_steps, leak, threshold, reset, surrogate, detach_reset)
    return (pool_spikes(spikes) if pool else spikes), (v if need_membrane else None)


def _is_recorded() -> bool:
    """Whether a tracer records this call: it would keep the memory of a kernel, not the kernel."""
    is_tracing: bool = torch.jit._trace.is_tracing()
    return is_tracing or torch.compiler.is_compiling()


def _recordable(backend: str) -> str:
    """The definition, all of whose operations a tracer sees.

    Raises:
        InputError: Another implementation is asked for.
    """
    if backend not in ("auto", "reference"):
        raise InputError(
            "lif: backend must be auto or reference while a call is traced or compiled, got "
            f"{backend!r}, whose kernels no tracer sees. spikefuse.nn has modules that can be."
        )
    return "reference"


def _is_beyond_kernels(leak: Tensor, threshold: Tensor, surrogate: Surrogate) -> bool:
    """Whether a call wants what no fused kernel has: a gradient of a constant, a new surrogate."""
    is_learned = torch.is_grad_enabled() and (leak.requires_grad or threshold.requires_grad)
    return is_learned or surrogate.shape.code is None


def _members(values: PerMember, name: str, dtype: torch.dtype) -> Tensor:
    for value in values if isinstance(values, list | tuple) else ():
        plain_number("lif", name, value, "Give one tensor [P], as torch.stack makes it.")
    vector = torch.as_tensor(values, dtype=dtype)
    require(vector.dim() <= 1, "lif", name, "a number or a vector [P]", tuple(vector.shape))
    return vector.reshape(-1)


def lif(
    current: Tensor,
    leak: PerMember = 0.9,
    threshold: PerMember = 1.0,
    reset: str | Sequence[str] = "soft",
    surrogate: Surrogate | str = "boxcar",
    detach_reset: bool = False,
    backend: str = "auto",
) -> tuple[Tensor, Tensor]:
    """A layer of leaky integrate-and-fire neurons over time: current in, spikes out.

    The equation stands in `spikefuse.neurons.lif.reference`. The membrane starts at 0.

    Args:
        current: Input current [T, ...], floating point, T >= 1. When any of leak, threshold and
            reset is a vector, a population [P, T, ...] with one entry per member.
        leak: Decay per step in [0, 1]; 1 is the IF neuron. A number or [P]; a tensor that requires
            a gradient gets it, and so does the threshold.
        threshold: Above 0. The neuron fires when its membrane exceeds it. A number or [P].
        reset: "soft" (subtract the threshold), "hard" (to zero) or "none". A name or P names.
        surrogate: A `Surrogate` or the name of one.
        detach_reset: No gradient through the spike in the reset.
        backend: "auto", or one of "native", "eager", "reference".

    Returns:
        Spikes in the shape and type of `current`, and the final membrane without the time axis.

    Raises:
        InputError: An argument breaks its constraint; the message names it.

    Source:
        Gerstner et al., "Neuronal Dynamics", Cambridge University Press 2014, section 1.3, in
        discrete time.

    Example:
        >>> spikes, v = lif(torch.full((3, 1), 0.75), leak=1.0, reset="soft")
        >>> spikes.squeeze().tolist(), v.item()
        ([0.0, 1.0, 1.0], 0.25)
    """
    require(current.is_floating_point(), "lif", "current", "floating point", current.dtype)
    names = [reset] if isinstance(reset, str) else list(reset)
    for name in names:
        one_of("lif", "reset", name, RESETS)
    modes = torch.tensor([RESETS[name] for name in names], dtype=torch.int8)
    is_vector = not isinstance(reset, str) or any(
        torch.as_tensor(value).dim() == 1 for value in (leak, threshold)
    )
    # Beside float64 a constant rounded to float32 would be another one: a tie might fire.
    state = state_type(current.dtype)
    beta, theta = _members(leak, "leak", state), _members(threshold, "threshold", state)
    require(bool(((beta >= 0) & (beta <= 1)).all()), "lif", "leak", "in [0, 1]", leak)
    require(bool(((theta > 0) & theta.isfinite()).all()), "lif", "threshold", "above 0", threshold)
    axes = 2 if is_vector else 1
    layout = "[P, T, ...]" if is_vector else "[T, ...]"
    require(
        current.dim() >= axes and current.shape[axes - 1] >= 1,
        "lif",
        "current",
        f"{layout} with T >= 1",
        tuple(current.shape),
    )
    population = current if is_vector else current.unsqueeze(0)
    members = population.shape[0]
    for vector, name in ((beta, "leak"), (theta, "threshold"), (modes, "reset")):
        require(vector.numel() in (1, members), "lif", name, f"1 or {members} long", vector.numel())
    spikes, v = lif_population(
        population,
        time_steps=population.shape[1],
        leak=beta.expand(members).to(current.device),
        threshold=theta.expand(members).to(current.device),
        reset=modes.expand(members).to(current.device),
        surrogate=Surrogate(surrogate) if isinstance(surrogate, str) else surrogate,
        detach_reset=detach_reset,
        backend=backend,
    )
    assert v is not None
    return (spikes, v) if is_vector else (spikes[0], v[0])
