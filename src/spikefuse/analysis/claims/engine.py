"""Judging claims: a pure function from tidy rows to verdicts.

A claim holds when all its parts hold, and a part holds when its quantity lies in its range.

- A part *holds* when its 95 % t interval over seeds (paired by seed where cells share it), made
  wider by what other test samples would give where predictions are kept (no noise, test split),
  lies wholly inside the range, *fails* when wholly outside, and is *undecided* otherwise. For an
  equivalence that is two one-sided tests at 2.5 % each, stricter than the customary 5 %, so that
  the interval a reader sees is the one that decided.
- *Reproduced*: every part holds. Requiring all of them is an intersection-union test: its error is
  at most that of one part, and no correction is due.
- *Contradicted*: some part fails. The more parts, the more chances to fail by accident, so these
  p values are Holm-adjusted over the parts of the claim.
- *Not tested: trained too little*: no part fails, but one that lies outside its range says nothing,
  since its networks were trained less than the paper's and had not settled, or since of two
  modalities the one ahead was trained longer; see `fairness`.
- *Inconclusive*: everything else, and always when a cell is missing, has fewer than 2 seeds, has a
  diverged or unreadable number, or two different numbers for one seed. The reason says which.

No correction is made across claims: each is a question of its own.

Source: R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24,
1982, for the intersection-union test; S. Holm, Scand. J. Stat. 6, 1979.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from spikefuse.analysis.claims.beside import BESIDE, Beside, beside_words, measure_beside
from spikefuse.analysis.claims.catalogue import CLAIMS
from spikefuse.analysis.claims.fairness import doubt
from spikefuse.analysis.claims.observations import Observations, Unavailable, measure
from spikefuse.analysis.claims.prospects import Prospect, prospect
from spikefuse.analysis.claims.rules import Claim, Kind, Part
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.words import percent, signed
from spikefuse.core.checks import one_of, require
from spikefuse.data.splits.protocols import PROTOCOLS
from spikefuse.stats import RangeTest, holm, range_test
from spikefuse.studies.readings import READINGS

Outcome = Literal["reproduced", "contradicted", "not tested: trained too little", "inconclusive"]
PartOutcome = Literal["holds", "fails", "not tested", "undecided"]

NOT_TESTED: Outcome = "not tested: trained too little"
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""Every verdict, in the order in which they are counted."""

SPLITS = ("validation", "test")
POSITIONS = ("before", "after")

DECISION = (
    "Reproduced if the confidence interval over seeds (and test samples, without noise) of every "
    "part lies inside its range, contradicted if that of some part lies outside (Holm over the "
    "parts), else inconclusive. Not tested where a level is missed by networks trained less than "
    "the paper's that had not settled, or where of two modalities the one ahead was trained longer."
)


