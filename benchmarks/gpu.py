"""Measures the engine on a GPU: one network, a population, the fused neuron, and SpikingJelly.

    python benchmarks/gpu.py --peers-python .venv-peers/bin/python --out benchmarks/gpu.json

Every contestant is a process of its own, called in turn in one sitting, as in `spikefuse bench`;
this file is the contestants' side as well (`python benchmarks/gpu.py NAME THREADS`, in the peers'
environment for SpikingJelly). It prints one row a target: what was not measured says so. With
`--paper FOLDER` it also times the whole paper; `equivalence.py` beside it compares accuracies.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from spikefuse.bench.match import Measured
    from spikefuse.bench.serve import Contest
    from spikefuse.bench.targets import Target

MEMBERS = 15
CALLS = 20
"""Kernel calls, or training steps, of one timed call: one alone is so short that launching it and
waiting for it would be measured."""

COPY_BYTES = 2**29
NEURON_SHAPE = (MEMBERS, 1, 400, 28, 28, 32)
"""The first layer's current [P, 1, B, H, W, C]: about 300 MB in bf16, beyond any cache."""

TIME_STEPS = 4
JELLY_MODES = (
    "float32", "compiled", "graphs", "bf16", "bf16-compiled", "bf16-graphs",
)  # fmt: skip
"""`graphs`: compiled with CUDA graphs, PyTorch's mode "reduce-overhead"."""


def _sources() -> tuple[Any, Any]:
    """`Contest` and `serve`, also where spikefuse is not installed: the referee sets the path."""
    try:
        from serve import Contest, serve
    except ModuleNotFoundError:
        from spikefuse.bench.serve import Contest, serve
    return Contest, serve


# -- contestants ----------------------------------------------------------------------------------


def training(members: int, device: str = "cuda", precision: str = "bf16") -> "Contest":
    """Captured training steps of `spikefuse` for so many networks that differ in their seed."""
    from spikefuse.bench import contestants

    return contestants.training(precision, TIME_STEPS, device=device, members=members, calls=CALLS)


def copy(device: str = "cuda", size: int = COPY_BYTES) -> "Contest":
    """Copies of `size` bytes within the device's memory."""
    contest, _ = _sources()
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)

    def step() -> None:
        for _ in range(CALLS):
            target.copy_(source)

    return contest(step, CALLS)


def neuron(
    backward: bool,
    device: str = "cuda",
    shape: tuple[int, ...] = NEURON_SHAPE,
    backend: str = "triton",
) -> "Contest":
    """The fused neuron with static input and pooling, forward or backward, in bf16."""
    from spikefuse.neurons.lif.layer import lif_population
    from spikefuse.neurons.surrogate import Surrogate

    contest, _ = _sources()
    members = shape[0]
    current = torch.randn(shape, device=device).to(torch.bfloat16).requires_grad_(backward)

    def forward() -> Tensor:
        spikes, _ = lif_population(
            current,
            time_steps=TIME_STEPS,
            leak=torch.full((members,), 0.9, device=device),
            threshold=torch.ones(members, device=device),
            reset=torch.zeros(members, dtype=torch.int8, device=device),
            surrogate=Surrogate("boxcar"),
            pool=True,
            need_membrane=False,
            backend=backend,
        )
        return spikes

    if not backward:
        return contest(lambda: [forward() for _ in range(CALLS)], CALLS)
    spikes = forward()
    gradient = torch.ones_like(spikes)

    def step() -> None:
        for _ in range(CALLS):
            torch.autograd.grad(spikes, current, gradient, retain_graph=True)

    return contest(step, CALLS)


