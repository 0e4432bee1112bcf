"""The answer in words: what the second modality brings, what the controls and the leak say."""

from collections.abc import Mapping
from dataclasses import replace

from spikefuse.analysis.estimates import LEVEL, Estimate
from spikefuse.analysis.gains import (
    BEST,
    CONTROL_MARGIN,
    EXPERTS,
    MEAN,
    NETWORKS,
    TEMPERED,
    Baselines,
)
from spikefuse.analysis.headline import Headline, gain_of
from spikefuse.analysis.pairing_leak import PairingLeak
from spikefuse.analysis.table import PAIRED, Table
from spikefuse.analysis.words import (
    all_of,
    article,
    better_of,
    level_name,
    listing,
    percent,
    plural,
    points,
    under,
    with_interval,
)
from spikefuse.studies.readings import BASE, READINGS
from spikefuse.training import BASE_NETWORK

_SETTINGS = {("init", "plain"): "initial weights as drawn"}
_VERDICTS = {
    (1, 1): "Yes, and the SNN gains more than the DNN",
    (1, 0): "Yes, but not provably more than the DNN",
    (1, -1): "Yes, but the SNN gains less than the DNN",
    (0, 1): "Not proved, though the SNN\u2019s gain exceeds the DNN\u2019s",
    (0, 0): "Not proved: the intervals include zero, or do after Holm\u2019s correction",
    (0, -1): "Not proved, and the SNN gains less than the DNN",
    (-1, 1): "No: it costs the SNN accuracy, though less than the DNN",
    (-1, 0): "No: it costs the SNN accuracy",
    (-1, -1): "No: it costs the SNN accuracy, and the DNN fares better",
}


def verdict(found: Headline, of_studies: str = "") -> str:
    """The answer to the question in a few words, after Holm over the answers of the screen.

    Args:
        found: The numbers.
        of_studies: What other studies answer, for a run without the networks of the headline.
    """
    gain = found.gains.get("snn")
    if gain is None:
        if found.lost("snn"):
            return "Not answered: a seed diverged"
        return of_studies or "Not measured yet"
    if gain.over_best.are_all_silent:
        return "Not answered: in every seed a network is silent"
    if gain.over_best.low is None:
        count = gain.over_best.n
        return "One seed cannot say" if count == 1 else f"{count} seeds cannot say"
    if BEST not in found.more:
        return {1: "Yes, it helps the SNN", 0: "Not proved for the SNN", -1: _VERDICTS[-1, 0]}[
            found.sign(gain_of("snn", BEST))
        ]
    return _VERDICTS[found.sign(gain_of("snn", BEST)), found.sign(gain_of(None, BEST))]


def corrected(found: Headline) -> str:
    """Which answers of the first screen stand beside each other; empty where none has an interval.

    Twelve questions at 5 % each bring a false answer in nearly every second run.
    """
    adjusted = found.adjusted
    if not adjusted:
        return ""
    stand = [f"{name} (p\u00a0=\u00a0{p:.2g})" for name, p in adjusted.items() if p < LEVEL]
    said = f"{len(stand)} of them at 5\u00a0%: {', '.join(stand)}" if stand else "none at 5\u00a0%"
    count = plural(len(adjusted), "answer")
    return (
        f"Over the {count} of this screen about gains, control and leak Holm\u2019s correction "
        f"leaves {said}."
    )


def not_of_the_base(table: Table) -> str:
    """Which networks answer where they are not base networks; empty where all are."""
    told = []
    if table.reading != BASE:
        told.append(f"The networks are of {_reading_words(table.reading)}, not of the base.")
    others: dict[str, list[str]] = {}
    for study in table.levels("study"):
        own = table.reading_of(study)
        is_named = not READINGS.keys().isdisjoint(table.levels("reading", study=study))
        if is_named and own != table.reading:  # a census names all settings by itself
            others.setdefault(own, []).append(study)
    for reading, studies in others.items():
        words = "the base" if reading == BASE else _reading_words(reading)
        told.append(f"Those of {listing(studies)} are of {words}.")
    return " ".join(told)


