"""How long a training step takes densely and by events, at weights of real training.

    python benchmarks/event_steps.py weights --data DIR --out runs/event-steps
    python benchmarks/event_steps.py time --data DIR --out runs/event-steps --threads 1 --repeats 60

Speed by events depends on weights and data: `weights` trains the paper's network on MNIST with each
surrogate and keeps its weights after steps 100 and 480, `time` alternates a dense step and one by
events at these weights on the same batch, and prints the densities beside the figures. With one
thread the time is the processor's (CLOCK_THREAD_CPUTIME_ID), which other programs disturb little;
with more it is the clock's. The dense step may be in bf16 (`--dense-precision`), the one by events
is in float32. Beside it stand the pages that a step had to fetch, and the share of
the practical rate of additions that its products reach (`event_rate.py`). The process keeps the
memory it frees, as workers do that train.
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from event_rate import share_of_rate
from torch import Tensor

from spikefuse.core import library
from spikefuse.core.device import PRECISIONS, flushed_denormals
from spikefuse.core.errors import SpikefuseError
from spikefuse.core.provenance import describe
from spikefuse.data import Corpus, DataSettings, Selection, load_corpus, locate
from spikefuse.execution.environment import keep_memory
from spikefuse.networks.population import PopulationLayer
from spikefuse.neurons.spikes import SpikeTensor
from spikefuse.results import TrialStore
from spikefuse.results.tensors import pack, unpack
from spikefuse.training import TrialDefinition
from spikefuse.training.fit import Fit

SURROGATES = {"boxcar": 0.5, "triangle": 1.0, "atan": 0.5}
STEPS = (100, 480)
BUDGET = 1_630_090
"""Parameters of 32C3-P2-64C3-P2-FC512-10 on 28x28."""


def definition(
    surrogate: str, time_steps: int, images: int | None, precision: str = "float32"
) -> TrialDefinition:
    """The paper's image SNN."""
    return TrialDefinition.create(
        modality="image",
        budget=BUDGET,
        time_steps=time_steps,
        surrogate=surrogate,
        surrogate_width=SURROGATES[surrogate],
        precision=precision,
        data=DataSettings(source="mnist-fsdd"),
        selection=Selection(images=images),
    )


def make_fit(each: TrialDefinition, corpus: Corpus, products: str) -> Fit:
    """Its training; nothing is written but to a temporary folder."""
    store = TrialStore(Path(tempfile.mkdtemp(prefix="spikefuse-events-")))
    folder = store.open(each.model_dump(mode="json"))
    fit = Fit([each], [folder], corpus, lambda event: None, "cpu", "auto", products=products)
    fit.network.train()
    fit.steps.begin(1, 0, [0.0], [0.0])
    return fit


def weights_file(out: Path, surrogate: str, step: int) -> Path:
    """Where the weights after a step are kept."""
    return out / f"{surrogate}-{step}.safetensors"


def make_weights(options: argparse.Namespace, surrogate: str) -> None:
    """Train one epoch of all of MNIST, keeping the weights after `STEPS`."""
    if all(weights_file(options.out, surrogate, step).exists() for step in STEPS):
        return
    each = definition(surrogate, 4, None)
    fit = make_fit(each, load_corpus(each.data, options.location), "auto")
    for step in range(1, max(STEPS) + 1):
        fit.steps.run(step - 1, 1)
        if step in STEPS:
            path = weights_file(options.out, surrogate, step)
            path.write_bytes(pack(fit.network.member_state(0), {}))
            print(f"{path} after {step} steps", file=sys.stderr)


def densities(fit: Fit) -> dict[str, float]:
    """Share of spikes at each layer's input in the next batch."""
    found: dict[str, float] = {}

    def look(layer: PopulationLayer) -> Callable[..., None]:
        def hook(_: object, inputs: tuple[Tensor, ...]) -> None:
            if isinstance(inputs[0], SpikeTensor):
                found[layer.name] = round(inputs[0].density(0), 4)

        return hook

    layers = [each for each in fit.network.weighted.values() if isinstance(each, PopulationLayer)]
    hooks = [layer.register_forward_pre_hook(look(layer)) for layer in layers]
    batch = fit.feed.batch("train", torch.arange(fit.steps.batch_size).unsqueeze(0))
    with torch.no_grad():
        fit.network(batch.inputs)
    for hook in hooks:
        hook.remove()
    return found


def page_faults() -> int:
    """Pages of this process that the kernel had to fetch or clear so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def measure(options: argparse.Namespace, surrogate: str, step: int) -> dict[str, object]:
    """Medians of dense and event steps, alternating."""
    precisions = {"dense": options.dense_precision, options.products: "float32"}
    each = {
        name: definition(surrogate, options.time_steps, 1_000, precision)
        for name, precision in precisions.items()
    }
    corpus = load_corpus(each["dense"].data, options.location)
    fits = {name: make_fit(each[name], corpus, name) for name in each}
    weights = unpack(weights_file(options.out, surrogate, step).read_bytes())
    clock = time.thread_time if options.threads == 1 else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in fits}
    faults: dict[str, list[int]] = {name: [] for name in fits}
    for number in range(options.repeats + 2):
        for name, fit in fits.items():
            fit.network.load_member(0, weights)
            fit.steps.rewind()
            before, begin = page_faults(), clock()
            fit.steps.run(0, 1)
            if number >= 2:  # the first two fill memory and caches
                times[name].append(1e3 * (clock() - begin))
                faults[name].append(page_faults() - before)
    fits[options.products].network.load_member(0, weights)
    events = fits[options.products].network
    medians = {name: statistics.median(each) for name, each in times.items()}
    quartiles = {name: statistics.quantiles(each, n=4)[::2] for name, each in times.items()}
    return {
        "surrogate": surrogate,
        "width": SURROGATES[surrogate],
        "step": step,
        "dense_precision": options.dense_precision,
        "densities": densities(fits[options.products]),
        "by_events": events.products_by_events(),
        "ms": {name: round(value, 2) for name, value in medians.items()},
        "quartiles_ms": {
            name: [round(value, 2) for value in values] for name, values in quartiles.items()
        },
        "least_ms": {name: round(min(each), 2) for name, each in times.items()},
        "page_faults": {name: statistics.median(each) for name, each in faults.items()},
        "ratio": round(medians["dense"] / medians[options.products], 3),
        "n": options.repeats,
        "six_products": share_of_rate(fits[options.products]),
    }


def main() -> int:
    """Run the command; 2 for a wrong input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("weights", "time"))
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST")
    parser.add_argument("--out", type=Path, required=True, help="folder of the weights")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--time-steps", type=int, default=4)
    parser.add_argument("--dense-precision", choices=tuple(PRECISIONS), default="float32")
    parser.add_argument("--products", choices=("auto", "events"), default="auto")
    parser.add_argument("--surrogates", nargs="+", choices=list(SURROGATES), default=SURROGATES)
    parser.add_argument("--steps", nargs="+", type=int, choices=STEPS, default=STEPS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    options.location = locate("mnist-fsdd", options.data)
    torch.set_num_threads(options.threads)
    keep_memory()
    with flushed_denormals():
        if options.command == "weights":
            for surrogate in options.surrogates:
                make_weights(options, surrogate)
            return 0
        print(json.dumps({**describe("cpu"), **library.build_info(), "threads": options.threads}))
        for surrogate in options.surrogates:
            for step in options.steps:
                print(json.dumps(measure(options, surrogate, step)), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SpikefuseError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