def neuron_bytes(backward: bool, shape: tuple[int, ...] = NEURON_SHAPE) -> int:
    """Bytes that one call has to move at least, in bf16.

    Forward: the current once in, the pooled spikes of all steps out. Backward: the current and the
    gradient of the spikes in, the gradient of the current out.
    """
    members, _, batch, height, width, channels = shape
    inputs = members * batch * height * width * channels
    outputs = members * TIME_STEPS * batch * (height // 2) * (width // 2) * channels
    return 2 * (outputs + (2 if backward else 1) * inputs)


def spikingjelly(mode: str, device: str = "cuda") -> "Contest":
    """SpikingJelly's layer-by-layer network of `peers.py`, in one of `JELLY_MODES`.

    bf16 goes through its precision API, because plain autocast makes its neurons take a slow path.
    """
    from importlib.metadata import version

    import torch.nn.functional as F
    from peers import BATCH, JellyBest
    from spikingjelly.activation_based import functional
    from spikingjelly.activation_based.precision import (
        PrecisionConfig,
        prepare_model_for_precision,
    )

    contest, _ = _sources()
    bf16 = mode.startswith("bf16")
    settings = {"mode": "bf16", "neuron_storage": "bf16", "neuron_fwd": "bf16"} if bf16 else {}
    precision = prepare_model_for_precision(
        JellyBest().to(device), torch.device(device), PrecisionConfig(**settings)
    )
    network = precision.model
    optimiser = torch.optim.Adam(network.parameters(), fused=True)
    forward = network
    if mode.endswith(("compiled", "graphs")):
        kind = "reduce-overhead" if mode.endswith("graphs") else "default"
        forward = torch.compile(network, mode=kind)
    x = torch.rand(BATCH, 1, 28, 28, device=device)
    y = torch.randint(0, 10, (BATCH,), device=device)

    def train() -> None:
        functional.reset_net(network)
        optimiser.zero_grad()
        with precision.autocast_context():
            logits = forward(x)
        F.cross_entropy(logits.float(), y).backward()
        optimiser.step()

    def step() -> None:
        for _ in range(CALLS):
            train()

    return contest(step, CALLS * BATCH, versions={"spikingjelly": version("spikingjelly")})


OURS: dict[str, Callable[[], "Contest"]] = {
    "one": lambda: training(1),
    "population": lambda: training(MEMBERS),
    "copy": copy,
    "neuron-forward": lambda: neuron(backward=False),
    "neuron-backward": lambda: neuron(backward=True),
}
PEERS: dict[str, Callable[[], "Contest"]] = {
    f"spikingjelly-{mode}": lambda mode=mode: spikingjelly(mode) for mode in JELLY_MODES
}
CONTESTANTS = OURS | PEERS
"""By name; each call builds one."""

# -- targets --------------------------------------------------------------------------------------


def _ms(record: Mapping[str, Any], name: str) -> float | None:
    """Of one of the calls that are timed together."""
    found = record["contestants"].get(name)
    return None if found is None else float(found["median_ms"]) / CALLS


def _peer_ms(record: Mapping[str, Any]) -> float | None:
    """SpikingJelly's best mode."""
    found = [ms for name in PEERS if (ms := _ms(record, name)) is not None]
    return min(found, default=None)


def _ratio(first: float | None, second: float | None, times: float = 1.0) -> float | None:
    return None if first is None or second is None else times * first / second


def _bandwidth_share(record: Mapping[str, Any]) -> float | None:
    """Of the copy's bandwidth (it reads and writes), in percent: the slower of both directions."""
    copied, shares = _ms(record, "copy"), []
    for name, backward in (("neuron-forward", False), ("neuron-backward", True)):
        part = _ratio(copied, _ms(record, name), 100 * neuron_bytes(backward) / (2 * COPY_BYTES))
        if part is None:
            return None
        shares.append(part)
    return min(shares)


def _paper_minutes(record: Mapping[str, Any]) -> float | None:
    seconds = record.get("paper_s")
    return None if seconds is None else float(seconds) / 60


def targets() -> tuple["Target", ...]:
    """What is measured here, with the bound that each should keep."""
    from spikefuse.bench.targets import Target

    return (
        Target(
            "the paper: all experiments, profile `paper`, 5 seeds, evaluation included",
            20.0,
            "at most",
            _paper_minutes,
            " min",
        ),
        Target("one network alone, T = 4, a step", 0.15, "at most", lambda r: _ms(r, "one"), " ms"),
        Target(
            f"networks a second: population of {MEMBERS} / one by one",
            5.0,
            "at least",
            lambda r: _ratio(_ms(r, "one"), _ms(r, "population"), MEMBERS),
        ),
        Target(
            "SpikingJelly's best mode / ours, one network",
            3.0,
            "at least",
            lambda r: _ratio(_peer_ms(r), _ms(r, "one")),
        ),
        Target(
            f"networks a minute: ours in a population of {MEMBERS} / SpikingJelly's best mode",
            15.0,
            "at least",
            lambda r: _ratio(_peer_ms(r), _ms(r, "population"), MEMBERS),
        ),
        Target(
            "fused neuron, share of the card's copy bandwidth",
            70.0,
            "at least",
            _bandwidth_share,
            " %",
        ),
    )


# -- the sitting ----------------------------------------------------------------------------------


def sitting(
    peers_python: Path | None, rounds: int, steps: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Time the contestants in turn; a mode of a peer that does not run here is named, not timed.

    Raises:
        StudyError: One of ours ended before its time.
    """
    from spikefuse.bench.match import Entrant, compare
    from spikefuse.core.errors import StudyError
    from spikefuse.core.provenance import describe

    script = str(Path(__file__).resolve())
    entrants = [Entrant(name, (sys.executable, script)) for name in OURS]
    missing: dict[str, str] = {}
    for name in PEERS if peers_python else ():
        entrant = Entrant(name, (str(peers_python), script))
        try:
            compare([entrant], threads=1, rounds=1, steps=1)
        except StudyError as error:
            missing[name] = str(error)
            tell(f"left out: {error}")
        else:
            entrants.append(entrant)
    measured: dict[str, Measured] = compare(
        entrants, threads=1, rounds=rounds, steps=steps, tell=tell
    )
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "device": torch.cuda.get_device_name(),
        "machine": describe("cuda"),
        "rounds": rounds,
        "contestants": {name: found.record() for name, found in measured.items()},
        "missing": missing,
    }


def time_paper(out: Path) -> float:
    """Seconds of the whole paper on the GPU, from the start of the process to the report.

    Raises:
        StudyError: The folder is there already, or the run failed.
    """
    from spikefuse.core.errors import StudyError

    if out.exists():
        raise StudyError(f"gpu: {out} must not be there yet. Name another folder to --paper.")
    command = [sys.executable, "-m", "spikefuse", "reproduce", "--profile", "paper"]
    begin = time.perf_counter()
    done = subprocess.run([*command, "--device", "cuda", "--out", str(out)], check=False)
    if done.returncode:
        raise StudyError(f"gpu: the run of the paper must end well, got exit {done.returncode}.")
    return time.perf_counter() - begin


def table(record: Mapping[str, Any]) -> str:
    """The targets in Markdown."""
    lines = [f"{record['device']}, {record['finished'][:10]}", ""]
    lines += ["| what | target | measured | met |", "|---|---|---|---|"]
    for target in targets():
        value = target.value(record)
        shown = "not measured" if value is None else f"{value:.3g}{target.unit}"
        met = "" if value is None else ("yes" if target.is_met(value) else "**no**")
        bound = f"{target.sense} {target.bound:g}{target.unit}"
        lines.append(f"| {target.what} | {bound} | {shown} | {met} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure, write and print; or serve one contestant."""
    if arguments and arguments[0] in CONTESTANTS:
        _, serve = _sources()
        serve(lambda name: CONTESTANTS[name](), arguments)
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers-python", type=Path, help="Python of the peers' environment.")
    parser.add_argument("--rounds", type=int, default=7, help="How often each is called.")
    parser.add_argument("--steps", type=int, default=50, help="Steps a call.")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"), help="The numbers, as JSON.")
    parser.add_argument("--paper", type=Path, help="Also time the whole paper, into this folder.")
    options = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print(
            "gpu: this machine must have a CUDA device that PyTorch can use, got none. "
            "Run the same command where one is.",
            file=sys.stderr,
        )
        return 2
    record = sitting(
        options.peers_python, options.rounds, options.steps, lambda text: print(text, flush=True)
    )
    if options.paper is not None:
        record["paper_s"] = time_paper(options.paper)
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(table(record))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
