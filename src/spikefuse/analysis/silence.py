"""Two words for two things: a silent network, and a network with a silent layer.

- A *silent layer* is a hidden layer none of whose neurons fires at any step, on the samples that
  firing rates are counted over. What lies before it gets no gradient through it unless a potential
  comes within the surrogate's width of firing, and what lies behind it hears nothing.
- A *silent network* has only silent layers before its answer, the dense hidden layer of every head
  that answers: it gives every sample the same answer, so its accuracy says how common one class is.

Every silent network has a silent layer; a network with one may still answer through another branch
or head. Means leave silent networks out, and say how many; a network with a silent layer is
averaged like any other, has not settled (`effort`), is counted in the census, and where its
accuracy stands alone the layers are named.
"""

from collections.abc import Mapping

from spikefuse.data.sources.contract import FUSED

RATE = "rate."
"""What the metric of a layer's firing rate begins with, before the layer's name."""

HIDDEN = "hidden"
"""What the name of the dense layer before a head's answer ends in, behind the head's and a dot."""

NETWORK_WORDS = (
    "silent: seeds with a silent network (nothing fires before its answer, which is the same for "
    "every sample), counted apart."
)
"""What a table says of `3, 1 silent`."""


def silent_layers(rates: Mapping[str, float]) -> tuple[str, ...]:
    """The hidden layers that never fire, from a network's rates by layer.

    Example:
        >>> silent_layers({"image.conv1": 0.1, "image.conv2": 0.0, "image.hidden": 0.2})
        ('image.conv2',)
    """
    return tuple(layer for layer, rate in rates.items() if rate == 0.0)


def is_silent_network(rates: Mapping[str, float], fusion: str = "") -> bool:
    """Whether nothing fires before a network's answer, from its rates by layer.

    Args:
        rates: Spikes per neuron and step, by hidden layer.
        fusion: Its kind, which says which heads answer; of an unknown one all do.

    Example:
        >>> is_silent_network({"image.conv1": 0.1, "image.hidden": 0.0}), is_silent_network({})
        (True, False)
        >>> late = {"image.hidden": 0.0, "audio.hidden": 0.2}
        >>> is_silent_network(late, "late")
        False
        >>> hybrid = {"fused.hidden": 0.0} | late
        >>> is_silent_network(hybrid, "hybrid"), is_silent_network(hybrid, "hybrid-product")
        (True, False)
    """
    heads = {
        layer.removesuffix(HIDDEN).removesuffix("."): rate
        for layer, rate in rates.items()
        if layer.endswith(HIDDEN)
    }
    if not heads or (any(heads.values()) and heads.get(FUSED) != 0.0):
        return False  # nearly always: who answers need not be asked
    from spikefuse.fusion.registry import FUSIONS

    kind = FUSIONS.get(fusion)
    answering = heads if kind is None else kind.answering(tuple(heads))
    return not any(heads[head] for head in answering)


def silent_words(
    rates: Mapping[str, float], definition: Mapping[str, object]
) -> tuple[str, str] | None:
    """Which of the two it is, and what that means for an accuracy that stands alone.

    Args:
        rates: Spikes per neuron and step, by hidden layer.
        definition: The network's settings.

    Returns:
        The word and the sentence; None where every layer fires.

    Example:
        >>> silent_words({"image.hidden": 0.1}, {}) is None
        True
        >>> silent_words({"image.conv1": 0.1, "image.hidden": 0.0}, {})[0]
        'silent network'
        >>> silent_words({"image.hidden": 0.0, "audio.hidden": 0.1}, {"fusion": "late"})[0]
        'silent layer'
    """
    silent = silent_layers(rates)
    if not silent:
        return None
    layers = f"{', '.join(silent)} never {'fires' if len(silent) == 1 else 'fire'}"
    if is_silent_network(rates, str(definition.get("fusion", ""))):
        word = "silent network"
        told = f"{layers}: nothing reaches the answer, which is the same for every sample."
    else:
        word = "silent layer"
        told = f"{layers}: nothing passes there, and this accuracy is that of the rest."
    return word, f"{told} {_remedy(definition)}"


def _remedy(definition: Mapping[str, object]) -> str:
    if definition.get("init", "plain") != "calibrated":
        return "--init calibrated scales the initial weights layer by layer so that each fires."
    if definition.get("network") == "dnn":
        return "A lower --learning-rate may help."
    return "Another surrogate or a higher --target-rate may help."
