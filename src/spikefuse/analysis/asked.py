"""The answer to "does a second modality help?" for some data, as one document.

What decides is the paired gain of the network of all modalities over the better network of one:
yes where its 95 % interval lies above zero, no where it lies below, else open. As on the report's
first screen it must stand beside the other answers there, after Holm's correction over them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import stdev
from typing import Any, Literal

from spikefuse.analysis.estimates import LEVEL, Estimate
from spikefuse.analysis.gains import BEST, EXPERTS, NETWORKS, Baselines, alone
from spikefuse.analysis.headline import Headline, gain_of, headline
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.table import Table
from spikefuse.analysis.words import FEWEST, level_name, percent, plural, with_interval
from spikefuse.core.errors import InputError
from spikefuse.data.sources.contract import FUSED

FORMAT = "spikefuse ask 1"
FILE = "answer.json"

NETWORK, ROWS_AS = "network", "network_rows"
"""Keys of the record of a run of somebody's own network: its name, and what it is in the rows."""

Reply = Literal["yes", "no", "open"]

_REPLIES: Mapping[int, Reply] = {1: "yes", 0: "open", -1: "no"}
_SAID = {"yes": "Yes", "no": "No", "open": "Open"}


@dataclass(frozen=True)
class Asked:
    """What the networks of one kind answer.

    Attributes:
        network: What the kind is called: "snn", "dnn", or the name of somebody's own module.
        baselines: Every number.
        samples: Test samples that every seed is judged on.
        p_value: Of the gain, after Holm over the answers of the report's first screen; None
            without an interval.
        answers: How many these are.
    """

    network: str
    baselines: Baselines
    samples: int
    p_value: float | None = None
    answers: int = 1

    @property
    def gain(self) -> Estimate | None:
        """Fused minus the better single modality; None where that is not known."""
        return self.baselines.yardsticks[BEST].gain

    @property
    def reply(self) -> Reply:
        """Does the second modality help this kind of network?"""
        if self.gain is None or self.falls:
            return "open"
        return _REPLIES[self.gain.sign]

    @property
    def falls(self) -> bool:
        """Whether the gain leaves zero out by itself and no longer beside the other answers."""
        is_signed = self.gain is not None and self.gain.sign != 0
        return is_signed and self.p_value is not None and self.p_value >= LEVEL

    @property
    def reason(self) -> str:
        """Why there is no gain; empty where there is one."""
        return self.baselines.yardsticks[BEST].reason

    @property
    def sentence(self) -> str:
        """The answer in a sentence."""
        found, name = self.baselines, level_name("network", self.network)
        start = f"{_SAID[self.reply]} for {'the ' if self.network in NETWORKS else ''}{name}"
        if self.gain is None or found.fused is None:
            return f"{start}: {self.reason}."
        many = "both" if len(found.modalities) == 2 else f"all {len(found.modalities)}"
        text = (
            f"{start}: {many} modalities together reach {percent(found.fused.mean)} %, "
            f"{with_interval(self.gain)} against {found.best_modality} alone"
        )
        if self.falls:
            text += (
                f" (p = {self.p_value:.2g} after Holm\u2019s correction over the "
                f"{plural(self.answers, 'answer')} of the report)"
            )
        experts = found.yardsticks[EXPERTS].gain
        if experts is not None:
            text += f", and {with_interval(experts)} against networks trained apart"
        # The page's spaces and minus signs are not for files and terminals.
        return f"{text}.".replace("\u00a0", " ").replace("\u2212", "-").replace("\u2019", "'")


