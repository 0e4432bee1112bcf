"""Our side of every comparison: `python -m spikefuse.bench.contestants NAME THREADS`."""

import sys
import tempfile
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import spikefuse
from spikefuse.bench.serve import Contest, serve
from spikefuse.data import DataSettings, Selection, load_corpus, locate
from spikefuse.data.sources.registry import FALLBACK
from spikefuse.results import TrialStore
from spikefuse.training import NoiseCondition, TrialDefinition
from spikefuse.training.evaluate import classify
from spikefuse.training.feed import Feed
from spikefuse.training.fit import Fit

BATCH = 100
HIDDEN = 512
BUDGET = 1_630_090
"""Parameters of 32C3-P2-64C3-P2-FC512-10 on 28x28."""

NOISE_SAMPLES = 300


def _definition(precision: str, time_steps: int) -> TrialDefinition:
    return TrialDefinition.create(
        budget=BUDGET,
        time_steps=time_steps,
        precision=precision,
        data=DataSettings(source=FALLBACK, image_size=28),
        selection=Selection(images=1_000),
    )


def _fit(definition: TrialDefinition, backend: str, device: str = "cpu", members: int = 1) -> Fit:
    corpus = load_corpus(definition.data, locate(FALLBACK))
    definitions = [definition.model_copy(update={"seed": seed}) for seed in range(members)]
    # Nothing is written: the loop of an epoch is run without its end.
    store = TrialStore(Path(tempfile.mkdtemp(prefix="spikefuse-bench-")))
    folders = [store.open(each.naming()) for each in definitions]
    return Fit(definitions, folders, corpus, lambda event: None, device, backend)


def training(
    precision: str,
    time_steps: int = 4,
    backend: str = "auto",
    device: str = "cpu",
    members: int = 1,
    calls: int = 1,
) -> Contest:
    """The training loop as it is: gather, forward, loss, backward, checks, Adam.

    Args:
        precision: Type of products.
        time_steps: T.
        backend: The neuron's implementation.
        device: Where to train; a GPU's steps are captured.
        members: Networks that differ in their seed.
        calls: Training steps of one call, so that waiting for a GPU does not count as work.
    """
    fit = _fit(_definition(precision, time_steps), backend, device, members)
    steps = fit.steps
    numbers = cycle(range(steps.samples // BATCH))

    def prepare() -> None:
        fit.network.train()
        steps.begin(1, 0, [0.0] * members, [0.0] * members)

    def step() -> None:
        for number in islice(numbers, calls):
            if number == 0:
                steps.rewind()
            steps.run(number, 1)

    prepare()
    return Contest(step, calls * BATCH, prepare)


def noisy_evaluation(precision: str, backend: str) -> Contest:
    """Accuracy under noise before every activation, as the noise studies take it."""
    definition = _definition(precision, 4)
    fit = _fit(definition, backend)
    condition = NoiseCondition(noise_std=0.1, draws=1, samples=NOISE_SAMPLES)
    feed: Feed = fit.feed
    network = fit.network.eval()
    samples = min(NOISE_SAMPLES, feed.size("test"))
    return Contest(lambda: classify(network, feed, "test", condition), samples)


def products(dtype: torch.dtype) -> Contest:
    """The convolutions and matrix products of our step at T = 4, forward and backward, alone."""

    def maps(batch: int, size: int, channels: int) -> Tensor:
        return torch.rand(batch, size, size, channels).to(dtype).permute(0, 3, 1, 2)

    def kernel(outputs: int, inputs: int) -> Tensor:
        return torch.randn(outputs, inputs, 3, 3).to(dtype).to(memory_format=torch.channels_last)

    convolutions = [
        (maps(BATCH, 28, 1), kernel(32, 1), maps(BATCH, 28, 32), [False, True, True]),
        (maps(4 * BATCH, 14, 32), kernel(64, 32), maps(4 * BATCH, 14, 64), [True, True, True]),
    ]
    dense = [
        (
            torch.rand(rows, inputs).to(dtype),
            torch.rand(outputs, inputs).to(dtype),
            torch.rand(rows, outputs).to(dtype),
        )
        for rows, inputs, outputs in ((4 * BATCH, 3136, HIDDEN), (BATCH, HIDDEN, 10))
    ]

    def step() -> None:
        for x, weight, gradient, wanted in convolutions:
            outputs = len(weight)
            F.conv2d(x, weight, torch.zeros(outputs, dtype=dtype), padding=1)
            torch.ops.aten.convolution_backward(
                gradient, x, weight, [outputs], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, wanted
            )
        for x, weight, gradient in dense:
            F.linear(x, weight)
            torch.mm(gradient, weight)
            torch.mm(gradient.t(), x)

    return Contest(step, BATCH)


def plain_dnn() -> Contest:
    """The dense twin as PyTorch users write it: eager, float32, Adam."""
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(3136, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, 10),
    )
    optimiser = torch.optim.Adam(network.parameters(), fused=True)
    x, y = torch.rand(BATCH, 1, 28, 28), torch.randint(0, 10, (BATCH,))

    def step() -> None:
        optimiser.zero_grad()
        F.cross_entropy(network(x), y).backward()
        optimiser.step()

    return Contest(step, BATCH)


CONTESTANTS: dict[str, Callable[[], Contest]] = {
    "ours-bf16": lambda: training("bf16"),
    "ours-float32": lambda: training("float32"),
    "ours-bf16-t16": lambda: training("bf16", time_steps=16),
    "ours-reference": lambda: training("float32", backend="reference"),
    "ours-eager": lambda: training("float32", backend="eager"),
    "products-bf16": lambda: products(torch.bfloat16),
    "products-float32": lambda: products(torch.float32),
    "plain-dnn": plain_dnn,
    "noise-bf16": lambda: noisy_evaluation("bf16", "auto"),
    "noise-float32": lambda: noisy_evaluation("float32", "auto"),
    "noise-eager": lambda: noisy_evaluation("float32", "eager"),
    "noise-reference": lambda: noisy_evaluation("float32", "reference"),
}
"""By name; each call builds one."""


def stages(precision: str = "bf16", steps: int = 10) -> dict[str, float]:
    """Shares of the training step's processor time on one thread, by PyTorch's profiler."""
    contest = training(precision)
    for _ in range(3):
        contest.step()
    with torch.profiler.profile() as profiler:
        for _ in range(steps):
            contest.step()
    kinds = {
        "convolutions and matrix products": ("conv", "aten::mm", "aten::addmm", "aten::linear"),
        "neurons, reset and pooling": ("FusedLif",),
        "Adam": ("_fused_adam_",),
    }
    shares: dict[str, float] = dict.fromkeys([*kinds, "the rest"], 0.0)
    events: list[Any] = list(profiler.key_averages())
    total = sum(event.self_cpu_time_total for event in events)
    for event in events:
        kind = next(
            (k for k, names in kinds.items() if any(name in event.key for name in names)),
            "the rest",
        )
        shares[kind] += event.self_cpu_time_total / total
    return shares


def _make(name: str) -> Contest:
    contest = CONTESTANTS[name]()
    return Contest(
        contest.step, contest.samples, contest.prepare, {"spikefuse": spikefuse.__version__}
    )


if __name__ == "__main__":
    serve(_make, sys.argv[1:])
