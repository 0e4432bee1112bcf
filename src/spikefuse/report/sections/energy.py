"""Energy: who wins under which cost model and why, what a modality costs, accuracy for energy."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure

from spikefuse.analysis.energy import (
    Duel,
    Energies,
    Firing,
    ModalityCost,
    Point,
    Twin,
    duels,
    firings,
    modality_costs,
    points,
    twins,
)
from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.words import (
    NONE,
    difference,
    interval,
    level_name,
    listing,
    percent,
    span,
    with_interval,
)
from spikefuse.core.errors import StudyError
from spikefuse.data.sources.contract import FUSED
from spikefuse.meters.costs import COST_MODELS
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.fronts import front_chart, name_of, nano
from spikefuse.report.drawing.panels import Tips
from spikefuse.report.drawing.pictures import Picture, draw_picture
from spikefuse.report.reading.sources import Run
from spikefuse.report.section import Key, Section, Shown
from spikefuse.report.tables import Column, Table

_PARTS = {
    "operations": "arithmetic",
    "weights": "reading weights",
    "bias": "reading biases",
    "state": "reading and writing potentials",
    "neurons": "updating neurons",
    "input": "reading inputs",
    "output": "writing outputs",
    "addressing": "addressing",
}
_DRAWN = 2
"""Cost models whose front is drawn: operations alone, and the one that prices most."""


def energy_section(energies: Energies, command: str) -> Section | None:
    """The section; None without any energy of a network."""
    found = duels(energies)
    fronts = {model: points(energies, model) for model in energies.names}
    if not any(fronts.values()):
        return None
    fired = firings(energies)
    costs = modality_costs(energies)
    sentence = energy_sentence(found, fired)
    tables = [duel_table(found)] if found else []
    tables += [modality_table(costs)] if costs else []
    tables += [firing_table(fired)] if fired else []
    rounded = twins(energies)
    tables += [twin_table(rounded)] if rounded else []
    tables += [front_table([p for each in fronts.values() for p in each])]
    return Section(
        name="energy",
        title="Energy: exact counts, priced",
        link="Energy",
        paragraphs=[*([sentence] if sentence else []), *_explained(energies)],
        tables=tuple(Shown(table, open=number == 0) for number, table in enumerate(tables)),
        pictures=_pictures(fronts, energies),
        legend=(
            *(Key(role, theme.GLYPH[role], name) for name, role in _roles(energies).items()),
            Key("", "\u25cb", "hollow: DNN"),
            Key("", "\u2501", "95 % interval"),
        ),
        caption="Test accuracy over the energy of an inference, size, T and fusion varied; the "
        "dashed line joins the networks that no other one here beats in both.",
        command=command,
        wide=True,
    )


def energy_of(run: Run) -> Energies:
    """The energies of a run."""
    return Energies(run.rows, run.energy, run.protocol)


def first_screen(run: Run) -> str:
    """The sentence for the first screen; empty where nothing is known, or rows contradict."""
    if not run.energy:
        return ""
    energies = energy_of(run)
    try:
        return energy_sentence(duels(energies), firings(energies))
    except StudyError:
        return ""  # the section says it


def energy_sentence(found: Sequence[Duel], fired: Sequence[Firing]) -> str:
    """Who wins under which cost model and why, of the joint network if there is one, in a sentence.

    Empty where no spiking network stands beside its twin.
    """
    modality = FUSED if any(each.modality == FUSED for each in found) else ""
    modality = modality or next((each.modality for each in found), "")
    # One precision says it; the table has the others.
    mine = [e for e in found if e.modality == modality and not e.model.endswith("-int8")]
    if not mine:
        return ""
    parts = []
    for winner, words in (
        ("snn", "so the SNN wins"),
        ("dnn", "so the twin wins"),
        ("", "which decides nothing" if mine[0].ratio.n > 1 else "and one seed cannot say"),
    ):
        won = [each for each in mine if each.winner == winner]
        if won:
            parts.append(f"{listing([_under(each) for each in won])}, {words}{_why(won[0])}")
    text = f"Energy of an inference, {modality} SNN over its dense twin: {'; '.join(parts)}."
    ahead = mine[0].ahead
    if ahead is not None:
        text += f" Its test accuracy minus the twin's is {with_interval(ahead)}."
    rate = next((each for each in fired if (each.modality, each.time_steps) == (modality, 4)), None)
    if rate is not None:
        text += (
            f" It fires {percent(rate.rate.mean)}\u00a0% of its neurons at a step; a twin of "
            f"{rate.bits} bits reads as many weight bits at {percent(rate.eight_bit)}\u00a0% with "
            f"8-bit weights and at {percent(rate.matched)}\u00a0% with {rate.bits}-bit weights."
        )
    return text


def _under(duel: Duel) -> str:
    ends = span(duel.ratio, _times)
    told = f"{ends}, " if ends != NONE else ""
    return (
        f"{_times(duel.ratio.mean)} times under {duel.model} ({told}n\u00a0=\u00a0{duel.ratio.n})"
    )


def _why(duel: Duel) -> str:
    """What the spiking network's energy goes to."""
    part, share = duel.largest
    text = (
        f" (under {duel.model} {100 * share:.0f}\u00a0% of its energy is {_PARTS.get(part, part)}"
    )
    if duel.first_layer:
        text += f", and {100 * duel.first_layer:.0f}\u00a0% the first layers, fed at every step"
    return f"{text})"