@dataclass(frozen=True, slots=True)
class PartVerdict:
    """One part of a claim, judged. Numbers are fractions of 1 and None where there is none.

    Attributes:
        words: The quantity.
        kind: Which rule it is.
        wanted: The range in words.
        paper_value: The paper's number for the quantity.
        measured_value: Mean over seeds.
        low: Lower end of the interval.
        high: Upper end.
        n: Number of seeds.
        p_inside: Doubled one-sided p value that the quantity lies inside the range.
        p_outside: The same for outside, Holm-adjusted over the parts of the claim.
        outcome: "holds", "fails", "not tested" (see `fairness`) or "undecided".
        note: What a reader must know besides, or why there is no interval.
        is_accuracy: An accuracy (write %), not a difference (write pp).
        prospect: Of an equivalence that is undecided: what these seeds could have shown.
        values: The number of each seed where there are two: their interval is mostly luck.
    """

    words: str
    kind: Kind
    wanted: str
    paper_value: float | None
    measured_value: float | None
    low: float | None
    high: float | None
    n: int
    p_inside: float | None
    p_outside: float | None
    outcome: PartOutcome
    note: str
    is_accuracy: bool
    prospect: Prospect | None = None
    values: tuple[float, ...] = ()

    def text(self) -> str:
        """The measurement as a reader would say it."""
        if self.measured_value is None:
            return f"{self.words}: not measured, wanted {self.wanted}"
        unit, write = ("%", percent) if self.is_accuracy else ("pp", signed)
        shown = f"{self.words}: {write(self.measured_value)} {unit}"
        if self.values:
            shown += f" ({' and '.join(write(value) for value in self.values)})"
        elif self.low is not None and self.high is not None:
            shown += f" ({write(self.low)} to {write(self.high)})"
        return f"{shown}, n = {self.n}, wanted {self.wanted}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim, judged. Its numbers are those of the part that decided.

    That part is, of a reproduced claim, the one that held by least; of a contradicted one, the one
    that failed most clearly; of one that was not tested, the one furthest outside; of an
    inconclusive one, the first that could not be measured, or else the one furthest from holding.
    `paper_value` is the paper's number for that same part.
    """

    id: str
    figure: int | None
    statement: str
    paper: str
    paper_value: float | None
    measured_value: float | None
    low: float | None
    high: float | None
    n: int
    verdict: Outcome
    rule: str
    reason: str
    protocol: str
    split: str
    noise_position: str
    confidence: float
    decided_by: PartVerdict
    parts: tuple[PartVerdict, ...]
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class _Measured:
    """A part with its numbers, before the parts of a claim are looked at together."""

    part: Part
    value: float | None
    low: float | None
    high: float | None
    n: int
    test: RangeTest | None
    slack: float
    note: str
    prospect: Prospect | None = None
    values: tuple[float, ...] = ()


def evaluate_claims(
    rows: Iterable[Row],
    protocol: str = "disjoint",
    split: str = "test",
    *,
    noise_position: str = "before",
    reading: str | None = None,
    confidence: float = 0.95,
    claims: Sequence[Claim] = CLAIMS,
) -> tuple[Verdict, ...]:
    """Judge the claims on tidy rows.

    The paper's own reading is protocol "paper" with split "validation"; the honest one is
    "disjoint" with "test".

    Args:
        rows: Tidy rows, typed or as text. A column `samples`, the number of samples behind a
            value, is used where all seeds agree exactly; without it 300 are assumed.
        protocol: Pairing protocol.
        split: "validation" (best of all epochs) or "test" (at the best validation epoch).
        noise_position: Where noise stands in the claims whose figures do not say.
        reading: Which reading's rows; the table's own if None, see `Table.reading`.
        confidence: Of the intervals, and 1 - confidence is the level of every decision.
        claims: Which claims.

    Returns:
        One verdict a claim, in order. Missing or unusable rows make it inconclusive.

    Raises:
        InputError: An unknown protocol, split, position or reading, or a confidence outside 0 to 1.
    """
    where = "claims"
    one_of(where, "protocol", protocol, PROTOCOLS)
    one_of(where, "split", split, SPLITS)
    one_of(where, "noise_position", noise_position, POSITIONS)
    if reading is not None:
        one_of(where, "reading", reading, READINGS)
    require(0.0 < confidence < 1.0, where, "confidence", "between 0 and 1", confidence)
    observed = Observations.of(rows, protocol, split, noise_position, reading)
    return tuple(_judge(claim, observed, confidence) for claim in claims)


def _measure_part(part: Part, observed: Observations, confidence: float) -> _Measured:
    try:
        interval, values = measure(observed, part.quantity, confidence)
    except Unavailable as problem:
        return _Measured(part, problem.value, None, None, problem.n, None, math.nan, str(problem))
    test = range_test(interval, part.low, part.high)
    low, high = interval.low, interval.high
    if part.is_accuracy:
        # An accuracy cannot leave 0 to 1, so cutting the interval there leaves out no true value.
        low, high = max(low, 0.0), min(high, 1.0)
    room = min(interval.estimate - part.low, part.high - interval.estimate)
    slack = room / interval.standard_error if interval.standard_error else room
    return _Measured(
        part,
        interval.estimate,
        low,
        high,
        interval.n,
        test,
        slack,
        interval.note,
        prospect(part, interval, observed) if test.inside >= 1.0 - confidence else None,
        values if len(values) == 2 else (),
    )


def _judge(claim: Claim, observed: Observations, confidence: float) -> Verdict:
    measured = [_measure_part(part, observed, confidence) for part in claim.parts]
    # A part without numbers still counts in the family: the claim makes that comparison.
    outside = holm([each.test.outside if each.test else 1.0 for each in measured])
    level = 1.0 - confidence
    parts = tuple(
        _part_verdict(each, p, level, observed) for each, p in zip(measured, outside, strict=True)
    )
    outcome, index = _decide(measured, parts)
    deciding = parts[index]
    beside = measure_beside(BESIDE.get(claim.id, ()), observed, confidence)
    reason = f"{_reason(outcome, parts, deciding)}{beside_words(beside)}"
    return Verdict(
        id=claim.id,
        figure=claim.figure,
        statement=claim.statement,
        paper=claim.paper,
        paper_value=deciding.paper_value,
        measured_value=deciding.measured_value,
        low=deciding.low,
        high=deciding.high,
        n=deciding.n,
        verdict=outcome,
        rule=f"{claim.rule} {DECISION}",
        reason=f"{reason} {_under(claim, observed)}",
        protocol=observed.protocol,
        split=observed.split,
        noise_position=observed.noise_position,
        confidence=confidence,
        decided_by=deciding,
        parts=parts,
        beside=beside,
    )


def _part_verdict(
    measured: _Measured, p_outside: float, level: float, observed: Observations
) -> PartVerdict:
    part, test, note = measured.part, measured.test, measured.note
    outcome: PartOutcome = "undecided"
    if test is not None and test.inside < level:
        outcome = "holds"
    elif test is not None and p_outside < level:
        outcome = "fails"
    elif test is not None and test.outside < level:
        extra = "outside the range, but not after Holm over the parts"
        note = f"{note}; {extra}" if note else extra
    if outcome != "undecided" and measured.value is not None:
        why_not = doubt(part, measured.value, holds=outcome == "holds", observed=observed)
        if why_not:
            outcome, note = "not tested", f"{note}; {why_not}" if note else why_not
    ahead = measured.prospect if outcome == "undecided" else None
    if ahead is not None:
        note = f"{note}; {ahead.words()}" if note else ahead.words()
    return PartVerdict(
        words=part.quantity.words,
        kind=part.kind,
        wanted=part.wanted,
        paper_value=part.paper_value,
        measured_value=measured.value,
        low=measured.low,
        high=measured.high,
        n=measured.n,
        p_inside=test.inside if test else None,
        p_outside=p_outside if test else None,
        outcome=outcome,
        note=note,
        is_accuracy=part.is_accuracy,
        prospect=ahead,
        values=measured.values,
    )


def _decide(measured: Sequence[_Measured], parts: Sequence[PartVerdict]) -> tuple[Outcome, int]:
    """The verdict, and the index of the part that decided it."""
    order = range(len(parts))
    unmeasured = [index for index in order if measured[index].test is None]
    if unmeasured:
        return "inconclusive", unmeasured[0]
    # Slack, in standard errors inside the range, breaks ties between p values that round to 0.
    failed = [index for index in order if parts[index].outcome == "fails"]
    if failed:
        return "contradicted", min(
            failed, key=lambda index: (parts[index].p_outside, measured[index].slack)
        )
    untested = [index for index in order if parts[index].outcome == "not tested"]
    if untested:
        return NOT_TESTED, min(
            untested, key=lambda index: (parts[index].p_outside, measured[index].slack)
        )
    undecided = [index for index in order if parts[index].outcome == "undecided"]
    weakest = max(
        undecided or order, key=lambda index: (parts[index].p_inside, -measured[index].slack)
    )
    return ("inconclusive" if undecided else "reproduced"), weakest


def _reason(outcome: Outcome, parts: Sequence[PartVerdict], deciding: PartVerdict) -> str:
    """Why the verdict is what it is, in one sentence or two."""
    total = len(parts)
    unmeasured = sum(part.p_inside is None for part in parts)
    if unmeasured:
        share = f" ({unmeasured} of {total} parts cannot be measured)" if total > 1 else ""
        return f"{deciding.note}{share}."
    note = f" Note: {deciding.note}." if deciding.note else ""
    if total == 1:
        word = {"holds": "inside", "fails": "outside", "undecided": "across"}
        where = word.get(deciding.outcome) or ("inside" if _is_inside(deciding) else "outside")
        return f"Interval {where} the range: {deciding.text()}.{note}"
    count: Counter[str] = Counter(part.outcome for part in parts)
    told = ", ".join(
        f"{count[name]} {word}"
        for name, word in (
            *(("holds", "hold"), ("fails", "fail")),
            *(("not tested", "not tested"), ("undecided", "undecided")),
        )
        if count[name]
    )
    which = {"reproduced": "closest", "inconclusive": "weakest"}.get(outcome, "clearest")
    return f"Parts: {told}; the {which}: {deciding.text()}.{note}"


def _is_inside(part: PartVerdict) -> bool:
    """Whether a measured part lies in its range rather than outside."""
    return (part.p_inside or 0.0) < (part.p_outside or 0.0)


def _under(claim: Claim, observed: Observations) -> str:
    """The reading that the verdict holds under, as the end of its reason."""
    reading = READINGS[observed.reading]
    noisy = any(cell.noise_std for part in claim.parts for _, cell in part.quantity.terms)
    place = f", noise at {reading.noise_sites} hidden activations" * noisy
    return (
        f"Under the reading {reading.name} ({reading.says}), protocol {observed.protocol}, "
        f"{observed.split} split{place}."
    )
