r"""Is one device, precision or kind of product as accurate as another? The same seeds, then TOST.

    python benchmarks/equivalence.py --first cuda/bf16 --second cpu/float32 --out runs/equivalence
    python benchmarks/equivalence.py --first cpu/float32/events --second cpu/float32/dense \
        --modality fused --seeds 10 --epochs 2 --images 5000 --out runs/events

Trains the default SNN of a modality on each side and compares test accuracy at the best validation
epoch on all test samples, paired by seed. Goes on where it was stopped. Exit 1: not shown to be
equivalent.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from spikefuse.core.checks import one_of
from spikefuse.core.device import PRECISIONS, flushed_denormals, resolve_device
from spikefuse.core.errors import SpikefuseError
from spikefuse.core.provenance import describe
from spikefuse.data import Location, Selection, load_corpus, locate
from spikefuse.networks.population.choice import PRODUCTS
from spikefuse.results import TrialStore
from spikefuse.stats import tost
from spikefuse.studies import PROFILES
from spikefuse.training import TrialDefinition, train_population

MARGIN = 0.003
"""Largest difference that counts as none, as a share of the test samples."""


def definitions(
    precision: str, options: argparse.Namespace, location: Location
) -> list[TrialDefinition]:
    """The default SNN of a modality, one a seed."""
    settings = PROFILES["paper"].settings(options.modality, "S", location.source)
    return [
        TrialDefinition.create(
            modality=options.modality,
            precision=precision,
            epochs=options.epochs,
            seed=seed,
            data=settings["data"],
            selection=Selection(images=options.images),
        )
        for seed in range(options.seeds)
    ]


def accuracies(
    side: str, options: argparse.Namespace, location: Location
) -> tuple[list[float], int]:
    """Test accuracy of each seed on a side "DEVICE/PRECISION[/PRODUCTS]", and the test samples.

    Raises:
        InputError: The side does not exist here.
    """
    device, precision, products = [*side.split("/"), "auto", "auto"][:3]
    one_of("equivalence", "precision", precision, PRECISIONS)
    one_of("equivalence", "products", products, PRODUCTS)
    resolve_device(device)
    members = definitions(precision, options, location)
    store = TrialStore(options.out / options.modality / side.replace("/", "-").replace(":", "-"))
    corpus = load_corpus(members[0].data, location)

    def tell(event: dict[str, Any]) -> None:
        if event["validation_accuracy"] is not None:
            print(f"{side}  epoch {event['epoch']} of {event['epochs']}", flush=True)

    with flushed_denormals():
        train_population(members, corpus, store, tell, device, products=products)
    results = [store.read(each.name).results for each in members]
    (samples,) = {
        split["samples"]
        for each in results
        for split in each["audit"]["splits"]
        if split["split"] == "test"
    }
    return [each["accuracy"]["test_best"] for each in results], samples


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Both sides, the test and what it was made with."""
    location = locate(options.data)
    (first, samples), (second, _) = (
        accuracies(side, options, location) for side in (options.first, options.second)
    )
    test = tost(first, second, MARGIN, resolution=1.0 / samples)
    return {
        "command": " ".join(["python", *sys.argv]),
        "data": location.source,
        "modality": options.modality,
        "accuracy": {options.first: first, options.second: second},
        "estimate": test.estimate,
        "low": test.low,
        "high": test.high,
        "n": test.n,
        "margin": test.margin,
        "p_value": test.p_value,
        "equivalent": test.equivalent,
        "machine": describe(options.first.partition("/")[0]),
    }


def sentence(record: dict[str, Any]) -> str:
    """The answer in one line."""
    first, second = record["accuracy"]
    verdict = "equivalent" if record["equivalent"] else "not shown to be equivalent"
    return (
        f"{first} minus {second}: {100 * record['estimate']:+.2f} pp (90 % interval "
        f"{100 * record['low']:+.2f} to {100 * record['high']:+.2f}, n = {record['n']}), {verdict} "
        f"within {100 * record['margin']:g} pp (p = {record['p_value']:.2g})"
    )


def main(arguments: list[str]) -> int:
    """Train what is missing, test, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--first", default="cuda/bf16", help="DEVICE/PRECISION[/PRODUCTS].")
    parser.add_argument("--second", default="cpu/float32", help="The same, of the other side.")
    parser.add_argument("--modality", default="image", help="image, audio or fused.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, help="Training images; all if left out.")
    parser.add_argument("--data", default="auto", help="auto, digits or builtin.")
    parser.add_argument("--out", type=Path, default=Path("runs/equivalence"), help="Trial folders.")
    options = parser.parse_args(arguments)
    try:
        record = measure(options)
    except SpikefuseError as error:
        print(f"equivalence: {error}", file=sys.stderr)
        return 2
    text = json.dumps(record, indent=2) + "\n"
    (options.out / options.modality / "equivalence.json").write_text(text, encoding="utf-8")
    print(sentence(record))
    return 0 if record["equivalent"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
