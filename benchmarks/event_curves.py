"""Up to which density products by events are faster than dense ones: the curves, and the limits.

    python benchmarks/event_curves.py
    python benchmarks/event_curves.py --write --processor "AMD EPYC (Zen 1)"
    python benchmarks/event_curves.py --instructions avx512

Times each product of the paper's network (T = 4, batch 100) by events at several densities and
densely, alternating, on one thread by the processor's clock. `--write` puts the densities at which
both cost the same into the package's table for the instruction set in use; whoever runs spikefuse
on such a processor then chooses by them.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from spikefuse.core import library
from spikefuse.networks.population import events
from spikefuse.networks.population.choice import LIMITS_FILE
from spikefuse.networks.population.events import Operation, Shape
from spikefuse.neurons.spikes import row_bytes

DENSITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
CONV, DENSE = Shape(400, 14, 14, 32, 64), Shape(400, 1, 1, 3136, 512)
TABLE = Path(events.__file__).parent / LIMITS_FILE
MARGIN = 0.9
"""The limit, as a share of the density of equal times: in a network caches are colder."""


def random_bits(shape: Shape, density: float) -> Tensor:
    """Spikes of random places as bits [N, H, W, bytes]."""
    rows = (shape.maps, shape.height, shape.width)
    spikes = (torch.rand(*rows, row_bytes(shape.inputs), 8) < density).to(torch.uint8)
    weights = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128], dtype=torch.uint8)
    return (spikes * weights).sum(dim=-1, dtype=torch.uint8).contiguous()


def random_events(shape: Shape, density: float) -> tuple[Tensor, dict[str, Tensor]]:
    """A gradient of the output with random places that are not zero: floats, and lists."""
    rows = (shape.maps, shape.height * shape.width, shape.outputs)
    floats = torch.randn(rows) * (torch.rand(rows) < density)
    marked = floats != 0
    count = marked.sum(dim=-1)
    value = torch.zeros(shape.maps, rows[1] * rows[2])
    channel = torch.zeros(value.shape, dtype=torch.int32)
    for number in range(shape.maps):
        found = marked[number].nonzero()
        value[number, : len(found)] = floats[number][marked[number]]
        channel[number, : len(found)] = found[:, 1].int()
    lists = {
        "value": value,
        "channel": channel.to(torch.uint16),
        "start": (count.cumsum(dim=-1) - count).to(torch.int32).to(torch.uint32),
        "count": count.to(torch.int32).to(torch.uint16),
    }
    return floats.view(shape.maps, shape.height, shape.width, shape.outputs), lists


def _ignored(_: object) -> None:
    """For calls whose result nobody needs."""


def ways(shape: Shape, density: float) -> dict[str, tuple[Callable[[], None], Callable[[], None]]]:
    """By kind of product: what computes it by events, and densely."""
    is_conv = shape.height > 1
    kernel = (3, 3) if is_conv else ()
    bits, (gradient, lists) = random_bits(shape, density), random_events(shape, density)
    weight, bias = torch.randn(shape.outputs, shape.inputs, *kernel), torch.randn(shape.outputs)
    output, to_weight = torch.empty_like(gradient), torch.empty_like(weight)
    to_input = torch.empty(*gradient.shape[:3], shape.inputs)
    to_bias = torch.empty_like(bias)
    if not is_conv:
        lists, gradient = {"gradient": gradient}, gradient.view(shape.maps, -1)
    given = {"spikes": bits, "output": to_weight, "bias_gradient": to_bias}

    def floats() -> Tensor:
        expanded = events.expand_bits(bits, shape.inputs)
        return expanded if is_conv else expanded.view(shape.maps, -1)

    def run(operation: Operation, **arrays: Tensor) -> Callable[[], None]:
        return lambda: events._run(is_conv, shape, operation, **arrays)

    def dense_weight() -> None:
        events._dense_gradients(floats(), gradient, weight)

    kind = "conv" if is_conv else "dense"
    return {
        f"{kind}.forward": (
            run(Operation.FORWARD, spikes=bits, weight=weight, bias=bias, output=output),
            lambda: _ignored(events._dense_forward(floats(), weight, bias)),
        ),
        f"{kind}.weight_by_spikes": (
            run(Operation.WEIGHT_BY_SPIKES, gradient=gradient, **given),
            dense_weight,
        ),
        f"{kind}.weight_by_events": (
            run(Operation.WEIGHT_BY_EVENTS, **lists, **given),
            dense_weight,
        ),
        f"{kind}.input_by_events": (
            run(Operation.INPUT_BY_EVENTS, weight=weight, output=to_input, **lists),
            lambda: _ignored(events._dense_gradients(None, gradient, weight)),
        ),
    }


def times(pair: tuple[Callable[[], object], Callable[[], object]], n: int) -> list[float]:
    """Median milliseconds of both, alternating, after one call of each."""
    taken: list[list[float]] = [[], []]
    for number in range(n + 1):
        for way, found in zip(pair, taken, strict=True):
            begin = time.thread_time()
            way()
            if number:
                found.append(1e3 * (time.thread_time() - begin))
    return [statistics.median(each) for each in taken]


def crossing(points: list[tuple[float, float, float]]) -> float:
    """The density at which (density, events, dense) times are equal, between two points or 1."""
    before = (0.0, 0.0)
    for density, by_events, dense in points:
        ahead = by_events / dense
        if ahead >= 1.0:
            share = (1.0 - before[1]) / (ahead - before[1])
            return before[0] + share * (density - before[0])
        before = (density, ahead)
    return 1.0


def main() -> int:
    """Measure, print a line a point, and write the table when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--write", action="store_true", help="put the limits into the package")
    parser.add_argument("--processor", default="", help="its name, kept beside the limits")
    parser.add_argument("--instructions", help="a narrower set than the processor's widest")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if options.instructions:
        library.restrict_instructions(options.instructions)
    points: dict[str, list[tuple[float, float, float]]] = {}
    for shape in (CONV, DENSE):
        for density in DENSITIES:
            for kind, pair in ways(shape, density).items():
                by_events, dense = times(pair, options.repeats)
                points.setdefault(kind, []).append((density, by_events, dense))
                print(f"{kind:24} {density:5.0%} {by_events:8.2f} {dense:8.2f} ms", flush=True)
    found = {kind: round(MARGIN * crossing(each), 3) for kind, each in points.items()}
    instructions = library.build_info()["instructions"]
    print(json.dumps({instructions: found}, indent=2))
    if options.write:
        table = json.loads(TABLE.read_text(encoding="utf-8"))
        table["limits"][instructions] = found
        table["measured"][instructions] = options.processor
        TABLE.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
