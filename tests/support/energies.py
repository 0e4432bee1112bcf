"""Made-up accuracies and energies of default networks, as tidy rows."""

from typing import Any

MODEL = "horowitz-45nm"
FACTORS = {"pairing": "true", "held_out": "", "reading": "base"}


def cell(network: str, modality: str, size: str = "S") -> dict[str, Any]:
    dense = network == "dnn"
    return {
        "study": "energy",
        "network": network,
        "modality": modality,
        "size": size,
        "neuron": "relu" if dense else "lif",
        "reset": "none" if dense else "soft",
        "time_steps": 1 if dense else 4,
        "fusion": "early" if modality == "fused" else "none",
        "protocol": "disjoint",
        "noise_std": 0.0,
        "noise_position": "before",
        **FACTORS,
    }


ACCURACY = {"image": 0.90, "audio": 0.80, "fused": 0.95}
PJ = {"image": 1000.0, "audio": 400.0, "fused": 1200.0}


def results(seeds: int = 3, **changed: float) -> list[dict[str, Any]]:
    found = []
    for network in ("snn", "dnn"):
        for modality, accuracy in (ACCURACY | changed).items():
            for seed in range(seeds):
                common = cell(network, modality) | {"seed": seed, "samples": 100}
                common["trial"] = f"{network}-{modality}-{seed}"
                value = accuracy + 0.001 * seed
                value += 0.001 * seed - 0.02 if network == "dnn" else 0.0
                found.append(common | {"split": "test", "metric": "accuracy", "value": value})
    found.append(
        found[0] | {"modality": "fused", "metric": "rate.image.hidden", "split": "validation"}
    )
    found.append(found[-1] | {"metric": "rate.audio.hidden"})
    return found


def energies(seeds: int = 3, snn: float = 0.5) -> list[dict[str, Any]]:
    """The SNN needs `snn` times the twin's energy, a little more with every seed."""
    found = []
    for network in ("snn", "dnn"):
        for modality, whole in PJ.items():
            for seed in range(seeds):
                times = snn * (1 + 0.01 * seed) if network == "snn" else 1.0
                common = cell(network, modality) | {"seed": seed, "samples": 100, "split": "test"}
                common |= {"trial": f"{network}-{modality}-{seed}", "layer": "", "branch": ""}

                def add(metric: str, value: float, common=common, **place: str) -> None:
                    row = {"metric": metric, "value": value, "model": MODEL} | place
                    found.append(common | row)

                value = whole * times
                add("energy.pj", value)
                add("energy.once_pj", 0.4 * value)
                add("energy.first_layer_pj", 0.8 * value)
                add("energy.operations_pj", 0.7 * value)
                add("energy.weights_pj", 0.3 * value)
                add("energy.right_pj", value / ACCURACY[modality])
                if modality == "fused":
                    add("energy.pj", 0.6 * value, branch="image")
                    add("energy.pj", 0.3 * value, branch="audio")
                    add("energy.pj", 0.1 * value, branch="fused")
                if network == "snn":
                    add("synops.rate", 0.08 + 0.001 * seed, model="")
    return found
