"""The answer in a sentence: what the second modality brings, and what the leak is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spikefuse.studies.gains import BEST, MEAN, NETWORKS, Baselines, baselines, gain_differences
from spikefuse.studies.rows import METRIC, Level, Row, seed_values, select
from spikefuse.studies.seeds import Estimate as Estimate
from spikefuse.studies.seeds import estimate, minus

_LABEL = {"snn": "SNN", "dnn": "DNN"}


@dataclass(frozen=True)
class Gain:
    """What the fused network of one kind gains over single modalities at size S."""

    network: str
    fused: Estimate
    best_modality: str
    best: Estimate
    over_best: Estimate
    over_mean: Estimate


@dataclass(frozen=True)
class Leak:
    """Validation accuracy of the fused network at size S under both pairings."""

    network: str
    paper: Estimate
    disjoint: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Headline:
    """Everything the first screen says in numbers; a part without data is missing or None."""

    gains: Mapping[str, Gain]
    more_for_snn: Estimate | None
    more_for_snn_over_mean: Estimate | None
    leaks: Mapping[str, Leak]


def _cell(
    rows: Sequence[Row], network: str, modality: str, protocol: str, split: str
) -> dict[int, float]:
    where: dict[str, Level] = {
        "study": "model-size",
        "metric": METRIC,
        "size": "S",
        "noise_std": 0.0,
        "network": network,
        "modality": modality,
        "protocol": protocol,
        "split": split,
    }
    return seed_values(select(rows, where), f"{network} {modality} at S")


def _gain(found: Baselines) -> Gain | None:
    best, mean = found.yardsticks[BEST], found.yardsticks[MEAN]
    if found.fused is None or found.best_modality is None or best.accuracy is None:
        return None
    if best.gain is None or mean.gain is None:
        return None
    return Gain(
        found.network, found.fused, found.best_modality, best.accuracy, best.gain, mean.gain
    )


def _leak(rows: Sequence[Row], network: str) -> Leak | None:
    paper = _cell(rows, network, "fused", "paper", "validation")
    disjoint = _cell(rows, network, "fused", "disjoint", "validation")
    first, second = estimate(paper), estimate(disjoint)
    difference = estimate(minus(paper, disjoint))
    if first is None or second is None or difference is None:
        return None
    return Leak(network, first, second, difference)


def headline(rows: Sequence[Row]) -> Headline:
    """Gains, their difference between SNN and DNN, and the leak, from tidy rows.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    found = {name: baselines(rows, name) for name in NETWORKS}
    gains = {name: gain for name in NETWORKS if (gain := _gain(found[name])) is not None}
    leaks = {name: leak for name in NETWORKS if (leak := _leak(rows, name)) is not None}
    more = gain_differences(found["snn"], found["dnn"]) if len(gains) == 2 else {}
    return Headline(gains, more.get(BEST), more.get(MEAN), leaks)


def points(share: float, *, sign: bool = True) -> str:
    """A difference of shares in percentage points, with a true minus sign."""
    text = f"{100 * share:+.2f}" if sign else f"{100 * share:.2f}"
    return "0.00" if text in ("-0.00", "+0.00") else text.replace("-", "\u2212")


def with_interval(value: Estimate) -> str:
    """`+0.62 pp (95 % interval +0.41 to +0.83, n = 5)`, with spaces that do not break."""
    number = f"{points(value.mean)}\u00a0pp"
    count = f"n\u00a0=\u00a0{value.n}"
    if value.low is None or value.high is None:
        return f"{number} ({count}, too few for an interval)"
    ends = f"{points(value.low)}\u00a0to\u00a0{points(value.high)}"
    return f"{number} (95\u00a0% interval {ends}, {count})"


_VERDICTS = {
    (1, 1): "Yes, and the SNN gains more than the DNN",
    (1, 0): "Yes, but not provably more than the DNN",
    (1, -1): "Yes, but the SNN gains less than the DNN",
    (0, 1): "Not proved, though the SNN\u2019s gain exceeds the DNN\u2019s",
    (0, 0): "Not proved: the intervals include zero",
    (0, -1): "Not proved, and the SNN gains less than the DNN",
    (-1, 1): "No: it costs the SNN accuracy, though less than the DNN",
    (-1, 0): "No: it costs the SNN accuracy",
    (-1, -1): "No: it costs the SNN accuracy, and more than the DNN",
}


def verdict(found: Headline) -> str:
    """The answer to the question in a few words, decided by the intervals alone."""
    gain = found.gains.get("snn")
    if gain is None:
        return "Not measured yet"
    if gain.over_best.low is None:
        return "One seed cannot say"
    if found.more_for_snn is None:
        return {1: "Yes, it helps the SNN", 0: "Not proved for the SNN", -1: _VERDICTS[-1, 0]}[
            gain.over_best.sign
        ]
    return _VERDICTS[gain.over_best.sign, found.more_for_snn.sign]


def answer(found: Headline) -> str:
    """The gain over the better single modality, SNN against DNN, in one sentence."""
    gain = found.gains.get("snn")
    if gain is None:
        return (
            "The three SNNs of size S under the disjoint pairing are not all finished, "
            "so the gain cannot be computed."
        )
    text = (
        f"On untouched test data at size S, both modalities together bring the SNN to "
        f"{100 * gain.fused.mean:.2f}\u00a0%, {with_interval(gain.over_best)} over its better "
        f"single modality, {gain.best_modality}"
    )
    dense = found.gains.get("dnn")
    if dense is None or found.more_for_snn is None:
        return text + "."
    return (
        f"{text}; the DNN gains {with_interval(dense.over_best)}, so the difference between the "
        f"two gains is {with_interval(found.more_for_snn)}."
    )


def answer_over_mean(found: Headline) -> str:
    """The paper's own yardstick: the gain over the mean of both single modalities."""
    parts = [
        f"{_LABEL[name]} {with_interval(found.gains[name].over_mean)}"
        for name in NETWORKS
        if name in found.gains
    ]
    if not parts:
        return ""
    text = (
        "By the paper\u2019s yardstick, the mean of both single modalities, the gain is "
        f"{' and '.join(parts)}"
    )
    if found.more_for_snn_over_mean is not None:
        text += f": {with_interval(found.more_for_snn_over_mean)} more for the SNN"
    return text + "."


def leak_sentence(found: Headline, shared: Mapping[str, float]) -> str:
    """The leak in one sentence.

    Args:
        found: The headline.
        shared: Share of validation clips that training holds too, by protocol; may be empty.
    """
    if not found.leaks:
        return (
            "The fused networks of size S are not finished under both pairings, "
            "so the leak cannot be computed."
        )
    leak = found.leaks.get("snn") or next(iter(found.leaks.values()))
    audit = ""
    if "paper" in shared and "disjoint" in shared:
        audit = (
            f" ({100 * shared['paper']:.0f}\u00a0% of its validation clips are training clips, "
            f"against {100 * shared['disjoint']:.0f}\u00a0%)"
        )
    before, after = (f"{100 * each.mean:.2f}\u00a0%" for each in (leak.paper, leak.disjoint))
    return (
        f"The paper pairs first and splits afterwards{audit}: the fused {_LABEL[leak.network]} "
        f"then validates at {before}, and at {after} once no clip stands on both sides, "
        f"so the leak is worth {with_interval(leak.difference)}."
    )
