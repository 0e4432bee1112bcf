"""Tables of energy: duels of a network and its twin, modalities, firing rates, fronts, twins."""

from collections.abc import Sequence

from spikefuse.analysis.energy import (
    Duel,
    Firing,
    ModalityCost,
    Point,
    Twin,
)
from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.words import (
    NONE,
    counted,
    difference,
    level_name,
    percent,
    share,
    span,
)
from spikefuse.report.drawing.fronts import name_of, nano
from spikefuse.report.tables import Column, Table

PARTS = {
    "operations": "arithmetic",
    "weights": "reading weights",
    "bias": "reading biases",
    "state": "reading and writing potentials",
    "neurons": "updating neurons",
    "input": "reading inputs",
    "output": "writing outputs",
    "addressing": "addressing",
}
"""What a report calls the parts of an energy."""


def times(value: float) -> str:
    """A ratio, as a report writes it: 1.00 has three figures, too."""
    return f"{value:#.3g}" if value < 100 else f"{value:.3g}"


def duel_table(found: Sequence[Duel]) -> Table:
    """SNN beside twin, under every model."""
    rows = [
        (
            each.modality,
            each.model,
            nano(each.snn.mean),
            nano(each.once.mean),
            nano(each.dnn.mean),
            times(each.ratio.mean),
            span(each.ratio, times),
            counted(each.ratio),
            {"snn": "SNN", "dnn": "DNN", "": "one seed" if each.ratio.n == 1 else "undecided"}[
                each.winner
            ],
            ", ".join(
                f"{PARTS.get(part, part)} {100 * share:.0f} %"
                for part, share in sorted(each.parts.items(), key=lambda one: -one[1])
                if share >= 0.005
            ),
            f"{100 * each.first_layer:.0f}",
        )
        for each in found
    ]
    return Table(
        name="energy-models",
        caption="Energy of an inference by cost model (size S, T = 4)",
        columns=(
            Column("Network"),
            Column("Cost model"),
            Column("SNN nJ", number=True),
            Column("SNN nJ, first layers once", number=True),
            Column("DNN nJ", number=True),
            Column("SNN / DNN", number=True),
            Column("95 % interval", number=True),
            Column("n", number=True),
            Column("Less"),
            Column("What the SNN spends it on"),
            Column("First layers %", number=True),
        ),
        rows=tuple(rows),
        heads=2,
    )


def modality_table(found: Sequence[ModalityCost]) -> Table:
    """What a modality's branch costs in the joint network, and what the modality brings."""
    rows = [
        (
            level_name("network", each.network),
            each.modality,
            each.model,
            nano(each.cost.mean),
            percent(each.share.mean),
            span(each.share, percent),
            *difference(each.brings),
            NONE if each.per_nano is None else _points_per_micro(each.per_nano.mean),
            span(each.per_nano, _points_per_micro),
        )
        for each in found
    ]
    return Table(
        name="energy-modalities",
        caption="What a modality costs in the joint network, and what it brings over the other one "
        "alone (size S); 1 pp per \u00b5J is 0.001 pp per nJ",
        columns=(
            Column("Network"),
            Column("Modality"),
            Column("Cost model"),
            Column("Costs nJ", number=True),
            Column("Share %", number=True),
            Column("95 % interval of the share", number=True),
            Column("Brings pp", number=True),
            Column("95 % interval of what it brings", number=True),
            Column("n", number=True),
            Column("pp per \u00b5J", number=True),
            Column("95 % interval of pp per \u00b5J", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )


def _points_per_micro(per_nano: float) -> str:
    """A share for each nJ as percentage points for each micro-joule."""
    return f"{100 * 1000 * per_nano:+.3g}".replace("-", "\u2212")


def firing_table(found: Sequence[Firing]) -> Table:
    """Firing rates beside those at which a quantised twin reads as many weight bits."""
    rows = [
        (
            each.modality,
            str(each.time_steps),
            percent(each.rate.mean),
            span(each.rate, percent),
            counted(each.rate),
            str(each.bits),
            percent(each.eight_bit),
            _below(each.rate, each.eight_bit),
            percent(each.matched),
            _below(each.rate, each.matched),
        )
        for each in found
    ]
    return Table(
        name="energy-break-even",
        caption="Spikes per neuron and step on the test samples, and the rate at which a dense "
        "twin with as many bits reads as many weight bits",
        columns=(
            Column("Network"),
            Column("T", number=True),
            Column("Rate %", number=True),
            Column("95 % interval", number=True),
            Column("n", number=True),
            Column("Bits of the twin", number=True),
            Column("Break-even %, 8-bit weights", number=True),
            Column("Reads less"),
            Column("Break-even %, weights of the twin's bits", number=True),
            Column("Reads less then"),
        ),
        rows=tuple(rows),
        heads=2,
    )


def _below(rate: Estimate, threshold: float) -> str:
    values = list(rate.values.values())
    low, high = rate.low, rate.high
    if len(values) == 1:
        return "one seed"
    if rate.are_all_silent:
        return "silent networks"
    if low is None or high is None:
        low, high = min(values), max(values)
    return "SNN" if high < threshold else "DNN" if low > threshold else "undecided"


def front_table(found: Sequence[Point]) -> Table:
    """Accuracy, energy and energy per right answer of every network, under every model."""
    rows = [
        (
            name_of(each.levels),
            each.model,
            percent(each.accuracy.mean),
            span(each.accuracy, share),
            nano(each.energy.mean),
            span(each.energy, nano),
            NONE if each.right is None else nano(each.right.mean),
            counted(each.energy),
            "yes" if each.is_best else "",
        )
        for each in found
    ]
    return Table(
        name="energy-front",
        caption="Accuracy and energy of every network; not beaten: no other one is at least as "
        "accurate for less, by their means",
        columns=(
            Column("Network"),
            Column("Cost model"),
            Column("Test accuracy %", number=True),
            Column("95 % interval", number=True),
            Column("nJ an inference", number=True),
            Column("95 % interval of nJ", number=True),
            Column("nJ a right answer", number=True),
            Column("n", number=True),
            Column("Not beaten"),
        ),
        rows=tuple(rows),
        heads=2,
    )


def _counted(twin: Twin) -> str:
    """Seeds of the rounded twin, and of the difference where a silent SNN leaves it others."""
    own = counted(twin.accuracy)
    other = own if twin.ahead is None else counted(twin.ahead)
    return own if other == own else f"{own}; beside the SNN {other}"


def twin_table(found: Sequence[Twin]) -> Table:
    """Accuracy of dense twins with few bits, beside themselves and beside the SNN."""
    rows = []
    for each in found:
        weights, activations = each.bits.removeprefix("w").split("a")
        rows.append(
            (
                each.modality,
                weights,
                activations,
                percent(each.accuracy.mean),
                span(each.accuracy, share),
                *difference(each.lost)[:2],
                *difference(each.ahead)[:2],
                _counted(each),
            )
        )
    return Table(
        name="energy-twins",
        caption="The dense twin rounded to few bits after training (3 and 4 bits of activation "
        "carry as much as T = 4 and 8), on the counted test samples",
        columns=(
            Column("Network"),
            Column("Bits of weights", number=True),
            Column("Bits of activations", number=True),
            Column("Accuracy %", number=True),
            Column("95 % interval", number=True),
            Column("Rounding costs pp", number=True),
            Column("95 % interval of the cost", number=True),
            Column("SNN minus twin pp", number=True),
            Column("95 % interval of the difference", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )
