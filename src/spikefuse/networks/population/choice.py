"""Dense or by events: the choice for each product, step and member.

A product by events costs as much as it has events; a dense one always the same. Below a limit of
density events are faster. The limits were measured once for each instruction set and are shipped
(`event_limits.json`, written by `benchmarks/event_curves.py`): the choice depends on the member's
own density and on the kind of processor, never on a timing or on the other members, so a kind of
processor always gives the same bits.
"""

import functools
import json
from collections import Counter
from importlib.resources import files

from spikefuse.core.checks import one_of

PRODUCTS = ("auto", "events", "dense")
"""How products are computed: by events where that is faster, wherever it can be done, or never."""

KINDS = (
    "conv.forward",
    "conv.weight_by_spikes",
    "conv.weight_by_events",
    "conv.input_by_events",
    "dense.forward",
    "dense.weight_by_spikes",
    "dense.weight_by_events",
    "dense.input_by_events",
)
"""Products by events, as the table of limits names them."""

LIMITS_FILE = "event_limits.json"


@functools.cache
def _table() -> dict[str, dict[str, float]]:
    text = (files("spikefuse.networks.population") / LIMITS_FILE).read_text(encoding="utf-8")
    table: dict[str, dict[str, float]] = json.loads(text)["limits"]
    return table


def limits() -> dict[str, float]:
    """Density below which each of `KINDS` is faster by events, for the instructions in use.

    Empty where nothing was measured: there "auto" is dense.
    """
    from spikefuse.core import library  # loads the kernels, which the names above do not need

    return _table().get(library.instructions() or "", {})


class Choice:
    """The setting of a layer, and how often each way was taken.

    Args:
        products: One of `PRODUCTS`.

    Raises:
        InputError: The name is unknown.
    """

    def __init__(self, products: str = "auto") -> None:
        self.products = one_of("network", "products", products, PRODUCTS)
        self.taken: Counter[str] = Counter()

    def cheapest(self, part: str, densities: dict[str, float]) -> str | None:
        """The cheapest kind of product by events, or None for a dense one.

        Args:
            part: What is computed: "forward", "weight" or "input".
            densities: Share of events that each kind would go through.
        """
        found = None
        if densities and self.products != "dense":
            known = limits()
            # Relative to a dense product; in proportion to the events where nothing was measured.
            costs = {kind: density / known.get(kind, 1.0) for kind, density in densities.items()}
            best = min(costs, key=lambda kind: costs[kind])
            if self.products == "events" or (known and costs[best] < 1.0):
                found = best
        self.taken[f"{part} {'dense' if found is None else 'events'}"] += 1
        return found


def shares(choices: list[Choice]) -> dict[str, float]:
    """Share of the products that were computed by events, in all and by part."""
    taken: Counter[str] = Counter()
    for choice in choices:
        taken.update(choice.taken)
    result = {}
    for part in ("forward", "weight", "input"):
        by_events, dense = taken[f"{part} events"], taken[f"{part} dense"]
        if by_events + dense:
            result[part] = by_events / (by_events + dense)
    return result
