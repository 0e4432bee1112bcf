"""The answer in words: what the second modality brings, what the controls and the leak say."""

from collections.abc import Mapping

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.gains import BEST, CONTROL_MARGIN, EXPERTS, MEAN, NETWORKS, Control
from spikefuse.analysis.headline import Headline

_LABEL = {"snn": "SNN", "dnn": "DNN"}


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
    if BEST not in found.more:
        return {1: "Yes, it helps the SNN", 0: "Not proved for the SNN", -1: _VERDICTS[-1, 0]}[
            gain.over_best.sign
        ]
    return _VERDICTS[gain.over_best.sign, found.more[BEST].sign]


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
    if dense is None or BEST not in found.more:
        return text + "."
    return (
        f"{text}; the DNN gains {with_interval(dense.over_best)}, so the difference between the "
        f"two gains is {with_interval(found.more[BEST])}."
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
    if MEAN in found.more:
        text += f": {with_interval(found.more[MEAN])} more for the SNN"
    return text + "."


_CONTROL_MEANING = {
    "equal": "equal to it within {margin}\u00a0pp, so an input that says nothing brings nothing",
    "above": "above it, so something besides what the audio says brings accuracy",
    "below": "below it, so a second input without information costs accuracy",
    "undecided": "which does not decide at a margin of {margin}\u00a0pp",
}


def control_sentence(network: str, control: Control) -> str:
    """What the fused network does when its audio says nothing."""
    margin = points(CONTROL_MARGIN, sign=False)
    return (
        f"With audio shuffled between pairs, the fused {_LABEL[network]} stands "
        f"{with_interval(control.difference)} from its image network: "
        f"{_CONTROL_MEANING[control.verdict].format(margin=margin)}."
    )


def answer_over_controls(found: Headline) -> str:
    """The gain over two networks trained apart, and the shuffled control; empty without either."""
    parts = [
        f"the {_LABEL[name]} {with_interval(gain)}"
        for name in NETWORKS
        if (gain := found.gain(name, EXPERTS)) is not None
    ]
    sentences = []
    if parts:
        sentences.append(
            "Over the product of experts, the answers of an image and an audio network trained "
            f"apart and multiplied, joint training brings {' and '.join(parts)}."
        )
    controls = {
        name: each.control for name, each in found.baselines.items() if each.control is not None
    }
    for name in [each for each in NETWORKS if each in controls][:1]:
        sentences.append(control_sentence(name, controls[name]))
    return " ".join(sentences)


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