def _reading_words(reading: str) -> str:
    """Its name, and in what its networks differ from the base network."""
    each = READINGS[reading]
    parts = [
        _SETTINGS.get((key, value), f"{key.replace('_', ' ')} {value}")
        for key, value in each.trial.items()
        if BASE_NETWORK.get(key) != value
    ]
    parts += [f"noise at the {each.noise_sites} activation"] * (each.noise_sites != "all")
    parts += [f"protocol {each.protocol}"] * (each.protocol != "disjoint")
    return f"the reading {reading} ({listing(parts)})"


def _beside(found: Headline, value: Estimate) -> str:
    """A gain behind the first of the screen, which alone names the test samples of all."""
    first = found.gains.get("snn")
    is_told = first is not None and first.over_best.over == value.over
    return with_interval(replace(value, over="") if is_told else value)


def _alone(found: Headline, answer: str) -> str:
    """Behind an interval without zero: that the answer does not stand beside the others."""
    value, p_value = found.answers.get(answer), found.adjusted.get(answer)
    if value is None or p_value is None or not value.sign or found.sign(answer):
        return ""
    side = "above" if value.sign > 0 else "below"
    return (
        f" ({side} zero by itself, not after Holm\u2019s correction, p\u00a0=\u00a0{p_value:.2g})"
    )


def answer(found: Headline, of_studies: str = "") -> str:
    """The gain over the better single modality, SNN against DNN, in one sentence.

    Args:
        found: The numbers.
        of_studies: What other studies answer, for a run without the networks of the headline.
    """
    gain = found.gains.get("snn")
    if gain is None:
        lost = found.lost("snn")
        if of_studies and not lost:
            return of_studies
        why = f": {lost}" if lost else ", so the gain cannot be computed"
        state = "cannot be compared" if lost else "are not all among these results"
        return f"The SNNs of size S {under(found.protocol)} {state}{why}."
    count = len(found.modalities)
    together = f"{all_of(count)} modalities together bring"
    text = (
        f"On untouched test data at size S, {together} the SNN to "
        f"{percent(gain.fused.mean)}\u00a0%, {with_interval(gain.over_best)} over its "
        f"{better_of(count)} single modality, {gain.best_modality}"
        f"{_alone(found, gain_of('snn', BEST))}"
    )
    dense = found.gains.get("dnn")
    if dense is None or BEST not in found.more:
        lost = found.lost("dnn")
        return f"{text}; the DNN has no gain to compare: {lost}." if lost else f"{text}."
    return (
        f"{text}; the DNN\u2019s gain is {_beside(found, dense.over_best)}"
        f"{_alone(found, gain_of('dnn', BEST))}, so the difference between the two gains is "
        f"{_beside(found, found.more[BEST])}{_alone(found, gain_of(None, BEST))}."
    )


def answer_over_mean(found: Headline) -> str:
    """The paper's own yardstick: the gain over the mean of the single modalities."""
    parts = [
        f"{level_name('network', name)} {_beside(found, found.gains[name].over_mean)}"
        for name in NETWORKS
        if name in found.gains
    ]
    if not parts:
        return ""
    text = (
        f"By the paper\u2019s yardstick, the mean of {all_of(len(found.modalities))} single "
        f"modalities, the gain is {' and '.join(parts)}"
    )
    if MEAN in found.more:
        text += f": {_beside(found, found.more[MEAN])} more for the SNN"
    return text + "."


_CONTROL_MEANING = {
    "equal": "equal to it within {margin}\u00a0pp, so an input that says nothing brings nothing",
    "above": "above it, so something besides what the {further} says brings accuracy",
    "below": "below it, so {input} without information costs accuracy",
    "undecided": "which does not decide at a margin of {margin}\u00a0pp",
}
_CONTROL_ALONE = "{verdict} it by itself, though not after Holm\u2019s correction"