def _times(value: float) -> str:
    return f"{value:.3g}"


def _explained(energies: Energies) -> list[str]:
    left_out = [
        f"{name} leaves out {COST_MODELS[name].left_out}"
        for name in energies.names
        if name in COST_MODELS
    ]
    return [
        "Operations are counted exactly on the first test samples of each trial and multiplied by "
        "published prices: a product, no measurement. Spikes are added (by their fan-out), real "
        "inputs multiplied (all pairs); layers with the same input at every step count at every "
        "step, as streaming hardware works. Every figure is a mean over seeds of rows of "
        "energy.csv (metrics energy.* and synops.*, columns model, layer and branch).",
        f"Never compare absolute figures of two models: {'; '.join(left_out)}.",
    ]


def _roles(energies: Energies) -> dict[str, str]:
    return theme.roles(energies.modalities)


def _pictures(fronts: Mapping[str, Sequence[Point]], energies: Energies) -> list[Picture]:
    names = list(fronts)
    chosen = dict.fromkeys([names[0], names[-1]][:_DRAWN])
    pictures = []
    for number, model in enumerate(chosen):
        shown = fronts[model]
        best = "; ".join(
            f"{name_of(p.levels)} {percent(p.accuracy.mean)} % for {nano(p.energy.mean)} nJ"
            for p in shown
            if p.is_best
        )
        label = f"Test accuracy over energy under {model}. Not beaten in both: {best}."
        draw = _drawn(shown, _roles(energies))
        pictures.append(draw_picture(draw, f"energy-{number}", label, title=model))
    return pictures


def _drawn(shown: Sequence[Point], roles: Mapping[str, str]) -> Callable[[], tuple[Figure, Tips]]:
    return lambda: front_chart(shown, roles)


def duel_table(found: Sequence[Duel]) -> Table:
    """SNN beside twin, under every model."""
    rows = [
        (
            each.modality,
            each.model,
            nano(each.snn.mean),
            nano(each.once.mean),
            nano(each.dnn.mean),
            _times(each.ratio.mean),
            span(each.ratio, _times),
            str(each.ratio.n),
            {"snn": "SNN", "dnn": "DNN", "": "one seed" if each.ratio.n == 1 else "undecided"}[
                each.winner
            ],
            ", ".join(
                f"{_PARTS.get(part, part)} {100 * share:.0f} %"
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
            str(each.rate.n),
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
            interval(each.accuracy.low, each.accuracy.high),
            nano(each.energy.mean),
            span(each.energy, nano),
            NONE if each.right is None else nano(each.right.mean),
            str(each.energy.n),
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
                interval(each.accuracy.low, each.accuracy.high),
                *difference(each.lost)[:2],
                *difference(each.ahead)[:2],
                str(each.accuracy.n),
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
