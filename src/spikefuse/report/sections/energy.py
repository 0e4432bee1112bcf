"""Energy: who wins under which cost model and why, what a modality costs, accuracy for energy."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure

from spikefuse.analysis.energy import (
    Duel,
    Energies,
    Firing,
    Point,
    duels,
    firings,
    modality_costs,
    points,
    twins,
)
from spikefuse.analysis.words import NONE, counted, listing, percent, span, with_interval
from spikefuse.core.errors import StudyError
from spikefuse.data.sources.contract import FUSED
from spikefuse.meters.costs import COST_MODELS
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.fronts import front_chart, name_of, nano
from spikefuse.report.drawing.panels import Tips
from spikefuse.report.drawing.pictures import Picture, draw_picture
from spikefuse.report.energy_tables import (
    PARTS,
    duel_table,
    firing_table,
    front_table,
    modality_table,
    times,
    twin_table,
)
from spikefuse.report.reading.sources import Run
from spikefuse.report.section import Key, Section, Shown, interval_keys

_DRAWN = 2
"""Cost models whose front is drawn: operations alone, and the one that prices most."""


def energy_section(energies: Energies, command: str) -> Section | None:
    """The section; None without any energy of a network."""
    if not energies.names:
        return None
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
            *interval_keys(p.accuracy.n for each in fronts.values() for p in each),
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
    """Who spends less, under which cost model and why, in a sentence: of the joint network if any.

    Empty where no spiking network stands beside its twin.
    """
    modality = FUSED if any(each.modality == FUSED for each in found) else ""
    modality = modality or next((each.modality for each in found), "")
    # One precision says it; the table has the others.
    mine = [e for e in found if e.modality == modality and not e.model.endswith("-int8")]
    if not mine:
        return ""
    parts, n = [], mine[0].ratio.n
    # Two seeds are no test: what both say is told as that.
    how = "so the {} spends less" if n > 2 else "the {} spends less in both seeds, which is no test"
    for winner, words in (
        ("snn", how.format("SNN")),
        ("dnn", how.format("twin")),
        ("", "which decides nothing" if n > 1 else "and one seed cannot say"),
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
    ends = span(duel.ratio, times)
    told = f"{ends}, " if ends != NONE else ""
    count = f"n\u00a0=\u00a0{counted(duel.ratio)}"
    return f"{times(duel.ratio.mean)} times under {duel.model} ({told}{count})"


def _why(duel: Duel) -> str:
    """What the spiking network's energy goes to."""
    part, share = duel.largest
    text = f" (under {duel.model} {100 * share:.0f}\u00a0% of its energy is {PARTS.get(part, part)}"
    if duel.first_layer:
        text += f", and {100 * duel.first_layer:.0f}\u00a0% the first layers, fed at every step"
    return f"{text})"


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
