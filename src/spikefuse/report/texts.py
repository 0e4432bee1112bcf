"""What the page says around its numbers, for as many modalities and classes as a run has."""

from collections.abc import Sequence
from dataclasses import dataclass

from spikefuse.analysis.figures import MODALITIES as PAPER_MODALITIES
from spikefuse.analysis.table import PAIRED
from spikefuse.analysis.words import FEWEST, better_of, listing, short_percent
from spikefuse.data.sources.contract import FUSED, Modality
from spikefuse.data.sources.registry import DEFAULT, FALLBACK, SOURCES
from spikefuse.report.reading.sources import Run


@dataclass(frozen=True)
class Texts:
    """Sentences of the template, see `texts_of`."""

    question: str
    figures_title: str
    figures: str
    audit: str
    curves: str
    rates: str
    confusion: str
    methods: str
    leak_caption: str
    this_data: str


def is_of_the_paper(modalities: Sequence[str]) -> bool:
    """Whether networks see what the paper's do, so that its claims say something about them."""
    return not modalities or set(modalities) <= set(PAPER_MODALITIES)


def further_of(run: Run) -> Modality | None:
    """The modality that is paired with the leading one, as its source tells it; None if unknown."""
    source = SOURCES.get(run.source or DEFAULT)
    further = source.modalities[1:] if source else ()
    return further[0] if further else None


def noun_of(run: Run) -> str:
    """What the samples are called that a pairing repeats, in the plural."""
    further = further_of(run)
    return further.noun if further else "samples"


def texts_of(run: Run, *, loud: bool) -> Texts:
    """The page's sentences for a run.

    Args:
        run: What is reported.
        loud: Whether its data are other ones than the paper's.
    """
    is_paired, is_paper = run.protocol == PAIRED, is_of_the_paper(run.modalities)
    count = len([name for name in run.modalities if name != FUSED])
    further = "a second modality help" if count <= 2 else "further modalities help"
    more, it = ("does it", "it") if count <= 2 else ("do they", "it")
    rule = "Samples belong together from the start" if is_paired else "split first, paired inside"
    pairing = "paired samples" if is_paired else "disjoint pairing"
    return Texts(
        question=(
            f"{'Does' if count <= 2 else 'Do'} {further} a spiking network, and {more} help {it} "
            "more than a dense one?"
        ),
        figures_title=(
            "The paper\u2019s figures, measured"
            if is_paper
            else "The paper\u2019s experiments on this data"
        ),
        figures=_figures(is_paired, noun_of(run), rule)
        + ("" if is_paper else _of_others(run))
        + (
            " The paper\u2019s values are left out of the drawings, since this is not the "
            "paper\u2019s data."
            if loud and is_paper
            else ""
        ),
        audit=_audit(noun_of(run)),
        curves=(
            "Validation accuracy by epoch, a line a seed; the mark is the epoch whose weights were "
            "kept."
            + (
                ""
                if is_paired
                else " Dashed lines are fused networks under the paper\u2019s pairing."
            )
        ),
        rates=(
            "Spikes per neuron and time step at the kept epoch; a small dot is a seed, the large "
            f"mark their mean. Fused networks are those of the {pairing}."
        ),
        confusion=(
            f"Answers of the default networks (size S, {pairing}) to the test set with the weights "
            "of the best validation epoch, summed over seeds. Right answers have the "
            "modality\u2019s colour, wrong ones grey; intervals are over seeds."
        ),
        methods=_methods(run, count),
        this_data="the embedded data" if run.source == FALLBACK else "this data",
        leak_caption=(
            f"The same network and {noun_of(run)}; only the order of pairing and splitting differs."
        ),
    )


def _figures(is_paired: bool, noun: str, rule: str) -> str:
    if is_paired:
        return (
            f"Every figure stands twice. {rule}, so both readings have the same splits. First by "
            "the paper\u2019s measure, the best validation accuracy of all epochs. Then ours, "
            "accuracy on the untouched test set at the best validation epoch. Both share one axis."
        )
    first = "images and clips" if noun == "clips" else "samples"
    return (
        f"Every figure stands twice. First the paper\u2019s own reading: {first} are paired and "
        "then split, and the best validation accuracy of all epochs counts. Then ours: split "
        "first, paired inside each split, accuracy on the untouched test set at the best "
        "validation epoch. Both share one axis."
    )


def _of_others(run: Run) -> str:
    theirs, seen = (
        listing([name for name in names if name != FUSED])
        for names in (PAPER_MODALITIES, run.modalities)
    )
    return (
        f" The paper\u2019s claims are of {theirs}; these networks see {seen}, so no claim is "
        "judged here."
    )


def _audit(noun: str) -> str:
    one = noun.removesuffix("s")
    new = "speech" if noun == "clips" else noun
    return (
        "How much two splits of one trial have in common, counted from the indices the trial was "
        f"trained on. A {one} that stands in training and validation makes the validation accuracy "
        f"say nothing about new {new}. Pairs that share a {one} are not independent, so the number "
        f"of distinct {noun} is what an accuracy rests on."
    )


def _methods(run: Run, count: int) -> str:
    groups = "speakers" if noun_of(run) == "clips" else "groups"
    chance = "" if run.chance is None else f" Chance is {short_percent(run.chance)}\u00a0%."
    return (
        f"Intervals are 95 % Student-t intervals over seeds, from {FEWEST} seeds on; of two seeds "
        "their values are told. Differences are paired by seed. Intervals "
        "say where the mean of other seeds would fall, and where samples are named beside n also "
        f"that of other test samples, not of other {groups} or other data. Intervals of "
        f"accuracies are cut at 0 and 100 %.{chance} Noise is Gaussian, added at evaluation only; "
        f"values under noise are means over draws. The {better_of(count)} single modality is "
        "chosen by validation accuracy."
    )
