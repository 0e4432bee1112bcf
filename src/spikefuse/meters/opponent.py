"""The fair opponent of a spiking network: a dense twin with as many bits as T binary steps carry.

A neuron that spikes or not in T steps sends one of T + 1 counts: b = ceil(log2(T + 1)) bits. A
dense network whose activations have b bits carries as much in one step. At a firing rate r the
spiking network reads r T weights for each one the twin reads, so with w_s and w_d bits a weight
they read equally much at

    r = w_d / (w_s T)

With w_d = b: b / (8 T) for 8-bit weights of the spiking network, and 1 / T for b-bit weights. The
precision of the weights decides by a factor; show both.

Source:
    arXiv:2409.08290, as reproduced by Spyx 1.0.0.
"""

from spikefuse.core.checks import require


def matched_bits(time_steps: int) -> int:
    """Bits of the activations of a dense twin that carries as much as T binary steps.

    Raises:
        InputError: There is no step.

    Example:
        >>> [matched_bits(steps) for steps in (1, 3, 4, 7, 8)]
        [1, 2, 3, 3, 4]
    """
    require(time_steps >= 1, "matched bits", "time_steps", "1 or more", time_steps)
    return time_steps.bit_length()


def break_even_rate(time_steps: int, weight_bits: int | None = 8) -> float:
    """Spikes per neuron and step below which the spiking network reads less than its twin.

    Args:
        time_steps: T.
        weight_bits: Of the spiking network's weights; None for as many as the twin's.

    Raises:
        InputError: A number is below 1.

    Example:
        >>> break_even_rate(4), break_even_rate(4, None)
        (0.09375, 0.25)
    """
    bits = matched_bits(time_steps)
    own = bits if weight_bits is None else weight_bits
    require(own >= 1, "break-even rate", "weight_bits", "1 or more", own)
    return bits / (own * time_steps)