def asked(rows: Iterable[Row], networks: Iterable[str] = NETWORKS) -> dict[str, Asked]:
    """What tidy rows answer, by kind of network; kinds without rows are missing.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    found: Headline = headline(table)
    answers = {}
    for name in networks:
        judged = table.select(network=name, modality=FUSED, split="test")
        samples = [row.get("samples") for row in judged]
        known = [int(float(str(each))) for each in samples if each not in (None, "")]
        if known:
            adjusted = found.adjusted
            p_value = adjusted.get(gain_of(name, BEST))
            count = max(len(adjusted), 1)
            answers[name] = Asked(name, found.baselines[name], min(known), p_value, count)
    return answers


def asked_of(rows: Iterable[Row], name: str, network: str) -> dict[str, Asked]:
    """What the rows of one kind of network answer, under a name of somebody's own.

    Args:
        rows: Tidy rows.
        name: What the network is called.
        network: What it is in the rows.
    """
    found = asked(rows, (network,))
    return {name: replace(found[network], network=name)} if network in found else {}


_POWER = 0.8
"""Of the numbers of seeds that are advised."""


def interval_note(found: Iterable[Asked]) -> str:
    """What the intervals of an answer hold for; empty where nothing was asked.

    Networks whose answers are stored sample by sample have gains that say what other test samples
    would give, see `over_samples`; their accuracies do not, and neither do other networks' gains.
    """
    answers = list(found)
    if not answers:
        return ""
    count = f"{min(each.samples for each in answers):,}"
    seeds = {0 if each.gain is None else len(each.gain.values) for each in answers}
    if seeds == {1}:
        return (
            f"One seed has no interval: each number is of one network, on the same {count} test "
            "samples, and says neither what other seeds nor what other samples would give."
        )
    if seeds == {2}:
        return (
            "Two seeds have no interval: in brackets are the values of both, on the same "
            f"{count} test samples; they do not say what other test samples would give."
        )
    if all(each.gain is not None and each.gain.over for each in answers):
        return (
            "Intervals of gains are over seeds and test samples; those of accuracies are over "
            f"seeds, on the same {count} test samples, and where seeds agree no narrower than so "
            "many allow."
        )
    few = f" (from {FEWEST} seeds on; of two their values)" if seeds & {1, 2} else ""
    return (
        f"Intervals are over seeds{few}, on the same {count} test samples, and where seeds agree "
        "no narrower than so many allow; they do not say what other test samples would give."
    )


def deciding_seeds(gain: Estimate, answers: int = 1) -> tuple[int | None, str]:
    """How many seeds would decide an open answer, and what that rests on, with its range.

    If the true gain and spread are what these seeds show, so many find it in 8 of 10 experiments;
    what few seeds say of the spread is itself a range.

    Args:
        gain: Of the open answer.
        answers: Beside how many it must stand: it is reckoned with as the least p value of them.

    Example:
        >>> seeds, why = deciding_seeds(Estimate({0: 0.01, 1: 0.03, 2: -0.01}, 0.01, -0.04, 0.06))
        >>> seeds, why.rpartition(": ")[2]
        (34, '11 to 1,242 in the 95 % range of the spread')
    """
    values = list(gain.values.values())
    if len(values) < 2:
        return None, "one seed says nothing of the spread: train 2 or more"
    if gain.are_all_silent:
        return None, "in every seed a network is silent, and more of them decide nothing"
    spread = stdev(values)
    if gain.mean == 0.0 or spread == 0.0:
        return None, "the seeds show no difference, or no spread, to reckon with"
    from spikefuse.stats import spread_range

    further = gain.interval.further if gain.interval is not None else None
    confidence = 1.0 - LEVEL / answers
    effect = _left_of(gain.mean, further[0] if further else 0.0, confidence)
    if effect is None:
        return None, (
            "either answer fits these test samples whatever the number of seeds: more of them are "
            "needed"
        )
    needed = _seeds(spread, effect, confidence)
    if needed is None:
        return None, "more than 100,000 at this gain and spread: no number of seeds will do"
    more = len(values) + 1  # than there are: these have not decided
    ends = [_seeds(end, effect, confidence) for end in spread_range(spread, len(values))]
    low, high = ("more than 100,000" if e is None else f"{max(e, more):,}" for e in ends)
    return max(needed, more), (
        "if the true gain and spread are those of these seeds: "
        f"{low} to {high} in the 95 % range of the spread"
    )


def _left_of(effect: float, error: float, confidence: float) -> float | None:
    """The effect that seeds must find, so that what test samples add is allowed for."""
    from spikefuse.stats.special import ndtri

    # So many standard errors a true effect is away from zero where 8 of 10 experiments find it.
    powered = float(ndtri((1.0 + confidence) / 2.0)) + float(ndtri(_POWER))
    left = (effect / powered) ** 2 - error**2
    return math.sqrt(left) * powered if left > 0.0 else None


def _seeds(spread: float, effect: float, confidence: float) -> int | None:
    from spikefuse.stats import seeds_for_effect

    try:
        return seeds_for_effect(spread, effect, wanted_power=_POWER, confidence=confidence)
    except InputError:
        return None


def answer_record(found: Asked) -> dict[str, Any]:
    """The answer of one kind of network as plain JSON values; shares of 1, never NaN."""
    numbers, sticks = found.baselines, found.baselines.yardsticks
    best = numbers.best_modality
    record: dict[str, Any] = {
        "answer": found.reply,
        "sentence": found.sentence,
        FUSED: _accuracy(numbers.fused),
        "best_single": {"modality": best, **(_accuracy(sticks[BEST].accuracy) or {})},
        "product_of_experts": _accuracy(sticks[EXPERTS].accuracy),
        "shuffled": _accuracy(numbers.shuffled.accuracy),
        "single": {name: _accuracy(sticks[alone(name)].accuracy) for name in numbers.modalities},
        "gain_over": {
            "best_single": _number(sticks[BEST].gain),
            "product_of_experts": _number(sticks[EXPERTS].gain),
            "shuffled": _number(numbers.shuffled.gain),
        },
        "p_value": found.p_value,
        "answers": found.answers,
        "test_samples": found.samples,
        "reasons": [
            *(each.reason for each in sticks.values() if each.reason),
            *_silent_reasons(found),
        ],
    }
    if found.reply == "open" and found.gain is not None:
        seeds, why = deciding_seeds(found.gain, found.answers)
        record |= {"seeds_to_decide": seeds, "seeds_to_decide_why": why}
    return record


def _silent_reasons(found: Asked) -> list[str]:
    """Which networks have silent seeds, and what share they are."""
    numbers = found.baselines
    sticks = {name: alone(name) for name in numbers.modalities} | {EXPERTS: EXPERTS}
    accuracies = {FUSED: numbers.fused} | {
        name: numbers.yardsticks[stick].accuracy for name, stick in sticks.items()
    }
    return [f"{name}: {each.note}" for name, each in accuracies.items() if each and each.silent]


def answer_document(
    answers: Mapping[str, Asked], question: str, data: Mapping[str, Any], **further: Any
) -> dict[str, Any]:
    """Everything that was answered, as plain JSON values.

    Args:
        answers: From `asked`; the first one is the answer to the question.
        question: In words.
        data: What the data is and what the checks say of it.
        **further: What else belongs to the run: seeds, effort, command.
    """
    first = next(iter(answers.values()), None)
    return {
        "format": FORMAT,
        "question": question,
        "answer": "open" if first is None else first.reply,
        "networks": {name: answer_record(each) for name, each in answers.items()},
        "data": dict(data),
        **further,
    }


def source_record(name: str) -> dict[str, Any]:
    """What a source says of itself, as `data.own.summary` does for data of one's own.

    Example:
        >>> source_record("builtin")["pairing"]
        'paired by class, not truly paired'
    """
    from spikefuse.data.sources.registry import SOURCES  # who reads a table needs none

    source = SOURCES[name]
    return {
        "name": source.name,
        "banner": source.banner,
        "classes": list(source.classes),
        "pairing": "truly paired" if source.is_paired else "paired by class, not truly paired",
        "modalities": {
            each.name: {"kind": each.kind, "train": each.train, "test": each.test}
            for each in source.modalities
        },
        "remarks": [],
    }


def question_of(title: str, modalities: Iterable[str], network: str = "a spiking network") -> str:
    """What is asked, in words.

    Example:
        >>> question_of("pets", ("sight", "sound"))
        'Do sight and sound together help a spiking network more than one of them? (pets)'
    """
    names = list(modalities)
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Do {listed} together help {network} more than one of them? ({title})"


def _accuracy(found: Estimate | None) -> dict[str, Any] | None:
    """An accuracy, whose interval ends where accuracies do."""
    if found is None or found.low is None or found.high is None:
        return _number(found)
    return _number(replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0)))


def _number(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    ends = [
        None if end is None or not math.isfinite(end) else end for end in (found.low, found.high)
    ]
    record: dict[str, Any] = {"mean": found.mean, "low": ends[0], "high": ends[1], "n": found.n}
    record |= {"over": found.over} if found.over else {}
    # Seeds with a silent network are counted apart: n alone would leave them out in silence.
    return record | {"silent": list(found.silent), "note": found.note} if found.silent else record
