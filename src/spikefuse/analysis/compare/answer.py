"""The answer to "A or B?": one sentence first, then every number, for people and for scripts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from spikefuse.analysis.compare.judge import Comparison, compare_series
from spikefuse.analysis.compare.operands import Kind, find_pairs
from spikefuse.analysis.words import signed, span
from spikefuse.core.checks import require
from spikefuse.stats import Interval, holm

FORMAT = "spikefuse compare 1"

Reply = Literal["yes", "no", "open"]


@dataclass(frozen=True)
class Answer:
    """What was asked and what the results say.

    Args:
        a: The first, as it was named.
        b: The second.
        kind: What A and B are.
        split: Which accuracy.
        margin: Differences up to this size count as none; None if not asked.
        confidence: Of the intervals.
        comparisons: One, or one a cell that two folders share.
        refused: Shared cells without fair numbers: label and reason.
    """

    a: str
    b: str
    kind: Kind
    split: str
    margin: float | None
    confidence: float
    comparisons: tuple[Comparison, ...]
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def reply(self) -> Reply:
        """Is A better? With a margin: are the two within it? Of several cells: somewhere, all.

        Without margin "yes" is better in a cell and worse in none, "no" is worse in a cell. With
        one, "yes" is within it in every cell (which needs no correction: all must pass), "no" is
        outside in one.
        """
        if self.margin is None:
            outcomes = {each.outcome for each in self.comparisons}
            if "worse" in outcomes:
                return "no"
            return "yes" if "better" in outcomes else "open"
        places = {each.within for each in self.comparisons}
        if "outside" in places:
            return "no"
        return "yes" if places == {"within"} and not self.refused else "open"

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.kind == "folder":
            return _of_many(self)
        (only,) = self.comparisons
        return sentence_of(only, self.margin)


def answer(
    a: str,
    b: str,
    results: Path,
    *,
    split: str = "test",
    margin_pp: float | None = None,
    confidence: float = 0.95,
) -> Answer:
    """Compare A and B.

    Args:
        a: A cell (`factor=level,...`), a trial or a result folder.
        b: The same kind of thing.
        results: Result folder in which cells and trials are looked up.
        split: "test" or "validation".
        margin_pp: In percentage points of accuracy: are the two within it?
        confidence: Of every interval.

    Raises:
        InputError: A name is unknown, A and B do not compare, or the margin is not in 0 to 100.
        StudyError: A cell has no fair numbers.
        StoreError: A table or trial is damaged.
    """
    sound = margin_pp is None or 0.0 < margin_pp < 100.0
    require(sound, "compare", "--margin", "between 0 and 100 percentage points", margin_pp)
    margin = None if margin_pp is None else margin_pp / 100.0
    pairs = find_pairs(a, b, results, split)
    found = [
        compare_series(first, second, margin=margin, confidence=confidence)
        for first, second in pairs.series
    ]
    return Answer(
        a=a,
        b=b,
        kind=pairs.kind,
        split=split,
        margin=margin,
        confidence=confidence,
        comparisons=_adjusted(found),
        refused=pairs.refused,
    )


def _adjusted(found: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Holm over the comparisons that have a p value; one comparison stays as it is."""
    tested = [i for i, each in enumerate(found) if each.p_value is not None]
    adjusted = holm([found[i].p_value or 0.0 for i in tested])
    changed = dict(zip(tested, adjusted, strict=True))
    return tuple(
        replace(each, p_value=changed[i]) if i in changed else each for i, each in enumerate(found)
    )


def _interval(interval: Interval) -> str:
    return span(interval, signed)


