"""The census of networks that learn: silent layers by surrogate, initial weights and leak."""

from collections.abc import Sequence

from spikefuse.analysis.census import ENOUGH, USUAL_LEAK, WITHIN, CensusCell, Choice, choose
from spikefuse.analysis.words import listing, percent, plural, points, share, span
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table
from spikefuse.studies.readings import CENSUS_READINGS


def census_section(found: Sequence[CensusCell], command: str) -> Section | None:
    """The census; None where none was taken."""
    if not found:
        return None
    return Section(
        name="census",
        title="Networks that learn",
        link="Census",
        paragraphs=[
            "A silent layer is one that never fires; where its potentials stay a surrogate's width "
            "below the threshold it passes no gradient on either. Here networks with a silent "
            "layer are counted for each surrogate, with initial weights as drawn (plain) and "
            "scaled until every layer fires (calibrated); accuracies are those of the other "
            "networks.",
            chosen_words(choose(found)),
        ],
        tables=(Shown(census_table(found), open=True),),
        command=command,
    )


def chosen_words(choice: Choice) -> str:
    """What the rule takes, and how much it rests on."""
    rule = (
        "The rule: no silent layer in any modality and size, in the leading modality in "
        f"{ENOUGH} seeds; accuracy within {points(WITHIN, sign=False)}\u00a0pp of the best in "
        "each; then the smallest support of the surrogate"
    )
    usual = f"leak {USUAL_LEAK:g}"
    if not choice.compared:
        return f"{rule}. No setting of {usual} was measured in every place."
    if choice.reading is None:
        count = plural(choice.seeds, "seed")
        which = "" if choice.of_all else f" that every place has ({choice.compared})"
        every = f"every setting of {usual}{which}"
        return f"{rule}. Under {every} a network has a silent layer ({count})."
    says = CENSUS_READINGS[choice.reading].says
    short = f"at most {points(choice.shortfall, sign=False)}\u00a0pp below the best"
    wants = {
        f"{ENOUGH} seeds": choice.seeds >= ENOUGH,
        "every modality and their fusion at every size": choice.is_everywhere,
        f"{points(WITHIN, sign=False)}\u00a0pp": choice.is_near,
        f"every setting of {usual} in every place": choice.of_all,
    }
    lacks = [each for each, is_met in wants.items() if not is_met]
    state = f", not final: it wants {listing(lacks)}" if lacks else ""
    return f"{rule}. It takes {says} ({plural(choice.seeds, 'seed')}, {short}{state})."


def census_heading(choice: Choice) -> str:
    """What a run of the census alone says first."""
    if choice.reading is None:
        every = f"Under every setting of leak {USUAL_LEAK:g} a network has a silent layer"
        return every if choice.of_all else "The census does not decide yet"
    says = CENSUS_READINGS[choice.reading].says
    return f"The rule takes {says}" if choice.is_final else "The census does not decide yet"


def census_sentence(found: Sequence[CensusCell]) -> str:
    """How many networks have a silent layer by initial weights, and what the rule takes."""
    counts = []
    for init, told in (("plain", "as drawn"), ("calibrated", "calibrated")):
        cells = [c for c in found if CENSUS_READINGS[c.reading].trial.get("init", "plain") == init]
        if cells:
            silent = sum(len(cell.silent_layer) for cell in cells)
            counts.append(f"{told} {silent} of {sum(cell.seeds for cell in cells):,}")
    return (
        f"Networks with a silent layer: with initial weights {', '.join(counts)}. "
        f"{chosen_words(choose(found))}"
    )


def census_table(found: Sequence[CensusCell]) -> Table:
    """Networks with a silent layer, their share's interval, and the accuracy of the others."""
    from spikefuse.stats import clopper_pearson

    rows = []
    for cell in found:
        affected = clopper_pearson(len(cell.silent_layer), cell.seeds)
        accuracy = cell.accuracy
        rows.append(
            (
                cell.modality,
                cell.size,
                cell.says,
                f"{len(cell.silent_layer)} of {cell.seeds}",
                f"{100 * affected.low:.1f} to {100 * affected.high:.1f}",
                percent(None if accuracy is None else accuracy.mean),
                "" if accuracy is None else span(accuracy, share),
                percent(cell.lowest),
                " ".join(
                    percent(v) for v in (accuracy.values.values() if accuracy is not None else ())
                ),
            )
        )
    return Table(
        name="census",
        caption="Networks with a silent layer, and test accuracy of the others (per cent)",
        columns=(
            Column("Modality"),
            Column("Size"),
            Column("Surrogate, initial weights, leak"),
            Column("With a silent layer", number=True),
            Column("95 % of the share, %", number=True),
            Column("Accuracy", number=True),
            Column("95 % interval", number=True),
            Column("Lowest of all", number=True),
            Column("Every seed that fires", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )
