"""Our training step by events against peers and the dense twin, at weights of real training.

    python benchmarks/event_steps.py weights --data DIR --out runs/event-steps
    python benchmarks/event_peers.py --data DIR --out runs/event-steps \
        --peers-python .venv-peers/bin/python

`make bench` makes the peers' environment. Speed by events depends on weights and data, so ours
runs on MNIST at the weights that `event_steps.py` keeps, which are loaded again before every step,
within its time; a peer's dense step takes the same time at any. Everyone is a process of its own,
called in turn while the others wait; times are the clock's. Printed as JSON, with the peak memory
of our step by events and densely.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from event_steps import STEPS, definition, make_fit, weights_file

from spikefuse.bench.match import OURS, Entrant, compare, memory
from spikefuse.bench.serve import Contest, serve
from spikefuse.core.errors import SpikefuseError
from spikefuse.core.provenance import describe
from spikefuse.data import load_corpus, locate
from spikefuse.results.tensors import unpack

PEERS = (
    "snntorch-best",
    "snntorch-best-bf16",
    "snntorch-documented",
    "spikingjelly-best",
    "spikingjelly-best-bf16",
    "spikingjelly-documented",
)
SURROGATES = ("boxcar", "triangle", "atan")


def contest(name: str, data: Path, out: Path) -> Contest:
    """Our step "SURROGATE-STEP-PRODUCTS"."""
    surrogate, step, products = name.split("-")
    each = definition(surrogate, 4, 1_000)
    fit = make_fit(each, load_corpus(each.data, locate("mnist-fsdd", data)), products)
    weights = unpack(weights_file(out, surrogate, int(step)).read_bytes())

    def run() -> None:
        fit.network.load_member(0, weights)
        fit.steps.rewind()
        fit.steps.run(0, 1)

    return Contest(run, fit.steps.batch_size, run)


def main() -> int:
    """Run the command; 2 for a wrong input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST")
    parser.add_argument("--out", type=Path, required=True, help="folder of the weights")
    parser.add_argument("--peers-python", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=10, help="a call")
    options = parser.parse_args()
    here = Path(__file__)
    own = (sys.executable, str(here), "serve", str(options.data), str(options.out))
    theirs = (str(options.peers_python), str(here.with_name("peers.py")))
    names = [f"{surrogate}-{step}-auto" for surrogate in SURROGATES for step in STEPS]
    entrants = [
        *(Entrant(name, own) for name in names),
        Entrant("boxcar-480-dense", own),
        Entrant("plain-dnn", OURS),
        *(Entrant(name, theirs) for name in PEERS),
    ]
    found = compare(
        entrants,
        threads=options.threads,
        rounds=options.rounds,
        steps=options.steps,
        tell=lambda text: print(text, file=sys.stderr, flush=True),
    )
    weighed = [Entrant(f"boxcar-480-{products}", own) for products in ("auto", "dense")]
    print(
        json.dumps(
            {
                "machine": describe("cpu"),
                "threads": options.threads,
                "steps": {name: each.record() for name, each in found.items()},
                "memory_bytes": {each.name: memory(each, options.threads) for each in weighed},
            },
            indent=2,
        )
    )
    return 0


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["serve"]:
            folders = [Path(each) for each in sys.argv[2:4]]
            serve(lambda name: contest(name, *folders), sys.argv[4:])
            sys.exit(0)
        sys.exit(main())
    except SpikefuseError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