def _how(found: Comparison) -> str:
    """Interval, n and test in brackets: those over clusters where they decide."""
    if found.values:
        both = " and ".join(map(signed, found.values))
        return f"{both}, n = {len(found.values)} {found.unit}{apart(found)}, no test"
    if found.difference is None:
        return "no test"
    level = f"{100 * found.difference.confidence:g} % interval"
    if found.clusters_decide and found.clusters is not None:
        over = found.clusters
        how = "cluster bootstrap" if over.degrees is None else "Student t over their means"
        shown = f"{_interval(over)}, n = {over.n} samples of {found.shared}, {how}"
        return f"{level} {shown} beside {found.test} on {found.difference.n} samples"
    shown = f"{_interval(found.difference)}, n = {found.difference.n} {found.unit}{apart(found)}"
    return f"{level} {shown}, {found.test}"


def apart(found: Comparison) -> str:
    """Behind an n, as `words.apart` has it: how many seeds are not in it."""
    return f", {len(found.silent)} silent" if found.silent else ""


def sentence_of(found: Comparison, margin: float | None) -> str:
    """What one comparison says, in a sentence."""
    gap = f"{signed(found.gap)} pp ({_how(found)})"
    if found.difference is None:
        said = f"Whether {found.a} differs from {found.b} cannot be tested: {gap}"
    elif found.outcome == "undecided":
        said = f"No difference between {found.a} and {found.b} is shown: {gap}"
    else:
        said = f"{found.a} is {found.outcome} than {found.b} by {gap}"
    tested = found.equivalence
    if margin is None or tested is None:
        return f"{said}."
    word = {
        "within": "they are within",
        "outside": "they are not within",
        "undecided": "it is open whether they are within",
    }[found.within or "undecided"]
    level = f"{100 * (1 - 2 * tested.alpha):g} % interval"
    how = f"{level} {signed(tested.low)} to {signed(tested.high)}, two one-sided tests"
    if found.clusters_decide:
        how += f", and the interval over samples of {found.shared}"
    return f"{said}; {word} {100 * margin:g} pp of each other ({how})."


def _of_many(found: Answer) -> str:
    counts = Counter(each.outcome for each in found.comparisons)
    total = len(found.comparisons)
    equal = sum(each.mean_a == each.mean_b for each in found.comparisons)
    said = (
        f"Of {total} shared cells {found.a} is better than {found.b} in {counts['better']} and "
        f"worse in {counts['worse']} (Holm over the comparisons, level "
        f"{1 - found.confidence:.2g}); in {counts['undecided']} no difference is shown"
    )
    said += f", of which {equal} have equal means" if equal else ""
    if found.margin is not None:
        places = Counter(each.within for each in found.comparisons)
        said += (
            f"; {places['within']} are within {100 * found.margin:g} pp of each other, "
            f"{places['outside']} are not"
        )
    if found.refused:
        said += f"; {len(found.refused)} could not be compared"
    return f"{said}."


def answer_document(found: Answer) -> dict[str, Any]:
    """The answer as plain JSON values: numbers are fractions of 1, never NaN."""
    return {
        "format": FORMAT,
        "a": found.a,
        "b": found.b,
        "kind": found.kind,
        "split": found.split,
        "margin": found.margin,
        "confidence": found.confidence,
        "reply": found.reply,
        "sentence": found.sentence,
        "comparisons": [
            {
                "a": each.a,
                "b": each.b,
                "mean_a": each.mean_a,
                "mean_b": each.mean_b,
                "test": each.test,
                "reason": each.reason,
                "n_counts": each.unit,
                "outcome": each.outcome,
                "difference": _record(each.difference),
                "values": list(each.values),
                "silent": list(each.silent),
                "p_value_holm": each.p_value,
                "within": each.within,
                "equivalence": None if each.equivalence is None else asdict(each.equivalence),
                "clip_bootstrap": _record(each.clusters),
                "error_ratio": _record(each.errors),
                "advice": each.advice,
                "notes": list(each.notes),
            }
            for each in found.comparisons
        ],
        "refused": [{"cell": cell, "reason": reason} for cell, reason in found.refused],
    }


def _record(interval: Interval | None) -> dict[str, Any] | None:
    return None if interval is None else asdict(interval)