def control_sentence(found: Baselines, screen: Headline | None = None) -> str:
    """What the fused network does when its further modalities say nothing; empty if not known.

    Args:
        found: Every yardstick of the network.
        screen: Beside whose first answer it stands; None where it stands alone.
    """
    control, name = found.control, level_name("network", found.network)
    if control is None:
        reason = found.shuffled.reason if found.shuffled.diverged else ""
        return f"The control of the fused {name} has no answer: {reason}." if reason else ""
    further = listing(found.modalities[1:])
    words = _CONTROL_MEANING[control.verdict]
    is_signed = control.verdict in ("above", "below")
    if screen is not None and is_signed and not screen.sign(f"{found.network.upper()} control"):
        words = _CONTROL_ALONE
    meaning = words.format(
        verdict=control.verdict,
        margin=points(CONTROL_MARGIN, sign=False),
        further=further,
        input="a second input" if len(found.modalities) == 2 else "further input",
    )
    stands = _beside(screen, control.difference) if screen else with_interval(control.difference)
    return (
        f"With {further} shuffled between pairs, the fused {name} stands "
        f"{stands} from its {found.modalities[0]} network: {meaning}."
    )


def answer_over_controls(found: Headline) -> str:
    """The gain over networks trained apart, and the shuffled control; empty without either."""
    parts = [
        f"the {level_name('network', name)} {_beside(found, gain)}"
        for name in NETWORKS
        if (gain := found.gain(name, EXPERTS)) is not None
    ]
    sentences = []
    if parts:
        experts = listing([f"{article(name)} {name}" for name in found.modalities])
        sentences.append(
            f"Over the product of experts, the answers of {experts} network trained "
            f"apart and multiplied, joint training brings {' and '.join(parts)}."
        )
    tempered = [
        f"the {level_name('network', name)} {_beside(found, gain)}"
        for name in NETWORKS
        if (gain := found.gain(name, TEMPERED)) is not None
    ]
    if tempered:
        sentences.append(
            "With each expert\u2019s probabilities at the temperature that fits its validation "
            f"samples, it is {' and '.join(tempered)}."
        )
    said = (
        control_sentence(found.baselines[name], found)
        for name in NETWORKS
        if name in found.baselines
    )
    first = next((sentence for sentence in said if sentence), "")
    return " ".join([*sentences, *filter(None, [first])])


def leak_sentence(found: Headline, shared: Mapping[str, float], noun: str = "clips") -> str:
    """The pairing leak in one sentence.

    Args:
        found: The headline.
        shared: Share of validation clips that training holds too, by protocol; may be empty.
        noun: What is repeated, in the plural.
    """
    if found.protocol == PAIRED:
        return (
            "The samples belong together from the start and are split together, so no pairing "
            "puts a sample on two sides: there is nothing to leak."
        )
    if not found.leaks:
        return (
            "The fused networks of size S are not stored under both pairings, "
            "so the leak cannot be computed."
        )
    leak = found.leaks.get("snn") or next(iter(found.leaks.values()))
    if leak.paper is None or leak.disjoint is None or leak.difference is None:
        return f"What the leak is worth cannot be computed: {leak.reason}."
    audit = ""
    if "paper" in shared and "disjoint" in shared:
        audit = (
            f" ({100 * shared['paper']:.0f}\u00a0% of its validation {noun} are training {noun}, "
            f"against {100 * shared['disjoint']:.0f}\u00a0%)"
        )
    one = noun.removesuffix("s")
    before, after = (f"{percent(each.mean)}\u00a0%" for each in (leak.paper, leak.disjoint))
    name = level_name("network", leak.network)
    return (
        f"The paper pairs first and splits afterwards{audit}: the fused {name} "
        f"then validates at {before}, and at {after} once no {one} stands on both sides, "
        f"so the leak is worth {with_interval(leak.difference)}{_matched(leak, noun)}."
    )


def _matched(leak: PairingLeak, noun: str) -> str:
    """The same with as many distinct samples in training, or that it is not the leak alone."""
    if leak.matched is None:
        return f", together with what the other number of distinct {noun} in training brings"
    return f"; with as many distinct {noun} in training, {with_interval(leak.matched)}"
