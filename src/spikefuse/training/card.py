"""The card of a trained network: what people read first of its folder."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from spikefuse.meters.energy import price
from spikefuse.meters.stored_counts import mean_counts
from spikefuse.stats import clopper_pearson
from spikefuse.training.definition import TrialDefinition
from spikefuse.training.interface import Interface

COST_MODEL = "horowitz-45nm"
_COUNTED = "synops/samples"


def card_of(
    definition: TrialDefinition,
    results: Mapping[str, Any],
    interface: Interface,
    observed: Mapping[str, Tensor],
) -> str:
    """A trial's card in Markdown: data, accuracy with its interval, energy, limits, how to load.

    Args:
        definition: Of the trial.
        results: What it reached, as stored.
        interface: What it takes and gives.
        observed: What meters gave; energy is told where operations were counted.
    """
    lines = [
        f"# {_what(definition)}",
        "",
        f"Trial `{definition.name}`, trained by spikefuse. Written once for people; every number "
        "stands in `results.json`, `trial.json` and `interface.json` beside it.",
        "",
        "## Data",
        str(results["banner"]),
        "",
        f"Sees {', '.join(definition.modalities)}; tells {len(interface.classes)} classes apart: "
        f"{_listed(interface.classes)}. Pairing protocol `{definition.protocol}`, seed "
        f"{definition.seed}; content and preprocessing have the fingerprint "
        f"`{results['fingerprint']}`.",
        "",
        "## Accuracy",
        *_accuracy(results),
        "",
        "## Size and energy",
        *_effort(definition, results, observed),
        "",
        "## Limits",
        *_limits(definition, interface),
        "",
        "## Use",
        *_use(definition, interface),
    ]
    return "\n".join(lines) + "\n"


def _what(definition: TrialDefinition) -> str:
    kind = "Spiking network" if definition.network == "snn" else "Dense network"
    joined = "" if definition.fusion == "none" else f", {definition.fusion} fusion"
    return f"{kind} for {' and '.join(definition.modalities)}{joined}"


def _listed(names: tuple[str, ...], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def _accuracy(results: Mapping[str, Any]) -> Iterator[str]:
    if results["status"] == "diverged":
        yield f"None: training broke down ({results['reason']})."
        return
    tested = next(each["samples"] for each in results["audit"]["splits"] if each["split"] == "test")
    reached = results["accuracy"]["test_best"]
    bounds = clopper_pearson(round(reached * tested), tested)
    yield (
        f"{100 * reached:.2f} % of {tested:,} test samples (95 % interval of counting them "
        f"{100 * bounds.low:.2f} to {100 * bounds.high:.2f} %, Clopper-Pearson; how much another "
        "seed would differ is not in it), at the epoch of best validation accuracy."
    )
    if silent := [layer for layer, rate in results["rates"].items() if rate == 0.0]:
        yield ""
        yield (
            f"Silent, so that nothing passes them: {', '.join(silent)}. This accuracy is that of "
            "the rest, and where nothing else leads to the answer, of one answer for every sample."
        )


def _effort(
    definition: TrialDefinition, results: Mapping[str, Any], observed: Mapping[str, Tensor]
) -> Iterator[str]:
    yield (
        f"{results['parameters']:,} parameters, {definition.time_steps} time steps, "
        f"{results['sample_macs']:,} dense multiply-accumulates an inference where what is the "
        "same at every step is computed once."
    )
    if results["status"] == "done" and _COUNTED in observed:
        energy = price(mean_counts(observed), COST_MODEL)
        yield (
            f"{float(energy.total_pj().mean()) / 1e3:,.1f} nJ an inference under the cost model "
            f"`{COST_MODEL}`, from exact counts over {int(observed[_COUNTED]):,} samples; a model, "
            "not a measurement of any chip."
        )
    else:
        yield "Operations were not counted, so no energy is told."


def _limits(definition: TrialDefinition, interface: Interface) -> Iterator[str]:
    yield "- It knows these classes alone: anything else gets the nearest of them."
    yield f"- It was tested on {interface.title}; elsewhere the accuracy above does not hold."
    if len(definition.modalities) > 1 and not interface.paired:
        yield "- Its modalities were paired by class: no two inputs truly belonged together."


def _use(definition: TrialDefinition, interface: Interface) -> Iterator[str]:
    files = [
        name for name in definition.modalities if interface.modalities[name].from_file is not None
    ]
    yield "```python"
    yield "import spikefuse as sf"
    given = ", ".join(f'"{name}": {name}' for name in definition.modalities)
    yield f'sf.load("RESULTS/trials/{definition.name}").predict({{{given}}})  # files or arrays'
    yield "```"
    if len(files) == len(definition.modalities):
        options = " ".join(f"--{name} FILE" for name in files)
        yield "```sh"
        yield f"spikefuse predict {definition.name} {options}"
        yield "```"
